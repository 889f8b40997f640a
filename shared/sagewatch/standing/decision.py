"""Decides from evidence whether a standing resource is used, and gives the reason in one sentence. No I/O happens here.

The checks come in the order of the harm that a wrong answer does: what bills nothing, what is too new to judge, what
is in use, what cannot be known, and last what is idle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import assert_never

from sagewatch.errors import SageWatchError
from sagewatch.formatting import duration
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from sagewatch.standing.evidence import Answered, Evidence, Meaning, MetricProbe, Metrics, Points
from sagewatch.standing.resources import StandingResource

_LATE = timedelta(minutes=2)  # until a point can be read
_UNBROKEN = timedelta(minutes=30)  # a session that is started again publishes nothing meanwhile

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


def decide(resource: StandingResource, answers: Answers, now: datetime) -> UseDecision:
    """Decide about one resource. Unknown activity is never idle, and a new resource is not judged."""
    if not resource.bills:
        return UseDecision(Use.BILLS_NOTHING, resource.note or "nothing of it bills at this moment")
    reading, last = _read(resource.evidence, answers, now)
    match reading:
        case Active():
            return UseDecision(Use.USED, reading.words, last or reading.since or now)
        case Unknown():
            return UseDecision(Use.UNKNOWN, reading.reason, last)
        case Idle():
            return _unused(resource, reading, now)
        case _:
            assert_never(reading)


def _unused(resource: StandingResource, reading: Idle, now: datetime) -> UseDecision:
    window = resource.evidence.window
    begun = max((moment for moment in (resource.since, resource.changed_at) if moment), default=None)
    if begun is None:
        return UseDecision(Use.UNKNOWN, "nothing says how long it has existed", reading.since)
    if now - begun < window:
        age = duration(int((now - begun).total_seconds()))
        return UseDecision(Use.NEW, f"created or changed {age} ago, which is too new to judge", reading.since)
    if reading.since and now - reading.since < window:
        return UseDecision(Use.USED, reading.words, reading.since)
    return UseDecision(Use.IDLE, reading.words, reading.since)


def _read(evidence: Evidence, answers: Answers, now: datetime) -> tuple[Reading, datetime | None]:
    match evidence:
        case Answered(reading):
            return reading, None
        case Metrics() as metrics:
            return _of_metrics(metrics, answers, now)
        case _:
            assert_never(evidence)


def _of_metrics(metrics: Metrics, answers: Answers, now: datetime) -> tuple[Reading, datetime | None]:
    read = {probe: answers.get(probe) for probe in metrics.probes}
    seen = max((use for probe, points in read.items() if (use := last_use(probe, points, now))), default=None)
    if seen and now - seen < metrics.window:
        words = f"{_named(metrics.probes)} shows use in the last {_length(metrics.window)}, last on {seen:%Y-%m-%d}"
        return Active(Source.CLOUDWATCH, None, words), seen
    if lost := [answer for answer in read.values() if isinstance(answer, SageWatchError)]:
        return Unknown(Source.CLOUDWATCH, str(lost[0])), seen
    silent = [probe for probe, answer in read.items() if _silent(probe, answer, now)]
    unproven = metrics.silence is None or (metrics.one_proves_all and len(silent) == len(read))
    if silent and unproven:
        return Unknown(Source.CLOUDWATCH, f"{_named(silent)} has {_lacks(silent)}, which proves nothing here"), seen
    words = f"{_named(metrics.probes)} shows no use for {_length(metrics.window)}"
    return Idle(Source.CLOUDWATCH, seen, f"{words}: {metrics.silence}" if silent else words), seen


def _silent(probe: MetricProbe, answer: Points | SageWatchError | None, now: datetime) -> bool:
    """Whether a series has no point; an age needs a new one, and half an hour without a gap before it."""
    moments = sorted(moment for moment, _ in answer.values) if isinstance(answer, Points) else []
    if not moments or probe.meaning is not Meaning.SECONDS_UNUSED:
        return not moments
    most, last = 2 * probe.period, moments[-1]
    recent = [max(moments[0], last - _UNBROKEN - most), *(each for each in moments if each > last - _UNBROKEN - most)]
    whole = last - moments[0] >= _UNBROKEN and all(after - before <= most for before, after in pairwise(recent))
    return now - last > most + _LATE or not whole


def _lacks(silent: Sequence[MetricProbe]) -> str:
    ages = any(probe.meaning is Meaning.SECONDS_UNUSED for probe in silent)
    return "no data without a gap in the last half hour" if ages else "no data"


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


def _length(window: timedelta) -> str:
    return duration(int(window.total_seconds()))


def _named(probes: Sequence[MetricProbe]) -> str:
    return " and ".join(dict.fromkeys(probe.metric for probe in probes))
