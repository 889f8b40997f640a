"""Outcomes: what a function did, as JSON for its log and as CloudWatch metrics.

CloudWatch charges for each hour in which a metric is sent. So event counters are sent only when they are not 0, and a
number without an alarm or a graph is only in the log.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum


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
    WARNINGS_OVERDUE = "WarningsOverdue"
    DELIVERY_AGE = "DeliveryAge"
    PRICES_AGE = "PricesAge"
    MESSAGES_DEAD_LETTERED = "MessagesDeadLettered"
    MESSAGES_RETRIED = "MessagesPostponed"  # the name that dashboards and alarms know
    MESSAGE_WAITS = "MessageWaits"

    @property
    def unit(self) -> str:
        """CloudWatch's name of its unit."""
        ages = {EmfMetric.DELIVERY_AGE, EmfMetric.PRICES_AGE, EmfMetric.MESSAGE_WAITS}
        return "Seconds" if self in ages else "Count"


class Outcome(ABC):
    """What happened: as JSON, and in the few numbers that CloudWatch keeps."""

    __slots__ = ()

    @abstractmethod
    def to_log(self) -> Mapping[str, object]:
        """Return the outcome as JSON, for the log and for a person who invokes the function by hand."""

    def metrics(self, sent_at: datetime | None = None) -> Mapping[EmfMetric, float]:
        """Return the numbers, if any. ``sent_at`` is when the message behind the outcome was queued, if known."""
        del sent_at
        return {}


def nonzero(counts: Mapping[EmfMetric, int]) -> Mapping[EmfMetric, float]:
    """Return the counters that are not 0."""
    return {metric: count for metric, count in counts.items() if count}
