"""The ports of the shell: the invocation, a function's own queue, and the record of finished sweeps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class LambdaContext(Protocol):
    """What functions use of the context of an invocation. Lambda provides it."""

    @property
    def function_name(self) -> str:
        """The function's physical name."""

    def get_remaining_time_in_millis(self) -> int:
        """The time until Lambda ends the invocation."""


class SweepLog(Protocol):
    """Records the sweeps that finished."""

    def record(self, function: str, began: datetime) -> None:
        """Record when a sweep began, to the minute. Raises what ``Ledger.put`` does."""


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
    """The queue of a function, and the dead-letter queue behind it."""

    def retry_later(self, message: QueueMessage, seconds: int) -> None:
        """Hide the message for so many seconds before its next try. Raises ``SageWatchError``."""

    def dead_letter(self, message: QueueMessage, error: Exception) -> None:
        """Copy the message to the dead-letter queue with the error's name and text. Raises ``SageWatchError``."""
