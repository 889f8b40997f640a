"""Find the writer of each line: ranks, hosts and processes that share one stream prefix their lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sagewatch.patterns import lazy_pattern

_PREFIX = lazy_pattern(
    r"^(?:\[\d+,(?:mpirank:)?\d+(?:,[\w.-]+)?\]<std(?:err|out)>:"  # mpirun --tag-output
    r"|\[?rank[ _:]?\d+\]?[:|]\s?|\[default\d+\]:\s?"  # torch.distributed, torchrun
    r"|\([\w.<>,() -]{1,80}?pid=\d+(?:, ip=[\d.]+)?\)\s?"  # Ray
    r"|\[?algo-\d+\]?\s?[|:]\s|\[algo-\d+\]\s"  # docker compose in local mode
    r"|\[\d{4}-\d\d-\d\d[T ][\d:.,+Z-]+\]\s(?=Traceback|\s|[\w.]+Error)"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d+Z?\s(?=Traceback| {2,}\S|[\w.]+(?:Error|Exception)[: ])"  # a prefix on each line
    r"|\[?(?:worker|node|gpu|proc|process)[ _-]?\d+\]?\s?[:|]\s?)+"
)
_ANY = lazy_pattern(r"^(?P<prefix>.{1,80}?)(?=Traceback \(most recent call last\))")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one writer; ``number`` is its place in the stream."""

    number: int
    writer: str
    text: str


def separate(lines: Sequence[str]) -> list[Line]:
    """Split each line into its writer's prefix and its text.

    An unknown prefix counts if more than one line has it and a traceback begins right after it.
    """
    own = _own_prefixes(lines)
    return [_line(number, text, own) for number, text in enumerate(lines)]


def _own_prefixes(lines: Sequence[str]) -> tuple[str, ...]:
    prefixes = {found["prefix"] for found in map(_ANY.match, lines) if found}
    return tuple(prefix for prefix in prefixes if sum(line.startswith(prefix) for line in lines) > 1)


def _line(number: int, text: str, own: Sequence[str]) -> Line:
    known = _PREFIX.match(text)
    if known:
        return Line(number, _writer(known[0]), text[known.end() :])
    prefix = next((prefix for prefix in own if text.startswith(prefix)), "")
    return Line(number, prefix.strip(), text[len(prefix) :])


def _writer(prefix: str) -> str:
    """Return the prefix without its timestamps, which change from line to line."""
    return re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.,+Z-]+", "", prefix).strip()
