"""The queue a function works off, and the log of sweeps, as Protocols."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class SweepLog(Protocol):
    """Where sweeps are noted that ended well."""

    def record(self, function: str, began: datetime) -> None:
        """Note when a sweep began, to the minute. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """One message as its queue handed it over. ``receives`` counts this time.

    ``sent_at`` is when it was queued, ``group`` its group in a FIFO queue.
    """

    message_id: str
    receipt_handle: str
    body: str
    receives: int
    sent_at: datetime | None = None
    group: str | None = None


class Inbox(Protocol):
    """The queue a function works off, and the dead-letter queue behind it."""

    def retry_later(self, message: QueueMessage, seconds: int) -> None:
        """Hide the message for that long before its next try. Raises ``SageWatchError``."""

    def dead_letter(self, message: QueueMessage, error: Exception) -> None:
        """Put a copy into the dead-letter queue with the error's name and sentence. Raises ``SageWatchError``."""
