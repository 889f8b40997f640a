"""What people have looked at and SageWatch does not read: ``reviewed.txt``, one path a line, ``#`` says why."""

from collections.abc import Iterator
from importlib.resources import files


def reviewed() -> frozenset[str]:
    """Every path on the list."""
    return frozenset(path for path, _ in _lines())


def newer_than_pinned() -> frozenset[str]:
    """The paths that only a newer botocore than the pinned one has: their comment says since which."""
    return frozenset(path for path, why in _lines() if why.startswith("since botocore"))


def _lines() -> Iterator[tuple[str, str]]:
    for line in files(__package__).joinpath("reviewed.txt").read_text(encoding="utf-8").splitlines():
        path, _, why = (part.strip() for part in line.partition("#"))
        if path:
            yield path, why
