"""DeliverAlert's work: one alert to Slack, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sagewatch.alerts import Alert, read_alert
from sagewatch.digest_alerts import DigestAlert
from sagewatch.errors import NotPostedYetError, PictureNotReadyError, SageWatchError
from sagewatch.messages import render
from sagewatch.ports import Channel, Clock, Posted
from sagewatch.stores import Deliveries, PostedAlerts

_SOON = 5  # seconds: the message may be in the same queue
_PICTURE_WITHIN = timedelta(minutes=10)  # Slack takes seconds; a digest without its chart is better than none


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where an alert stands, and whether this call posted it."""

    alert_id: str
    posted: Posted
    now: bool

    def answer(self) -> Mapping[str, object]:
        """The outcome as JSON, for logs and for whoever invoked the function by hand."""
        effect = "posted" if self.now else "posted before"
        return {"alert_id": self.alert_id, "effect": effect, "channel": self.posted.channel, "ts": self.posted.ts}


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
        self.deliveries.confirm(alert.alert_id, posted, self.clock())
        return Delivery(alert.alert_id, posted, now=True)

    def _post(self, alert: Alert) -> Posted:
        try:
            return self._put(alert)
        except SageWatchError:
            self.deliveries.release(alert.alert_id, self.clock())
            raise

    def _put(self, alert: Alert) -> Posted:
        if alert.edits is None:
            return self._say(alert, self._find(alert.thread) if alert.thread else None)
        place = self._find(alert.edits)
        self.channel.update(place, render(alert))
        return place

    def _say(self, alert: Alert, thread: Posted | None) -> Posted:
        try:
            return self.channel.post(render(alert), thread=thread)
        except PictureNotReadyError as exc:
            plain = _without_picture(alert, self.clock(), str(exc))
            if plain is None:
                raise
            return self.channel.post(render(plain), thread=thread)

    def _find(self, alert_id: str) -> Posted:
        """Raises ``NotPostedYetError``: what comes of an incident never overtakes it."""
        place = self.posted.where(alert_id)
        if place is None:
            raise NotPostedYetError(f"alert {alert_id} is not in the channel yet", retry_after=_SOON)
        return place


def _without_picture(alert: Alert, now: datetime, why: str) -> Alert | None:
    """The alert without its picture, once there is no more hope for that."""
    if not isinstance(alert, DigestAlert) or alert.happened_at is None or now < alert.happened_at + _PICTURE_WITHIN:
        return None
    return alert.model_copy(update={"picture": None, "no_picture": why})
