"""DeliverAlert's work: one alert to Slack, once, in its thread, and many of a kind as one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sagewatch.alerts.grouping import GroupAlert, GroupKind, group_of
from sagewatch.alerts.ports import AlertQueue, MessageRef, PostedMessages
from sagewatch.clock import Clock
from sagewatch.delivery.ports import AlertGroups, Channel, Claim, Deliveries
from sagewatch.delivery.registry import Alert, read_alert
from sagewatch.errors import NoAnswerError, NotPostedYetError, SageWatchError, ThreadGoneError
from sagewatch.outcomes import EmfMetric

_SOON = 5  # seconds: the message may be in the same queue
_BETWEEN_EDITS = timedelta(seconds=10)  # of a group's message; Slack takes 50 edits a minute (chat.update: Tier 3)


class DeliveryEffect(StrEnum):
    """What became of an alert."""

    POSTED = "posted"
    POSTED_BEFORE = "posted before"
    FOUND = "found in the channel"
    EDITED = "edited"
    GATHERED = "counted with others"


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """What became of an alert, and where it stands, if by itself.

    ``posted_at`` is when this call posted it; ``happened_at`` is when what it tells of happened, if that is known.
    """

    alert_id: str
    effect: DeliveryEffect
    posted: MessageRef | None
    posted_at: datetime | None = None
    happened_at: datetime | None = None

    def to_log(self) -> Mapping[str, object]:
        """The outcome as JSON, for logs and for whoever invoked the function by hand."""
        place = {"channel": self.posted.channel, "ts": self.posted.ts} if self.posted else {}
        return {"alert_id": self.alert_id, "effect": self.effect, **place}

    def metrics(self, sent_at: datetime | None = None) -> Mapping[EmfMetric, float]:
        """See ``Measured``: how long it took from what happened, or from the queue, to the channel."""
        began = self.happened_at or sent_at
        if self.posted_at is None or began is None:
            return {}
        return {EmfMetric.DELIVERY_AGE: max(0.0, (self.posted_at - began).total_seconds())}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDelivery:
    """Posts alerts and remembers which. Everything it needs is given to it.

    ``routes`` are channels by what a resource's tag, or its owner, is called.
    """

    deliveries: Deliveries
    posted: PostedMessages
    gatherings: AlertGroups
    channel: Channel
    alerts: AlertQueue
    clock: Clock
    routes: Mapping[str, str] = field(default_factory=dict)

    def on_message(self, body: str) -> DeliveryOutcome:
        """Deliver the alert in a queue message. Raises ``MalformedAlertError`` and what ``deliver`` raises."""
        return self.deliver(read_alert(body))

    def deliver(self, alert: Alert) -> DeliveryOutcome:
        """Post an alert unless it has been posted. Raises what its ports raise, with the claim given back."""
        if isinstance(alert, GroupAlert):
            return self._refresh(alert)
        claim = self.deliveries.claim(alert.alert_id, self.clock())
        if claim.delivered:
            return DeliveryOutcome(alert.alert_id, DeliveryEffect.POSTED_BEFORE, claim.posted)
        with self._claimed(alert.alert_id):
            thread = self._thread(alert)
            gathered = self._gathered(alert, thread)
            return gathered or self._put(alert, claim, self._thread(alert) if alert.parent_arn else thread)

    @contextmanager
    def _claimed(self, alert_id: str) -> Iterator[None]:
        """Give the claim back if it comes to nothing; whether a post without an answer did, the next try finds out."""
        try:
            yield
        except SageWatchError as exc:
            self.deliveries.release(alert_id, self.clock(), unsure=isinstance(exc, NoAnswerError))
            raise

    def _gathered(self, alert: Alert, thread: MessageRef | None) -> DeliveryOutcome | None:
        """Count it with others of its group; ``None`` if it is to be told by itself too.

        What goes into a thread of its own disturbs nobody.
        """
        group, member = group_of(alert, self.clock(), self._route(alert)), alert.member
        if group is None or member is None or (thread and group.gathering is not GroupKind.PARENT):
            return None
        if member.again:
            return self._counted(alert, group) if group.gathering is GroupKind.STALE else None
        joined = self.gatherings.add(group.group, alert.alert_id, member, self.clock())
        if joined.number <= group.gathering.singly:
            if group.gathering is GroupKind.PARENT:
                self._bring_up_to_date(group)
            return None
        if not joined.asked:
            self.alerts.send(group.model_copy(update={"alert_id": f"{group.group}-{joined.number}"}))
            self.gatherings.request_update(group.group, self.clock())
        return self._counted(alert, group)

    def _counted(self, alert: Alert, group: GroupAlert) -> DeliveryOutcome:
        """It is told with its group, and what comes of it later goes into that one's thread."""
        if alert.thread_key and group.gathering is not GroupKind.PARENT:
            self.deliveries.gather(alert.thread_key, group.group, self.clock())
        self.deliveries.gather(alert.alert_id, group.group, self.clock())
        return DeliveryOutcome(alert.alert_id, DeliveryEffect.GATHERED, None)

    def _refresh(self, group: GroupAlert) -> DeliveryOutcome:
        """Now and then, and never before the last member has been counted. Whoever joins from now on asks again."""
        edited_at = self.gatherings.updated_at(group.group)
        if edited_at and self.clock() - edited_at < _BETWEEN_EDITS:
            raise NotPostedYetError(f"{group.group} was edited just now", retry_after=_BETWEEN_EDITS.seconds)
        self.gatherings.mark_updated(group.group, self.clock())
        return self._bring_up_to_date(group)

    def _bring_up_to_date(self, group: GroupAlert) -> DeliveryOutcome:
        told = group.model_copy(update={"alert_id": group.group, "gathered": self.gatherings.read(group.group)})
        claim = self.deliveries.claim(told.alert_id, self.clock())
        if claim.posted:
            self.channel.update(claim.posted, told)
            return DeliveryOutcome(told.alert_id, DeliveryEffect.EDITED, claim.posted)
        with self._claimed(told.alert_id):
            return self._put(told, claim, self._thread(told))

    def _put(self, alert: Alert, claim: Claim, thread: MessageRef | None) -> DeliveryOutcome:
        if alert.edits is not None:
            place = self._find(alert.edits)
            self.channel.update(place, alert)
            return self._confirmed(alert, place, DeliveryEffect.EDITED)
        since = claim.unsure_since
        found = self.channel.find(alert.alert_id, since, thread, self._to(alert)) if since else None
        if found:
            return self._confirmed(alert, found, DeliveryEffect.FOUND, is_root=thread is None)
        try:
            place = self.channel.post(alert, thread, self._to(alert))
        except ThreadGoneError:  # somebody deleted its root
            thread, place = None, self.channel.post(alert, None, self._to(alert))
        return self._confirmed(alert, place, DeliveryEffect.POSTED, is_root=thread is None)

    def _thread(self, alert: Alert) -> MessageRef | None:
        if alert.thread:
            return self._find(alert.thread)
        return self.posted.find(alert.thread_key) if alert.thread_key else None

    def _find(self, alert_id: str) -> MessageRef:
        """Raises ``NotPostedYetError``: what comes of an incident never overtakes it."""
        place = self.posted.find(alert_id)
        if place is None:
            raise NotPostedYetError(f"alert {alert_id} is not in the channel yet", retry_after=_SOON)
        return place

    def _confirmed(
        self, alert: Alert, place: MessageRef, effect: DeliveryEffect, *, is_root: bool = False
    ) -> DeliveryOutcome:
        """The incident's place before the alert's: a crash between them repeats the alert, which is found then."""
        if is_root and alert.thread_key:
            self.deliveries.confirm(alert.thread_key, place, self.clock())
        now = self.clock()
        self.deliveries.confirm(alert.alert_id, place, now)
        return DeliveryOutcome(alert.alert_id, effect, place, posted_at=now, happened_at=alert.happened_at)

    def _to(self, alert: Alert) -> str | None:
        route = self._route(alert)
        return self.routes[route] if route else None

    def _route(self, alert: Alert) -> str | None:
        """What its tag asks for, or its owner, if that is a route."""
        return next((name for name in (alert.route, alert.owner) if name in self.routes), None)
