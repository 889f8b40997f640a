"""Time as an argument: the clock, the time that is left, and how a moment is written."""

from datetime import UTC, datetime
from typing import Protocol


def iso(moment: datetime) -> str:
    """Write an aware time as ISO 8601 in UTC, to the second: events and Describe differ below that."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


class Clock(Protocol):
    """The time, aware and in UTC."""

    def __call__(self) -> datetime:
        """Say what time it is."""


class TimeBudget(Protocol):
    """Whether there is time for one thing more."""

    def __call__(self, share: float = 1) -> bool:
        """Say whether less than that share of the time there was is over."""
