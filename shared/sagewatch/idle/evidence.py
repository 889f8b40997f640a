"""What is known of a notebook's activity: readings from outside the instance, each for itself.

A reading never says more than its source can know. What a source cannot tell is ``Unknown``, never idle.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Source(StrEnum):
    """Where a reading is from."""

    JUPYTER = "Jupyter"
    LOG = "jupyter.log"
    AGENT = "agent metrics"

    @property
    def sees_silent_work(self) -> bool:
        """Whether its silence is proof: a cell that runs for hours without a word leaves no line in the log."""
        return self is not Source.LOG


@dataclass(frozen=True, slots=True)
class Active:
    """Something runs at this moment; ``since`` where it is known. ``words`` say what: ``kernel python3 is busy``."""

    source: Source
    since: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing runs now, and nothing has since then; ``None`` where nothing was ever seen since it came into service.

    ``words`` say so: ``no kernel has run since 09:12 UTC, 2 terminals idle since 08:40``.
    """

    source: Source
    since: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The source cannot tell, and ``reason`` says why, without any secret."""

    source: Source
    reason: str


Reading = Active | Idle | Unknown
