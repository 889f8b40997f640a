"""Post or edit one message, once.

A post without an answer may have arrived. It stays unsure until the alert is found or confirmed: each later try looks
for it first. A message that was deleted is replaced, unless it is closed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sagewatch.alerts.ports import MessageRef, PostedMessages
from sagewatch.clock import Clock
from sagewatch.delivery.outcomes import DeliveryEffect, DeliveryOutcome
from sagewatch.delivery.ports import Channel, Claim, Deliveries
from sagewatch.delivery.registry import Alert
from sagewatch.errors import MessageGoneError, NoAnswerError, NotPostedYetError, SageWatchError

_LATE = timedelta(minutes=5)  # a message that was posted may be found that much later
_SOON = 5  # seconds: the message may be in the same queue
_ROOT_WITHIN = timedelta(hours=1)  # later the root is not expected: it is in the dead-letter queue
_RENEWED_AFTER = timedelta(days=20)  # where a message is, is remembered for 90 days
_LOOK_BACK = timedelta(hours=1)  # for a message that replaced another


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePosting:
    """Posts alerts and remembers their messages. ``routes`` are channels by tag, owner or account."""

    deliveries: Deliveries
    posted: PostedMessages
    channel: Channel
    clock: Clock
    routes: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def claimed(self, alert_id: str, claim: Claim) -> Iterator[None]:
        """Give the claim back if the work fails. Only an answer to a post itself ends the doubt about that post."""
        try:
            yield
        except SageWatchError as exc:
            unsure = claim.unsure_since is not None or isinstance(exc, NoAnswerError)
            self.deliveries.release(alert_id, self.clock(), unsure=unsure)
            raise

    def thread_of(self, alert: Alert, claim: Claim) -> MessageRef | None:
        """The root of its thread, if it has one. Raises ``NotPostedYetError`` while the root may still come."""
        if alert.thread is None:
            return self.posted.find(alert.thread_key) if alert.thread_key else None
        return self._awaited(alert.thread, claim)

    def put(self, alert: Alert, claim: Claim, thread: MessageRef | None) -> DeliveryOutcome:
        """Post the alert, or edit the message it replaces. Raises what the ports raise."""
        return self._post(alert, claim, thread) if alert.edits is None else self._edit(alert, alert.edits, claim)

    def repost(self, alert: Alert, replaced: str, since: datetime | None) -> DeliveryOutcome:
        """Post the alert as a message of its own, in place of one that is gone; look for it first from ``since``."""
        to = self._to(alert)
        found = self.channel.find(alert.alert_id, since, None, to) if since else None
        place = found or self.channel.post(alert, None, to)
        self._confirm(replaced, place, self.clock())
        return self._confirmed(alert, place, DeliveryEffect.REPOSTED, is_root=True)

    def look_back(self) -> datetime:
        """Since when a message may have been replaced by a call that was interrupted."""
        return self.clock() - _LOOK_BACK

    def route(self, alert: Alert) -> str | None:
        """The route its tag asks for, or its owner's, or its account's."""
        return next((name for name in (alert.route, alert.owner, alert.account) if name in self.routes), None)

    def _to(self, alert: Alert) -> str | None:
        route = self.route(alert)
        return self.routes[route] if route else None

    def _awaited(self, alert_id: str, claim: Claim) -> MessageRef | None:
        place = self.posted.find(alert_id)
        if place is None and self.clock() - (claim.waiting_since or self.clock()) < _ROOT_WITHIN:
            raise NotPostedYetError(f"alert {alert_id} is not in the channel yet", retry_after=_SOON)
        return place

    def _post(self, alert: Alert, claim: Claim, thread: MessageRef | None) -> DeliveryOutcome:
        if claim.unsure_since:
            found, thread = self._find(alert, claim.unsure_since, thread)
            if found:
                return self._confirmed(alert, found, DeliveryEffect.FOUND, is_root=thread is None)
            self.deliveries.looked(alert.alert_id, self.clock() - _LATE)
        try:
            place = self.channel.post(alert, thread, self._to(alert))
        except MessageGoneError:
            if thread is None:
                raise
            thread, place = None, self.channel.post(alert, None, self._to(alert))
        return self._confirmed(alert, place, DeliveryEffect.POSTED, is_root=thread is None)

    def _find(
        self, alert: Alert, since: datetime, thread: MessageRef | None
    ) -> tuple[MessageRef | None, MessageRef | None]:
        """The alert's message and its thread. If the thread's root was deleted, the alert is in the channel."""
        if thread:
            try:
                return self.channel.find(alert.alert_id, since, thread, self._to(alert)), thread
            except MessageGoneError:
                pass
        return self.channel.find(alert.alert_id, since, None, self._to(alert)), None

    def _edit(self, alert: Alert, edited: str, claim: Claim) -> DeliveryOutcome:
        place = self._awaited(edited, claim)
        if place:
            try:
                self.channel.update(place, alert)
            except MessageGoneError:
                pass
            else:
                self._renew(edited, place)
                return self._confirmed(alert, place, DeliveryEffect.EDITED)
        if alert.closed:
            self.deliveries.confirm_in_group(alert.alert_id, edited, self.clock())
            return DeliveryOutcome(alert.alert_id, DeliveryEffect.DROPPED, None)
        return self.repost(alert, edited, claim.unsure_since)

    def _renew(self, alert_id: str, place: MessageRef) -> None:
        """Remember for longer where an old message is that is still edited."""
        if self.clock() - place.posted_at > _RENEWED_AFTER:
            self._confirm(alert_id, place, self.clock())

    def _confirmed(
        self, alert: Alert, place: MessageRef, effect: DeliveryEffect, *, is_root: bool = False
    ) -> DeliveryOutcome:
        """The thread's root before the alert: a crash between them repeats the alert, which is then found."""
        now = self.clock()
        if is_root and alert.thread_key:
            self._confirm(alert.thread_key, place, now)
        self._confirm(alert.alert_id, place, now)
        return DeliveryOutcome(alert.alert_id, effect, place, posted_at=now, happened_at=alert.happened_at)

    def _confirm(self, alert_id: str, place: MessageRef, now: datetime) -> None:
        """Remember where it was posted. If that fails, the next try must look for the message before it posts again."""
        try:
            self.deliveries.confirm(alert_id, place, now)
        except SageWatchError as exc:
            raise NoAnswerError(f"posted, but not remembered: {exc}") from exc
