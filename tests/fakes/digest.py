"""The ports of the digest in memory, held to the same contract as the adapters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import override

from sagewatch.digest.ports import DeadLetters, ImageUploads, SweepTimes
from sagewatch.runtime.ports import SweepLog


@dataclass
class InMemoryImageUploads(ImageUploads):
    """Uploaded images on a dictionary: name, content and text of each by its ID."""

    kept: dict[str, tuple[str, bytes, str]] = field(default_factory=dict)
    failure: Exception | None = None

    @override
    def upload(self, name: str, picture: bytes, alt_text: str) -> str:
        if self.failure:
            raise self.failure
        file_id = f"F0MEMORY{len(self.kept):02}"
        self.kept[file_id] = (name, picture, alt_text)
        return file_id


@dataclass
class InMemorySweeps(SweepLog, SweepTimes):
    """Finished sweeps, on sets."""

    noted: dict[str, set[datetime]] = field(default_factory=dict)
    failure: Exception | None = None

    @override
    def record(self, function: str, began: datetime) -> None:
        if self.failure:
            raise self.failure
        self.noted.setdefault(function, set()).add(began.astimezone(UTC).replace(second=0, microsecond=0))

    @override
    def of(self, function: str) -> Sequence[datetime]:
        if self.failure:
            raise self.failure
        return sorted(self.noted.get(function, ()))


@dataclass
class InMemoryDeadLetters(DeadLetters):
    """Depths of queues, on a dictionary."""

    depths: dict[str, int] = field(default_factory=dict)
    failure: Exception | None = None

    @override
    def waiting(self) -> Mapping[str, int]:
        if self.failure:
            raise self.failure
        return dict(self.depths)
