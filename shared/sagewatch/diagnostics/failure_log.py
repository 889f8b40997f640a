"""Find the cause of a failed job in its log: cleaned, redacted and cut to one screen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sagewatch.diagnostics.log import excerpt
from sagewatch.diagnostics.log.candidates import Candidate, Weight, find
from sagewatch.diagnostics.log.excerpt import MOST_CHARACTERS, MOST_LINES
from sagewatch.diagnostics.log.limits import CHARACTERS_READ, LINE_READ, LINES_READ, STREAMS_READ
from sagewatch.diagnostics.log.normalise import normalise
from sagewatch.diagnostics.log.rank import best
from sagewatch.diagnostics.log.writers import separate
from sagewatch.diagnostics.ports import LogEvent
from sagewatch.patterns import lazy_pattern
from sagewatch.redaction import mask, without_addresses

_PLAIN = 10  # lines where there is no error
_HOST = lazy_pattern(r"\balgo-\d+\b")
_TOGETHER = 2000  # milliseconds between two hosts' ends in which their clocks do not say who was first


@dataclass(frozen=True, slots=True)
class JobLog:
    """The excerpt of a log, if any; ``trouble`` is why SageWatch may not read it. Both are safe to show."""

    text: str | None = None
    trouble: str | None = None


NO_LOG = JobLog()


@dataclass(frozen=True, slots=True)
class _Read:
    """One stream that was read: its cause, or its last lines. ``ended_at`` is in epoch milliseconds."""

    stream: str
    cause: Candidate | None
    plain: Sequence[str]
    ended_at: int | None = None

    @property
    def weight(self) -> Weight:
        return self.cause.weight if self.cause else Weight.NOTICE


def read_log(streams: Sequence[str], tail: Callable[[str], Sequence[LogEvent]], own: str | None) -> JobLog:
    """Read a job's streams, at most five. A host that others blame comes next.

    One host is enough only where there is one: the others say which of them ended first. ``own`` is the address that
    need not be masked. Raises what reading a tail does.
    """
    read: list[_Read] = []
    waiting = list(streams)
    while waiting and len(read) < STREAMS_READ:
        stream = _next(waiting, read)
        waiting.remove(stream)
        read.append(read_stream(stream, tail(stream), own))
    return _joined(read)


def _next(waiting: Sequence[str], read: Sequence[_Read]) -> str:
    """The host that a stream names as gone comes before the others."""
    blamed = {host for one in read if one.cause for host in _HOST.findall(one.cause.text)}
    return next((stream for stream in waiting if _host(stream) in blamed), waiting[0])


def _host(stream: str) -> str:
    found = _HOST.search(stream)
    return found[0] if found else stream


def read_stream(stream: str, events: Sequence[LogEvent], own: str | None) -> _Read:
    """Read one stream: clean, mask as a whole (a key may have many lines), then look for the cause."""
    lines = normalise(_end([event.message for event in events]))
    text = without_addresses(mask("\n".join(lines)), own) if lines else ""
    shown = [_shortened(line) for line in text.split("\n")] if text else []
    return _Read(stream, best(find(separate(shown))), shown[-_PLAIN:], events[-1].at if events else None)


def _end(events: Sequence[str]) -> Sequence[str]:
    """Return the last lines, so that a stream that writes without measure is read in bounded time."""
    room, kept = CHARACTERS_READ, list[str]()
    for event in reversed(events):
        kept += reversed(event[-room:].split("\n"))
        room -= len(event) + 1
        if room <= 0 or len(kept) > LINES_READ:
            break
    return kept[LINES_READ - 1 :: -1] if len(kept) > LINES_READ else kept[::-1]


def _shortened(line: str) -> str:
    half = LINE_READ // 2
    return line if len(line) <= LINE_READ else f"{line[:half]} … {line[-half:]}"


def _joined(read: Sequence[_Read]) -> JobLog:
    """Show the weightiest cause; of two that weigh the same, that of the host that ended first.

    If both ended together, or the time is unknown, and they say something else, both are shown with their streams.
    """
    causes = sorted((one for one in read if one.cause), key=_likeliest)
    if not causes:
        plain = next((one.plain for one in read if one.plain), ())
        return JobLog(excerpt.cut(plain, len(plain) - 1)) if plain else NO_LOG
    first, *others = causes
    rival = next((one for one in others if _rivals(first, one)), None)
    return JobLog(_both(first, rival) if rival else _cut(first, MOST_LINES, MOST_CHARACTERS))


def _likeliest(read: _Read) -> tuple[int, int]:
    return -read.weight, read.ended_at or 0


def _rivals(first: _Read, other: _Read) -> bool:
    """Whether another stream is as likely to hold the cause as the first."""
    if other.weight != first.weight or _text(other) == _text(first):
        return False
    return not first.ended_at or not other.ended_at or other.ended_at - first.ended_at <= _TOGETHER


def _text(read: _Read) -> str:
    return read.cause.text if read.cause else ""


def _both(first: _Read, second: _Read) -> str:
    parts = (
        f"[{one.stream[:100]}]\n{_cut(one, MOST_LINES // 2 - 1, MOST_CHARACTERS // 2 - 110)}" for one in (first, second)
    )
    return "\n".join(parts)


def _cut(read: _Read, lines: int, characters: int) -> str:
    cause = read.cause
    return excerpt.cut(cause.lines, cause.error, lines, characters) if cause else ""
