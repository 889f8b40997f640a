"""What tells how the watch itself does, as Protocols. What ``ports`` asks of every adapter holds here too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol


class SweepLog(Protocol):
    """Where sweeps are noted that ended well."""

    def note(self, function: str, began: datetime) -> None:
        """Note when a sweep began, to the minute. Raises what ``Ledger.put`` does."""


class SweepTimes(Protocol):
    """The sweeps that were noted."""

    def of(self, function: str) -> Sequence[datetime]:
        """When those of the last five weeks began, the oldest first. Raises what ``Ledger.put`` does."""


class DeadLetters(Protocol):
    """What lies in the dead-letter queues."""

    def waiting(self) -> Mapping[str, int]:
        """About how many messages each queue holds, by its name in the template, also where there are none.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class PriceDates(Protocol):
    """How old the prices of the list are."""

    def refreshed_at(self, region: str) -> datetime | None:
        """When a region's prices were read last, if they ever were. Raises what ``Ledger.put`` does."""
