"""Failures that people reported in public, and what SageWatch says of them."""

import pytest

from tests.corpus.reading import answer, cases, faults, load

# What stays wrong: a batch that is larger than the data is a hyperparameter to us, and was data to who judged the text.
_KNOWN = {"images-fewer-than-batch": {"class"}}


@pytest.mark.parametrize("name", cases())
def test_a_failure_gets_its_error_its_step_and_shows_no_secret(name: str) -> None:
    """A new case is a new file in ``tests/corpus/cases``."""
    case = load(name)

    assert faults(case, answer(case)).keys() == _KNOWN.get(name, set())
