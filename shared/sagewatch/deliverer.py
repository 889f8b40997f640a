"""DeliverAlert's work: one alert to Slack, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sagewatch.alerts import Alert, read_alert
from sagewatch.errors import NotPostedYetError, SageWatchError
from sagewatch.messages import render
from sagewatch.outcomes import Metric
from sagewatch.ports import Channel, Clock, Posted
from sagewatch.stores import Deliveries, PostedAlerts

_SOON = 5  # seconds: the message may be in the same queue


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where an alert stands, and whether this call posted it.

    ``posted_at`` is when this call did; ``happened_at`` is when what it tells of happened, if that is known.
    """

    alert_id: str
    posted: Posted
    now: bool
    posted_at: datetime | None = None
    happened_at: datetime | None = None

    def answer(self) -> Mapping[str, object]:
        """The outcome as JSON, for logs and for whoever invoked the function by hand."""
        effect = "posted" if self.now else "posted before"
        return {"alert_id": self.alert_id, "effect": effect, "channel": self.posted.channel, "ts": self.posted.ts}

    def measures(self, sent_at: datetime | None = None) -> Mapping[Metric, float]:
        """See ``Measured``: how long it took from what happened, or from the queue, to the channel."""
        began = self.happened_at or sent_at
        if self.posted_at is None or began is None:
            return {}
        return {Metric.DELIVERY_AGE: max(0.0, (self.posted_at - began).total_seconds())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverer:
    """Posts alerts and remembers which. Everything it needs is given to it."""

    deliveries: Deliveries
    posted: PostedAlerts
    channel: Channel
    clock: Clock

    def on_message(self, body: str) -> Delivery:
        """Deliver the alert in a queue message. Raises ``MalformedAlertError`` and what ``deliver`` raises."""
        return self.deliver(read_alert(body))

    def deliver(self, alert: Alert) -> Delivery:
        """Post an alert unless it has been posted. Raises what its ports raise, with the claim given back."""
        before = self.deliveries.claim(alert.alert_id, self.clock())
        if before is not None:
            return Delivery(alert.alert_id, before, now=False)
        posted = self._post(alert)
        now = self.clock()
        self.deliveries.confirm(alert.alert_id, posted, now)
        return Delivery(alert.alert_id, posted, now=True, posted_at=now, happened_at=alert.happened_at)

    def _post(self, alert: Alert) -> Posted:
        try:
            return self._put(alert)
        except SageWatchError:
            self.deliveries.release(alert.alert_id, self.clock())
            raise

    def _put(self, alert: Alert) -> Posted:
        if alert.edits is None:
            return self.channel.post(render(alert), thread=self._find(alert.thread) if alert.thread else None)
        place = self._find(alert.edits)
        self.channel.update(place, render(alert))
        return place

    def _find(self, alert_id: str) -> Posted:
        """Raises ``NotPostedYetError``: what comes of an incident never overtakes it."""
        place = self.posted.where(alert_id)
        if place is None:
            raise NotPostedYetError(f"alert {alert_id} is not in the channel yet", retry_after=_SOON)
        return place
