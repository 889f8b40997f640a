"""Finds the words that make text hard to read: in docstrings, comments, messages, the template and the pages.

    python -m tools.prose . ../sagewatch-before

prints, for each tree, the share of docstring first lines with such a word, and the passages to rewrite.
"""

import argparse
import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# They hide who does what: a sentence with one of them has to be read twice.
WORDS = (
    *("told", "tells", "stands", "anew", "somebody", "nobody", "whoever", "likewise", "nevertheless", "beside"),
    *("dear", "owes", "heard", "goes on", "comes to"),
)
# The field has a word of its own for each of these.
PRIVATE_WORDS = (
    *("dearer", "dearest", "dearly", "owe", "owed", "bury", "buried", "buries", "rung", "rungs", "errand", "errands"),
    *(
        "tell of",
        "told of",
        "tells of",
        "at rest",
        "taken back",
        "to know of",
        "nobody can tell",
        "watches only",
        "go on",
    ),
    *("gone on", "hear of", "hears of", "no word", "said to be", "much the same"),
)
PRODUCT = ("shared/sagewatch", "functions")
PYTHON = ("shared", "functions", "tools", "local", "bench", "tests", "charts")
_EMPTY = re.compile(
    r"(see (the )?`{1,2}[\w. ()]+`{1,2}|keep (the )?(client|table|endpoint|sentence)[\w' ,]*)\.?",
    re.IGNORECASE,
)
_STORED = frozenset({"ADD told :milestones"})  # attributes that rows of earlier releases have
_LISTED_IN = ("tools/prose.py", "tools/structure.py")


class Part(StrEnum):
    """Where in a tree a passage is."""

    FIRST_LINE = "first line of a docstring"
    DOCSTRING = "docstring"
    COMMENT = "comment"
    TEXT = "text"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text a person reads, with its place."""

    place: str
    part: Part
    text: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words in it that house style replaces."""
        return words_in(self.text, WORDS if self.part is Part.FIRST_LINE else (*WORDS, *PRIVATE_WORDS))

    def __str__(self) -> str:
        """One line to print."""
        return (
            f"{self.place}: {self.part}: {', '.join(self.words) or 'says nothing'}: {' '.join(self.text.split())[:160]}"
        )


def words_in(text: str, words: Sequence[str] = WORDS) -> tuple[str, ...]:
    """The words that occur in a text, outside code style, whole and whatever their case."""
    plain = " ".join(re.findall(r"[a-z]+", re.sub(r"(`+)[^`]*\1", " ", text.lower().replace("_", "")))).join("  ")
    return tuple(word for word in words if f" {word} " in plain)


def says_nothing(docstring: str) -> bool:
    """Whether a docstring only points elsewhere or repeats its signature."""
    return _EMPTY.fullmatch(" ".join(docstring.split())) is not None


def docstrings(root: Path, folders: Sequence[str] = PYTHON) -> Iterator[Passage]:
    """Every docstring as written, with its place."""
    for path in _python(root, folders):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node)
                if text:
                    yield Passage(f"{path.relative_to(root)}:{getattr(node, 'lineno', 1)}", Part.DOCSTRING, text)


def first_lines(root: Path, folders: Sequence[str] = PYTHON) -> Iterator[Passage]:
    """The first line of every docstring."""
    for passage in docstrings(root, folders):
        yield Passage(passage.place, Part.FIRST_LINE, passage.text.splitlines()[0])


def comments(root: Path, folders: Sequence[str] = PYTHON) -> Iterator[Passage]:
    """Every comment in the code; those in blocks line by line."""
    for path in _python(root, folders):
        code = io.StringIO(path.read_text(encoding="utf-8"))
        for token in tokenize.generate_tokens(code.readline):
            if token.type == tokenize.COMMENT:
                yield Passage(f"{path.relative_to(root)}:{token.start[0]}", Part.COMMENT, token.string)


def texts(root: Path, folders: Sequence[str]) -> Iterator[Passage]:
    """Every string in the code that may be shown: messages, log lines, help texts; those with a space."""
    for path in _python(root, folders):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) and id(node) not in bare else None
            if isinstance(text, str) and " " in text and text not in _STORED:
                yield Passage(f"{path.relative_to(root)}:{getattr(node, 'lineno', 1)}", Part.TEXT, text)


def pages(root: Path) -> Iterator[Passage]:
    """Every line of the documentation, the template, the Makefile and the settings, without code blocks."""
    named = (
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "template.yaml",
        "Makefile",
        "pyproject.toml",
    )
    found = [*(root / name for name in named), *(root / "docs").glob("*.md"), *(root / ".github").rglob("*.md")]
    more = [*(root / ".github").rglob("*.yml"), *(root / "events").glob("*.md"), *(root / "prices").glob("*.md")]
    for path in sorted(path for path in (*found, *more) if path.exists()):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield Passage(f"{path.relative_to(root)}:{number}", Part.PAGE, line)


def to_rewrite(root: Path) -> Iterator[Passage]:
    """The passages with a word that house style replaces, and the docstrings that say nothing."""
    for passage in docstrings(root):
        if passage.words or says_nothing(passage.text):
            yield passage
    shown = tuple(folder for folder in PYTHON if folder != "tests")
    yield from (passage for passage in (*comments(root), *texts(root, shown), *pages(root)) if passage.words)


def share(passages: Sequence[Passage]) -> str:
    """How many of them have a hard word, as `12 of 345 (3.5%)`."""
    hard = sum(bool(words_in(passage.text)) for passage in passages)
    return f"{hard} of {len(passages):,} ({hard / max(1, len(passages)):.1%})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the shares and the passages."""
    parser = argparse.ArgumentParser(description="Find words that make text hard to read.")
    parser.add_argument("trees", nargs="+", type=Path, help="folders with a checkout")
    parser.add_argument("--shares", action="store_true", help="print the shares only")
    given = parser.parse_args(arguments)
    for tree in given.trees:
        print(f"{tree}: docstring first lines with a hard word: product {share([*first_lines(tree, PRODUCT)])}", end="")
        print(f", whole tree {share([*first_lines(tree)])}")
        print("" if given.shares else "\n".join(map(str, to_rewrite(tree))))


def _python(root: Path, folders: Sequence[str]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            if path.relative_to(root).as_posix() not in _LISTED_IN:
                yield path


if __name__ == "__main__":
    main()
