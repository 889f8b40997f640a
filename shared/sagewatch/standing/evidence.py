"""Evidence of a standing resource's use: the metrics to read, or what its own answers already say.

The readings themselves are those of notebooks (``idle.evidence``): active, idle since, or unknown with a reason.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sagewatch.idle.evidence import Reading

A_DAY = timedelta(days=1)
LOOK_BACK = timedelta(days=90)  # for the last use; quarterly work exists


class Meaning(StrEnum):
    """What a point of a metric says."""

    USES = "how often it was used in that time"
    SECONDS_UNUSED = "how long it has not been used"
    LEVEL = "how much of it is in use at that time"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricProbe:
    """One series of CloudWatch, in exactly the dimensions that AWS publishes it under."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str = "Sum"
    meaning: Meaning = Meaning.USES
    period: timedelta = A_DAY
    look_back: timedelta = LOOK_BACK


@dataclass(frozen=True, slots=True)
class Points:
    """The points of one series: the beginnings of their periods with their values, oldest first."""

    values: tuple[tuple[datetime, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Series that show use, each enough by itself. ``silence`` says what it means that none has a point.

    ``silence`` is the reason why that proves no use; ``None`` if it proves nothing.
    """

    probes: tuple[MetricProbe, ...]
    silence: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What the resource's own answers say of its use."""

    reading: Reading


Evidence = Metrics | Answered
