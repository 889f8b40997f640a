"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from sagewatch.alerts.base import GroupMember
from sagewatch.alerts.grouping import GroupSummary
from sagewatch.alerts.ports import MessageRef
from sagewatch.delivery.ports import CLAIMED_FOR, NAMED, Claim, Membership
from sagewatch.delivery.registry import Alert
from sagewatch.errors import DeliveryInFlightError, MessageGoneError, NoAnswerError
from sagewatch.slack.messages.render import Message, render


@dataclass
class InMemoryChannel:
    """The ``Channel`` port on a list."""

    messages: list[Message] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    failed_looks: list[Exception] = field(default_factory=list)
    deleted: list[MessageRef | None] = field(default_factory=list)

    threads: list[MessageRef | None] = field(default_factory=list)
    places: list[MessageRef] = field(default_factory=list)
    updates: list[tuple[MessageRef, Message]] = field(default_factory=list)

    def post(self, alert: Alert, thread: MessageRef | None = None, to: str | None = None) -> MessageRef:
        """See ``Channel.post``. Raises the next of ``failures``, if there is one; some of them after posting."""
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

    def update(self, posted: MessageRef, alert: Alert) -> None:
        """See ``Channel.update``."""
        if posted in self.deleted:
            raise MessageGoneError("message_not_found")
        if self.failures:
            raise self.failures.pop(0)
        self.updates.append((posted, render(alert)))

    def find(
        self, alert_id: str, since: datetime, thread: MessageRef | None = None, to: str | None = None
    ) -> MessageRef | None:
        """See ``Channel.find``."""
        del since, to
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
                and (root in self.deleted or root == thread)
                and place not in self.deleted
            ),
            None,
        )


@dataclass
class InMemoryDeliveries:
    """The ``Deliveries`` and ``PostedMessages`` ports on dictionaries."""

    claims: dict[str, datetime] = field(default_factory=dict)
    tried: dict[str, datetime] = field(default_factory=dict)
    first: dict[str, datetime] = field(default_factory=dict)
    posted: dict[str, MessageRef] = field(default_factory=dict)
    gathered: dict[str, str] = field(default_factory=dict)

    def claim(self, alert_id: str, now: datetime) -> Claim:
        """See ``Deliveries.claim``."""
        if alert_id in self.posted or alert_id in self.gathered:
            return Claim(delivered=True, posted=self.posted.get(alert_id))
        if alert_id in self.claims and self.claims[alert_id] > now:
            left = max(1, int((self.claims[alert_id] - now).total_seconds()))
            raise DeliveryInFlightError(f"alert {alert_id} is being posted", retry_after=left)
        unsure_since, waiting_since = self.tried.get(alert_id), self.first.get(alert_id)
        self.first.setdefault(alert_id, now.replace(microsecond=0))
        self.tried.setdefault(alert_id, now.replace(microsecond=0))
        self.claims[alert_id] = now + CLAIMED_FOR
        return Claim(unsure_since=unsure_since, waiting_since=waiting_since)

    def gather(self, alert_id: str, group: str, now: datetime) -> None:
        """See ``Deliveries.gather``."""
        del now
        self.posted.pop(alert_id, None)
        self.gathered[alert_id] = group

    def confirm(self, alert_id: str, posted: MessageRef, now: datetime) -> None:
        """See ``Deliveries.confirm``."""
        del now
        self.gathered.pop(alert_id, None)
        self.posted[alert_id] = posted

    def release(self, alert_id: str, now: datetime, *, unsure: bool = False) -> None:
        """See ``Deliveries.release``."""
        self.claims[alert_id] = now
        if not unsure:
            self.tried.pop(alert_id, None)

    def find(self, alert_id: str) -> MessageRef | None:
        """See ``PostedMessages.find``."""
        return self.posted.get(self.gathered.get(alert_id, alert_id))


@dataclass
class InMemoryAlertGroups:
    """The ``AlertGroups`` port on dictionaries."""

    members: dict[str, dict[str, GroupMember]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    edited: dict[str, datetime] = field(default_factory=dict)

    def add(self, group: str, alert_id: str, member: GroupMember, now: datetime) -> Membership:
        """See ``AlertGroups.add``."""
        del now
        joined = self.members.setdefault(group, {})
        joined.setdefault(alert_id, member)
        return Membership(list(joined).index(alert_id) + 1, group in self.asked)

    def read(self, group: str) -> GroupSummary:
        """See ``AlertGroups.read``."""
        members = list(self.members.get(group, {}).values())
        return GroupSummary(
            count=len(members),
            by_label=dict(Counter(member.label for member in members)),
            usd=sum((member.usd for member in members if member.usd is not None), Decimal(0)),
            unpriced=sum(member.usd is None for member in members),
            names=tuple(member.name for member in members[:NAMED]),
        )

    def request_update(self, group: str, now: datetime) -> None:
        """See ``AlertGroups.request_update``."""
        del now
        self.asked.add(group)

    def mark_updated(self, group: str, now: datetime) -> None:
        """See ``AlertGroups.mark_updated``."""
        self.asked.discard(group)
        self.edited[group] = now.replace(microsecond=0)

    def updated_at(self, group: str) -> datetime | None:
        """See ``AlertGroups.updated_at``."""
        return self.edited.get(group)
