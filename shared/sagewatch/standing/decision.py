"""Decides from evidence whether a standing resource is used, and gives the reason in one sentence. No I/O happens here.

The checks come in the order of the harm that a wrong answer does: what bills nothing, what is too new to judge, what
is in use, what cannot be known, and last what is idle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from sagewatch.errors import SageWatchError
from sagewatch.formatting import duration
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from sagewatch.standing.evidence import Answered, Meaning, MetricProbe, Metrics, Points
from sagewatch.standing.resources import StandingResource

WINDOW = timedelta(days=7)  # weekly work must show up in it

Answers = Mapping[MetricProbe, Points | SageWatchError]


class Use(StrEnum):
    """Whether a standing resource is used."""

    USED = "used"
    IDLE = "idle"
    NEW = "new"
    UNKNOWN = "unknown"
    BILLS_NOTHING = "bills nothing"


@dataclass(frozen=True, slots=True)
class UseDecision:
    """The answer and its reason; ``last_use`` is the latest use that was seen, if any."""

    use: Use
    reason: str
    last_use: datetime | None = None


def decide(resource: StandingResource, answers: Answers, now: datetime, window: timedelta = WINDOW) -> UseDecision:
    """Decide about one resource. Unknown activity is never idle, and a new resource is not judged."""
    if not resource.bills:
        return UseDecision(Use.BILLS_NOTHING, resource.note or "nothing of it bills at this moment")
    reading, last_use = _read(resource, answers, now, window)
    match reading:
        case Active():
            return UseDecision(Use.USED, reading.words, last_use or now)
        case Unknown():
            return UseDecision(Use.UNKNOWN, reading.reason, last_use)
        case Idle():
            return _unused(resource, reading, now, window)
        case _:
            assert_never(reading)


def _unused(resource: StandingResource, reading: Idle, now: datetime, window: timedelta) -> UseDecision:
    begun = max((moment for moment in (resource.since, resource.changed_at) if moment), default=None)
    if begun is None:
        return UseDecision(Use.UNKNOWN, "nothing says how long it has existed", reading.since)
    if now - begun < window:
        age = duration(int((now - begun).total_seconds()))
        return UseDecision(Use.NEW, f"created or changed {age} ago, which is too new to judge", reading.since)
    if reading.since and now - reading.since < window:
        return UseDecision(Use.USED, reading.words, reading.since)
    return UseDecision(Use.IDLE, reading.words, reading.since)


def _read(
    resource: StandingResource, answers: Answers, now: datetime, window: timedelta
) -> tuple[Reading, datetime | None]:
    match resource.evidence:
        case Answered(reading):
            return reading, reading.since if isinstance(reading, Idle) else None
        case Metrics() as metrics:
            return _of_metrics(metrics, answers, now, window)
        case _:
            assert_never(resource.evidence)


def _of_metrics(
    metrics: Metrics, answers: Answers, now: datetime, window: timedelta
) -> tuple[Reading, datetime | None]:
    uses = [last_use(probe, answers[probe], now) for probe in metrics.probes if isinstance(answers.get(probe), Points)]
    seen = max((use for use in uses if use), default=None)
    if seen and now - seen < window:
        return Active(Source.CLOUDWATCH, None, _words(metrics.probes, seen, window)), seen
    if lost := [fault for probe in metrics.probes if isinstance(fault := answers.get(probe), SageWatchError)]:
        return Unknown(Source.CLOUDWATCH, str(lost[0])), seen
    if len(uses) < len(metrics.probes):
        return Unknown(Source.CLOUDWATCH, "its metrics were not read"), seen
    silent = [probe for probe in metrics.probes if answers[probe] == Points()]
    if silent and metrics.silence is None:
        return Unknown(Source.CLOUDWATCH, f"{_named(silent)} has no data, which proves nothing here"), seen
    words = f"{_named(metrics.probes)} is 0 for {duration(int(window.total_seconds()))}"
    return Idle(Source.CLOUDWATCH, seen, f"{words}: {metrics.silence}" if silent else words), seen


def last_use(probe: MetricProbe, points: Points | SageWatchError | None, now: datetime) -> datetime | None:
    """Return the end of the latest period in which a series shows use, if one does."""
    if not isinstance(points, Points):
        return None
    match probe.meaning:
        case Meaning.USES | Meaning.LEVEL:
            used = [moment for moment, value in points.values if value > 0]
            return min(max(used) + probe.period, now) if used else None
        case Meaning.SECONDS_UNUSED:
            return max((moment - timedelta(seconds=value) for moment, value in points.values), default=None)
        case _:
            assert_never(probe.meaning)


def _words(probes: Sequence[MetricProbe], seen: datetime, window: timedelta) -> str:
    return f"{_named(probes)} shows use in the last {duration(int(window.total_seconds()))}, last on {seen:%Y-%m-%d}"


def _named(probes: Sequence[MetricProbe]) -> str:
    return " and ".join(dict.fromkeys(probe.metric for probe in probes))
