"""Failures that people reported in public, and what SageWatch says of them."""

import pytest

from sagewatch.failures.rules import RULES
from tests.corpus.reading import answer, cases, load, mistakes, rule_of

# What stays wrong: a batch that is larger than the data is a hyperparameter to us, and was data to who judged the text.
_KNOWN = {"images-fewer-than-batch": {"class"}}


@pytest.mark.parametrize("name", cases())
def test_a_failure_gets_its_error_its_step_and_shows_no_secret(name: str) -> None:
    """A new case is a new file in ``tests/corpus/cases``."""
    case = load(name)

    assert mistakes(case, answer(case)).keys() == _KNOWN.get(name, set())


def test_each_rule_is_selected_by_a_case_and_seen_where_it_says() -> None:
    """A rule that no report needs is a guess; its link is the source of a case, or a page of AWS."""
    corpus = [load(name) for name in cases()]
    sources = {case["source"] for case in corpus}
    selected = {rule_of(case).name for case in corpus}

    assert [rule.name for rule in RULES if rule.name not in selected] == []
    assert [
        rule.seen
        for rule in RULES
        if rule.seen not in sources and not rule.seen.startswith("https://docs.aws.amazon.com/")
    ] == []


def test_the_corpus_is_large_and_each_case_names_its_source() -> None:
    """At least 120 cases beyond those that the first study found."""
    corpus = {name: load(name) for name in cases()}
    linked = [name for name, case in corpus.items() if case["source"].startswith("https://")]

    assert len(linked) >= 160
    assert {"class", "step", "line", "hidden"} >= {name for case in corpus.values() for name in case["expect"]}
