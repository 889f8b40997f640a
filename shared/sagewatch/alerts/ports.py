"""Define the ports that queue alerts and find posted ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sagewatch.alerts.base import AlertBase


@dataclass(frozen=True, slots=True)
class Lease:
    """A person keeps the notebook, or mutes the job, until then; ``None`` means until a person changes it.

    ``author`` is a Slack user's ID.
    """

    author: str
    until: datetime | None
    written_at: datetime

    def in_force(self, now: datetime) -> bool:
        """Whether it has not ended by then."""
        return self.until is None or self.until > now


class AlertArchive(Protocol):
    """The alerts whose messages may change."""

    def archive(self, alert_id: str, body: str) -> None:
        """Keep an alert, to edit its message later. Raises what ``Ledger.put`` does."""

    def replace(self, alert_id: str, before: str, after: str) -> bool:
        """Keep it as it is now, and say whether it was kept as ``before`` until then; if not, nothing is changed.

        Raises what ``Ledger.put`` does.
        """

    def load(self, alert_id: str) -> str | None:
        """An alert that was kept, if it is known. Raises what ``Ledger.put`` does."""


class AlertQueue(Protocol):
    """The way to delivery."""

    def send(self, alert: AlertBase) -> None:
        """Queue an alert. Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``."""


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message in a channel: the channel's ID, the message's ID there, and when it was posted."""

    channel: str
    ts: str
    posted_at: datetime


class PostedMessages(Protocol):
    """Finds the messages of posted alerts."""

    def find(self, alert_id: str) -> MessageRef | None:
        """Where an alert was posted, by itself or with others, if it was. Raises what ``Ledger.put`` does."""
