"""Docstrings, comments, messages and pages use plain words; a docstring says something."""

from pathlib import Path

import pytest

from tools.prose import PRODUCT, Part, first_lines, says_nothing, to_rewrite, words_in

ROOT = Path(__file__).parent.parent.parent


def test_no_docstring_of_the_product_begins_with_a_hard_word() -> None:
    """The first line is what editors show."""
    assert [str(passage) for passage in first_lines(ROOT, PRODUCT) if passage.words] == []


def test_under_one_per_cent_of_all_first_lines_have_a_hard_word() -> None:
    """Tools, the local cloud and tests included."""
    lines = list(first_lines(ROOT))
    hard = [str(passage) for passage in lines if passage.words]

    assert len(hard) < len(lines) / 100, "\n".join(hard)


def test_no_passage_is_to_be_rewritten() -> None:
    """Not in a module's heading, a comment, a message, a help text, the template or the documentation."""
    assert [str(passage) for passage in to_rewrite(ROOT)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""What people are told."""', {Part.DOCSTRING}),
        ('"""Whoever\nstands."""', {Part.DOCSTRING}),
        ('"""Sends alerts."""\n# nobody reads it', {Part.COMMENT}),
        ('"""Sends alerts."""\nlog = "somebody else was faster"', {Part.TEXT}),
        ('"""Sends alerts."""\nlog = f"it comes to {log}"', {Part.TEXT}),
        ('"""See ``Ledger.put``."""', {Part.DOCSTRING}),
        ('"""Sends outstanding alerts."""\n# as the beneficiary asks\nlog = "told"', set()),
    ],
)
def test_the_check_finds_a_passage(tmp_path: Path, source: str, found: set[Part]) -> None:
    """Wherever it is, and only as a whole word. A name without a blank is no passage."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "module.py").write_text(source, encoding="utf-8")

    assert {passage.part for passage in to_rewrite(tmp_path)} == found


def test_the_check_reads_the_template_and_the_pages(tmp_path: Path) -> None:
    """Line by line."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "idle.md").write_text("Idle notebooks\n\nNobody can tell.\n", encoding="utf-8")
    (tmp_path / "template.yaml").write_text("Description: What people are told\n", encoding="utf-8")

    assert [passage.place for passage in to_rewrite(tmp_path)] == ["docs/idle.md:3", "template.yaml:1"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Return what people are told of.", ("told",)),
        ("What a month comes to.", ("comes to",)),
        ("The oldest stands.", ("stands",)),
        ("Return the total of a month.", ()),
        ("Standard outputs come today.", ()),
        ("Return ``told``.", ()),
    ],
)
def test_whole_words_outside_code_count(line: str, words: tuple[str, ...]) -> None:
    """A word inside another one does not, and neither does a name in code style."""
    assert words_in(line) == words


@pytest.mark.parametrize(
    ("docstring", "empty"),
    [
        ("See ``Ledger.put``.", True),
        ("Keep the client and the table's name.", True),
        ("See ``Ledger.put``. Both items are written in one transaction.", False),
        ("Return the counters that are not 0.", False),
    ],
)
def test_a_docstring_that_only_points_elsewhere_says_nothing(docstring: str, *, empty: bool) -> None:
    """An override needs none at all."""
    assert says_nothing(docstring) is empty
