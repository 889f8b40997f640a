"""What the log of a failed job says of its end: the last traceback or error, cleaned, masked and short."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sagewatch.redaction import mask, without_addresses

MOST_LINES, MOST_CHARACTERS = 20, 2500  # of Block Kit's 3,000 for a section, with room for what escaping adds
_LINE_READ, _LINE_SHOWN = 1000, 300  # characters
_BEFORE, _AFTER, _PLAIN = 5, 6, 10  # lines around an error that is no traceback; lines where there is no error
# Colours and cursor movements (ECMA-48 control sequences, and xterm's titles), then what else does not print, and what
# turns the direction of text around.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_PROGRESS = re.compile(r"\d{1,3}%\s?\|.*\|| (?:it|s|B|ba)/(?:it|s|ba)\]")
# The training toolkit writes the job's whole environment, hyperparameters included, into its log.
_ENVIRONMENT = re.compile(r"^\s*SM_[A-Z0-9_]+=|^\s*SM_FRAMEWORK_PARAMS|^Training Env:|^Environment variables:")
_TRACEBACK = re.compile(r"^(?P<prefix>.{0,80}?)Traceback \(most recent call last\)")
_ERROR = re.compile(
    r"\bERROR\b|\bError\b|\bFATAL\b|\bCRITICAL\b|\b[A-Z]\w*(?:Error|Exception)\b|\berror: |\bException\b"
    r"|out of memory|No space left on device"
)
# What the kernel or a shell says last: it is worth more than the traceback of something that was survived.
_FATAL = re.compile(r"^Killed$|\bKilled\b.*\bpython|Segmentation fault|core dumped|Out of memory: Killed")


@dataclass(frozen=True, slots=True)
class JobLog:
    """What a log says, if anything; ``trouble`` is why it may not be read. Both safe to show."""

    text: str | None = None
    trouble: str | None = None


NO_LOG = JobLog()


def read_tails(tails: Iterable[Sequence[str]], own: str | None) -> JobLog:
    """Read the ends of a job's logs, one for each host, until one tells of an error.

    Where none does, the first one's last lines have to do. ``own`` is the address that need not be masked. Raises what
    reading the tails does.
    """
    plain: list[str] = []
    for tail in tails:
        lines = _masked(_useful(tail), own)
        if block := _error_block(lines):
            return JobLog(_shown(block))
        plain = plain or lines[-_PLAIN:]
    return JobLog(_shown(plain)) if plain else NO_LOG


def _masked(lines: Iterable[str], own: str | None) -> list[str]:
    """Masked as a whole, before anything is picked: a key may have many lines."""
    text = "\n".join(lines)
    return without_addresses(mask(text), own).split("\n") if text else []


def _useful(tail: Iterable[str]) -> Iterator[str]:
    lines = (line for event in tail for line in event.split("\n"))
    cleaned = (_cleaned(line) for line in lines)
    return (line for line in cleaned if line and not _PROGRESS.search(line) and not _ENVIRONMENT.search(line))


def _cleaned(line: str) -> str:
    """A terminal would show what stands behind the last carriage return."""
    last = next((part for part in reversed(line.split("\r")) if part.strip()), "")
    return _INVISIBLE.sub("", _ESCAPES.sub("", last[:_LINE_READ])).rstrip()


def _error_block(lines: Sequence[str]) -> Sequence[str]:
    """The last traceback, unless something fatal came after it; else what stands around the last error."""
    start, block = _traceback(lines)
    fatal = _last(lines, _FATAL)
    if block and (fatal is None or fatal < start):
        return block
    at = _last(lines, _ERROR) if fatal is None else fatal
    return lines[max(0, at - _BEFORE) : at + _AFTER] if at is not None else ()


def _traceback(lines: Sequence[str]) -> tuple[int, Sequence[str]]:
    """Where the last traceback begins, and its lines down to the exception; of many ranks' lines those of its own."""
    start = _last(lines, _TRACEBACK)
    found = _TRACEBACK.match(lines[start]) if start is not None else None
    if start is None or found is None:
        return 0, ()
    prefix = found["prefix"]
    mine = [line.removeprefix(prefix) for line in lines[start:] if line.startswith(prefix)]
    ends = (number for number, line in enumerate(mine[1:], 1) if not line[:1].isspace())
    return start, mine[: next(ends, len(mine)) + 1]


def _last(lines: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    return next((number for number in range(len(lines) - 1, -1, -1) if pattern.search(lines[number])), None)


def _shown(lines: Sequence[str]) -> str:
    """Cut from its beginning, for its end says most."""
    short = [line if len(line) <= _LINE_SHOWN else f"{line[: _LINE_SHOWN - 1]}…" for line in lines]
    kept = [short[0], "…", *short[-(MOST_LINES - 2) :]] if len(short) > MOST_LINES else short
    while sum(len(line) + 1 for line in kept) > MOST_CHARACTERS:
        kept = kept[1:]
    return "\n".join(kept)
