"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import override

from sagewatch.alerts.base import GroupMember
from sagewatch.alerts.grouping import GroupSummary
from sagewatch.alerts.ports import MessageRef, PostedMessages
from sagewatch.delivery.ports import CLAIMED_FOR, NAMED, AlertGroups, Channel, Claim, Deliveries, Membership
from sagewatch.delivery.registry import Alert
from sagewatch.errors import DeliveryInFlightError, MessageGoneError, NoAnswerError
from sagewatch.slack.messages.render import Message, render


@dataclass
class InMemoryChannel(Channel):
    """The ``Channel`` port on a list."""

    messages: list[Message] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    failed_looks: list[Exception] = field(default_factory=list)
    deleted: list[MessageRef | None] = field(default_factory=list)
    looked_from: list[datetime] = field(default_factory=list)

    threads: list[MessageRef | None] = field(default_factory=list)
    places: list[MessageRef] = field(default_factory=list)
    updates: list[tuple[MessageRef, Message]] = field(default_factory=list)

    @override
    def post(self, alert: Alert, thread: MessageRef | None = None, to: str | None = None) -> MessageRef:
        """Raises the next of ``failures``, if there is one; some of them after posting."""
        if thread in self.deleted:
            raise MessageGoneError("thread_not_found")
        failure = self.failures.pop(0) if self.failures else None
        if failure and not isinstance(failure, NoAnswerError):
            raise failure
        self.messages.append(render(alert))
        self.threads.append(thread)
        posted_at = datetime.fromtimestamp(len(self.messages), UTC)
        self.places.append(MessageRef(to or "C0MEMORY", f"{len(self.messages)}.000000", posted_at))
        if failure:
            raise failure
        return self.places[-1]

    @override
    def update(self, posted: MessageRef, alert: Alert) -> None:
        if posted in self.deleted:
            raise MessageGoneError("message_not_found")
        if self.failures:
            raise self.failures.pop(0)
        self.updates.append((posted, render(alert)))

    @override
    def find(
        self, alert_id: str, since: datetime, thread: MessageRef | None = None, to: str | None = None
    ) -> MessageRef | None:
        del to
        self.looked_from.append(since)
        if self.failed_looks:
            raise self.failed_looks.pop(0)
        if thread in self.deleted:
            raise MessageGoneError("thread_not_found")
        held = zip(self.messages, self.threads, self.places, strict=True)
        return next(
            (
                place
                for message, root, place in held
                if message.metadata.event_payload["alert_id"] == alert_id
                and (root in self.deleted or thread in {root, place})
                and place not in self.deleted
            ),
            None,
        )


@dataclass
class InMemoryDeliveries(Deliveries, PostedMessages):
    """The ``Deliveries`` and ``PostedMessages`` ports on dictionaries."""

    claims: dict[str, datetime] = field(default_factory=dict)
    tried: dict[str, datetime] = field(default_factory=dict)
    first: dict[str, datetime] = field(default_factory=dict)
    posted: dict[str, MessageRef] = field(default_factory=dict)
    grouped: dict[str, str] = field(default_factory=dict)

    @override
    def claim(self, alert_id: str, now: datetime) -> Claim:
        if alert_id in self.posted or alert_id in self.grouped:
            return Claim(delivered=True, posted=self.posted.get(alert_id))
        if alert_id in self.claims and self.claims[alert_id] > now:
            left = max(1, int((self.claims[alert_id] - now).total_seconds()))
            raise DeliveryInFlightError(f"alert {alert_id} is being posted", retry_after=left)
        unsure_since, waiting_since = self.tried.get(alert_id), self.first.get(alert_id)
        self.first.setdefault(alert_id, now.replace(microsecond=0))
        self.tried.setdefault(alert_id, now.replace(microsecond=0))
        self.claims[alert_id] = now + CLAIMED_FOR
        return Claim(unsure_since=unsure_since, waiting_since=waiting_since)

    @override
    def confirm_in_group(self, alert_id: str, group: str, now: datetime) -> None:
        del now
        self.posted.pop(alert_id, None)
        self.grouped[alert_id] = group

    @override
    def confirm(self, alert_id: str, posted: MessageRef, now: datetime) -> None:
        del now
        self.grouped.pop(alert_id, None)
        self.posted[alert_id] = posted

    @override
    def looked(self, alert_id: str, now: datetime) -> None:
        self.tried[alert_id] = now.replace(microsecond=0)

    @override
    def release(self, alert_id: str, now: datetime, *, unsure: bool = False) -> None:
        self.claims[alert_id] = now
        if not unsure:
            self.tried.pop(alert_id, None)

    @override
    def find(self, alert_id: str) -> MessageRef | None:
        return self.posted.get(self.grouped.get(alert_id, alert_id))


@dataclass
class InMemoryAlertGroups(AlertGroups):
    """The ``AlertGroups`` port on dictionaries."""

    members: dict[str, dict[str, GroupMember]] = field(default_factory=dict)
    requested: set[str] = field(default_factory=set)
    edited: dict[str, datetime] = field(default_factory=dict)

    @override
    def add(self, group: str, alert_id: str, member: GroupMember, now: datetime) -> Membership:
        del now
        joined = self.members.setdefault(group, {})
        joined.setdefault(alert_id, member)
        return Membership(list(joined).index(alert_id) + 1, group in self.requested)

    @override
    def read(self, group: str) -> GroupSummary:
        members = list(self.members.get(group, {}).values())
        return GroupSummary(
            count=len(members),
            by_label=dict(Counter(member.label for member in members)),
            usd=sum((member.usd for member in members if member.usd is not None), Decimal(0)),
            unpriced=sum(member.usd is None for member in members),
            names=tuple(member.name for member in members[:NAMED]),
        )

    @override
    def request_update(self, group: str, now: datetime) -> None:
        del now
        self.requested.add(group)

    @override
    def mark_updated(self, group: str, now: datetime) -> None:
        self.requested.discard(group)
        self.edited[group] = now.replace(microsecond=0)

    @override
    def updated_at(self, group: str) -> datetime | None:
        return self.edited.get(group)
