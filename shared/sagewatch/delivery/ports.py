"""Protocols for the channel, and for the state of deliveries and groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sagewatch.alerts.base import GroupMember
    from sagewatch.alerts.grouping import GroupSummary
    from sagewatch.alerts.ports import MessageRef
    from sagewatch.delivery.registry import Alert

# Longer than DeliverAlert may run, so that a claim only lapses when its invocation is dead.
CLAIMED_FOR = timedelta(seconds=45)
NAMED = 20  # members of a group, the first ones


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of an alert that was claimed.

    ``delivered`` says that nothing is left to do, and ``posted`` names its message, if it has one of its own.
    ``unsure_since`` is the start of the first try whose result is unknown, ``waiting_since`` that of the first try.
    """

    delivered: bool = False
    posted: MessageRef | None = None
    unsure_since: datetime | None = None
    waiting_since: datetime | None = None


class AccountNames(Protocol):
    """The names that accounts have in their organization."""

    def name(self, account: str) -> str | None:
        """Return an account's name; ``None`` if this account may not know it. Raises what ``Ledger.put`` does."""


class Deliveries(Protocol):
    """Records which alerts have been posted."""

    def claim(self, alert_id: str, now: datetime) -> Claim:
        """Reserve an alert for this invocation, unless it was delivered.

        Raises ``DeliveryInFlightError`` while another invocation holds the claim, and what ``Ledger.put`` does.
        """

    def looked(self, alert_id: str, now: datetime) -> None:
        """Note that the alert was not in the channel then: the next look-up begins there.

        Raises what ``Ledger.put`` does.
        """

    def confirm_in_group(self, alert_id: str, group: str, now: datetime) -> None:
        """Record that an alert, or its thread, is delivered with its group. Raises what ``Ledger.put`` does."""

    def confirm(self, alert_id: str, posted: MessageRef, now: datetime) -> None:
        """Record where the alert was posted. Raises what ``Ledger.put`` does."""

    def release(self, alert_id: str, now: datetime, *, unsure: bool = False) -> None:
        """Release a claim: the post did not happen, or its outcome is unknown. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class Membership:
    """The number a member has in its group, from 1, and whether an update of the group's message is queued."""

    number: int
    update_requested: bool


class AlertGroups(Protocol):
    """Counts the alerts of each group."""

    def add(self, group: str, alert_id: str, member: GroupMember, now: datetime) -> Membership:
        """Count a member, however often it comes. Raises what ``Ledger.put`` does."""

    def read(self, group: str) -> GroupSummary:
        """The members so far. Raises what ``Ledger.put`` does."""

    def request_update(self, group: str, now: datetime) -> None:
        """Note that its message will be brought up to date. Raises what ``Ledger.put`` does."""

    def mark_updated(self, group: str, now: datetime) -> None:
        """Note that it is being brought up to date now. Raises what ``Ledger.put`` does."""

    def updated_at(self, group: str) -> datetime | None:
        """When that was last. Raises what ``Ledger.put`` does."""


class Channel(Protocol):
    """Posts, updates and finds alerts in a channel that people read."""

    def post(self, alert: Alert, thread: MessageRef | None = None, to: str | None = None) -> MessageRef:
        """Post an alert, in a thread if one is given, else in the channel ``to`` or the usual one.

        Raises ``MessageGoneError`` if the thread cannot be replied to, ``AlertRefusedError`` for any other content,
        ``ChannelMisconfiguredError`` until a person changes something, ``SecretMissingError``, ``ThrottledError``,
        ``AccessDeniedError``, and ``UnavailableError``, of which ``NoAnswerError`` says that it may have been posted.
        """

    def update(self, posted: MessageRef, alert: Alert) -> None:
        """Put an alert in the place of one that was posted. Raises what ``post`` does."""

    def find(
        self, alert_id: str, since: datetime, thread: MessageRef | None = None, to: str | None = None
    ) -> MessageRef | None:
        """The message of an alert that may have been posted since then. Raises what ``post`` does.

        A look-up that the channel refuses is ``ChannelMisconfiguredError``: it says nothing about the alert.
        """
