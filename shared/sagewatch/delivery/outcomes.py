"""The outcome of a delivery: posted, edited, counted or dropped."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import override

from sagewatch.alerts.ports import MessageRef
from sagewatch.outcomes import EmfMetric, Outcome


class DeliveryEffect(StrEnum):
    """What became of an alert."""

    POSTED = "posted"
    POSTED_BEFORE = "posted before"
    FOUND = "found in the channel"
    EDITED = "edited"
    REPOSTED = "posted again: its message was gone"
    DROPPED = "dropped: its message was gone, and it is closed"
    GATHERED = "counted with others"


@dataclass(frozen=True, slots=True)
class DeliveryOutcome(Outcome):
    """What became of an alert, and its message, if it has one of its own.

    ``posted_at`` is when this call posted it; ``happened_at`` is when the event it reports happened, if known.
    """

    alert_id: str
    effect: DeliveryEffect
    posted: MessageRef | None
    posted_at: datetime | None = None
    happened_at: datetime | None = None

    @override
    def to_log(self) -> Mapping[str, object]:
        place = {"channel": self.posted.channel, "ts": self.posted.ts} if self.posted else {}
        return {"alert_id": self.alert_id, "effect": self.effect, **place}

    @override
    def metrics(self, sent_at: datetime | None = None) -> Mapping[EmfMetric, float]:
        """The time from the event, or from the queue, to the channel."""
        began = self.happened_at or sent_at
        if self.posted_at is None or began is None:
            return {}
        return {EmfMetric.DELIVERY_AGE: max(0.0, (self.posted_at - began).total_seconds())}
