"""What an outcome tells: all of it as JSON for the log, and the few numbers that CloudWatch keeps.

A metric costs money for each hour it is sent in, so what is a happening is sent only when it happened, and what nobody
would alarm on or plot is in the log's line alone.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


class EmfMetric(StrEnum):
    """The metrics. ``docs/operations.md`` lists them with their cost; a test compares the two."""

    SWEEPS_FINISHED = "SweepsFinished"
    SWEEPS_INCOMPLETE = "SweepsIncomplete"
    SWEEP_FAILURES = "SweepFailures"
    JOBS_OPEN = "JobsOpen"
    JOBS_RECORDED = "JobsRecorded"
    ITEMS_UNREADABLE = "ItemsUnreadable"
    NOTEBOOKS_IN_SERVICE = "NotebooksInService"
    STOPS_ANNOUNCED = "StopsAnnounced"
    NOTEBOOKS_STOPPED = "NotebooksStopped"
    STOPS_REFUSED = "StopsRefused"
    DELIVERY_AGE = "DeliveryAge"
    PRICES_AGE = "PricesAge"
    MESSAGES_DEAD_LETTERED = "MessagesDeadLettered"
    MESSAGES_POSTPONED = "MessagesPostponed"

    @property
    def unit(self) -> str:
        """CloudWatch's name of its unit."""
        return "Seconds" if self in {EmfMetric.DELIVERY_AGE, EmfMetric.PRICES_AGE} else "Count"


class Outcome(Protocol):
    """What happened, as JSON."""

    def to_log(self) -> Mapping[str, object]:
        """The outcome as JSON."""


@runtime_checkable
class MeasuredOutcome(Protocol):
    """What happened, in numbers worth keeping."""

    def metrics(self, sent_at: datetime | None = None) -> Mapping[EmfMetric, float]:
        """The numbers. ``sent_at`` is when the message behind it was queued, if one was and that is known."""


def nonzero(counts: Mapping[EmfMetric, int]) -> Mapping[EmfMetric, float]:
    """The counts of what happened at all."""
    return {metric: count for metric, count in counts.items() if count}
