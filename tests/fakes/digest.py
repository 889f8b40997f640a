"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class InMemoryImageUploads:
    """The ``ImageUploads`` port on a dictionary: name, content and words of each by its ID."""

    kept: dict[str, tuple[str, bytes, str]] = field(default_factory=dict)
    failure: Exception | None = None

    def upload(self, name: str, picture: bytes, alt_text: str) -> str:
        """See ``ImageUploads.upload``."""
        if self.failure:
            raise self.failure
        file_id = f"F0MEMORY{len(self.kept):02}"
        self.kept[file_id] = (name, picture, alt_text)
        return file_id


@dataclass
class InMemorySweeps:
    """The ``SweepLog`` and ``SweepTimes`` ports on sets."""

    noted: dict[str, set[datetime]] = field(default_factory=dict)
    failure: Exception | None = None

    def record(self, function: str, began: datetime) -> None:
        """See ``SweepLog.record``."""
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
