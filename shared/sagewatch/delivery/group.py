"""Counts many alerts of a kind in one message, and keeps that message up to date."""

from dataclasses import dataclass
from datetime import timedelta

from sagewatch.alerts.grouping import GroupAlert, GroupKind, group_of
from sagewatch.alerts.ports import AlertQueue, MessageRef, PostedMessages
from sagewatch.clock import Clock
from sagewatch.delivery.outcomes import DeliveryEffect, DeliveryOutcome
from sagewatch.delivery.ports import AlertGroups, Channel, Claim, Deliveries
from sagewatch.delivery.posting import MessagePosting
from sagewatch.delivery.registry import Alert
from sagewatch.errors import MessageGoneError, NotPostedYetError, SageWatchError

_BETWEEN_EDITS = timedelta(seconds=10)  # of a group's message; Slack takes 50 edits a minute (chat.update: Tier 3)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an alert goes: into a thread, into the channel, or only into its group's count."""

    thread: MessageRef | None
    counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDelivery:
    """Counts alerts in their groups, and posts and edits the groups' messages."""

    posting: MessagePosting
    deliveries: Deliveries
    posted: PostedMessages
    channel: Channel
    groups: AlertGroups
    alerts: AlertQueue
    clock: Clock

    def place(self, alert: Alert, thread: MessageRef | None) -> Placement:
        """Count the alert in its group, if it has one, and say where it goes itself.

        An alert that replies in a thread does not fill the channel, so only its parent's group counts it.
        """
        group, member = group_of(alert, self.clock(), self.posting.route(alert)), alert.member
        if group is None or member is None or (thread and group.group_kind is not GroupKind.PARENT):
            return Placement(thread)
        if member.already_counted:
            return self._counted(alert, group) if group.group_kind is GroupKind.STALE else Placement(thread)
        joined = self.groups.add(group.group, alert.alert_id, member, self.clock())
        if joined.number <= group.group_kind.sent_individually:
            is_child = group.group_kind is GroupKind.PARENT
            return Placement(self._thread_of_parent(group, thread, joined.number) if is_child else thread)
        if not joined.update_requested:
            self._request_update(group, joined.number)
        return self._counted(alert, group)

    def refresh(self, group: GroupAlert) -> DeliveryOutcome:
        """Bring the group's message up to date, not too often, and never before its last member was counted."""
        edited_at = self.groups.updated_at(group.group)
        if edited_at and self.clock() - edited_at < _BETWEEN_EDITS:
            raise NotPostedYetError(f"{group.group} was edited just now", retry_after=_BETWEEN_EDITS.seconds)
        self.groups.mark_updated(group.group, self.clock())
        return self._bring_up_to_date(group, self.posting.thread_of(group, Claim()))

    def _counted(self, alert: Alert, group: GroupAlert) -> Placement:
        """Later alerts of its thread go into the thread of the group's message."""
        if alert.thread_key and group.group_kind is not GroupKind.PARENT:
            self.deliveries.confirm_in_group(alert.thread_key, group.group, self.clock())
        self.deliveries.confirm_in_group(alert.alert_id, group.group, self.clock())
        return Placement(None, counted=True)

    def _request_update(self, group: GroupAlert, number: int) -> None:
        self.alerts.send(group.model_copy(update={"alert_id": f"{group.group}-{number}"}))
        self.groups.request_update(group.group, self.clock())

    def _thread_of_parent(self, group: GroupAlert, thread: MessageRef | None, number: int) -> MessageRef | None:
        """Count the child in the parent's message first. If only that edit fails, it is tried again from the queue."""
        try:
            outcome = self._bring_up_to_date(group, thread)
        except SageWatchError:
            if self.posted.find(group.group) is None:
                raise
            self._request_update(group, number)
            return thread
        return outcome.posted if thread is None or outcome.effect is DeliveryEffect.REPOSTED else thread

    def _bring_up_to_date(self, group: GroupAlert, thread: MessageRef | None) -> DeliveryOutcome:
        current = group.model_copy(update={"alert_id": group.group, "summary": self.groups.read(group.group)})
        claim = self.deliveries.claim(current.alert_id, self.clock())
        if claim.posted:
            try:
                self.channel.update(claim.posted, current)
            except MessageGoneError:
                return self.posting.repost(current, current.alert_id, self.posting.look_back())
            return DeliveryOutcome(current.alert_id, DeliveryEffect.EDITED, claim.posted)
        with self.posting.claimed(current.alert_id, claim):
            return self.posting.put(current, claim, thread)
