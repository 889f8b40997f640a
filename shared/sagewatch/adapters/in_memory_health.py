"""What tells how the watch itself does, in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class InMemorySweeps:
    """The ``SweepLog`` and ``SweepTimes`` ports on sets."""

    noted: dict[str, set[datetime]] = field(default_factory=dict)
    failure: Exception | None = None

    def note(self, function: str, began: datetime) -> None:
        """See ``SweepLog.note``."""
        if self.failure:
            raise self.failure
        self.noted.setdefault(function, set()).add(began.astimezone(UTC).replace(second=0, microsecond=0))

    def of(self, function: str) -> Sequence[datetime]:
        """See ``SweepTimes.of``."""
        if self.failure:
            raise self.failure
        return sorted(self.noted.get(function, ()))


@dataclass
class InMemoryDeadLetters:
    """The ``DeadLetters`` port on a dictionary."""

    depths: dict[str, int] = field(default_factory=dict)
    failure: Exception | None = None

    def waiting(self) -> Mapping[str, int]:
        """See ``DeadLetters.waiting``."""
        if self.failure:
            raise self.failure
        return dict(self.depths)


@dataclass
class InMemoryPriceDates:
    """The ``PriceDates`` port on a dictionary."""

    dates: dict[str, datetime] = field(default_factory=dict)

    def refreshed_at(self, region: str) -> datetime | None:
        """See ``PriceDates.refreshed_at``."""
        return self.dates.get(region)
