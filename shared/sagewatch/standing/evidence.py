"""Evidence of a standing resource's use: the metrics to read, or what its own answers already say.

The readings themselves are those of notebooks (``idle.evidence``): active, idle since, or unknown with a reason.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sagewatch.idle.evidence import Reading

A_DAY = timedelta(days=1)
WINDOW = timedelta(days=7)  # weekly work must show up in it
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
    """Series that show use, each enough by itself.

    ``silence`` is the reason why a series without a point proves no use; ``None`` if it proves nothing. With
    ``one_proves_all`` it proves that only where another series of the resource has points. A resource is idle that
    was not used for ``window``.
    """

    probes: tuple[MetricProbe, ...]
    silence: str | None
    one_proves_all: bool = False
    window: timedelta = WINDOW


@dataclass(frozen=True, slots=True)
class Answered:
    """What the resource's own answers say of its use. A resource is idle that was not used for ``window``."""

    reading: Reading
    window: timedelta = WINDOW


Evidence = Metrics | Answered
