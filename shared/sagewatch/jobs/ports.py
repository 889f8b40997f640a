"""The ports of jobs: the index of open jobs, its snoozes, and the checkpoints of listings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sagewatch.alerts.ports import Lease
    from sagewatch.errors import UnreadableError
    from sagewatch.sagemaker.ports import ListedJob
    from sagewatch.sagemaker.resources import Job, Key


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job of the index: its key, and its role and instances if they were reported.

    ``provisional`` says that it ended and its row is not final. ``backfilled_at`` is when a backfill put it in: people
    are not alerted to an end before that. ``alerted`` names the milestones people were alerted to, and ``snooze`` says
    until when they want no more alerts. ``unbilled`` is the pricing of a job without billed instance hours, such as
    ``covered``; without it, the job is billed or SageWatch has not described it yet. ``warm_pool_seconds`` are those
    in its provisional row.
    """

    job: Job
    provisional: bool = False
    backfilled_at: datetime | None = None
    alerted: frozenset[str] = frozenset()
    snooze: Lease | None = None
    unbilled: str | None = None
    warm_pool_seconds: int = 0


class OpenJobReader(Protocol):
    """Reads the index of open jobs: those that run as far as is known, and those whose row is not final."""

    def of_region(self, region: str) -> Iterator[OpenJob]:
        """Yield the open jobs of a region, a page at a time, without those that cannot be read.

        Raises what ``Ledger.put`` does.
        """


class OpenJobs(OpenJobReader, Protocol):
    """The index of jobs whose end has not been recorded, or not for good."""

    def after(self, region: str, key: str | None) -> Iterator[tuple[str, OpenJob | UnreadableError]]:
        """Yield the open jobs of a region with their keys, in order, a page at a time, from behind that key on.

        An item that cannot be read is yielded as the error that names it. Raises what ``Ledger.put`` does.
        """

    def add(self, job: Job, *, provisional: bool = False, backfilled_at: datetime | None = None) -> bool:
        """Put a job in, unless the ledger has its end; say whether it is in. Raises what ``Ledger.put`` does.

        A job that is in already keeps its milestones and its snooze.
        """

    def add_all(self, jobs: Sequence[Job], *, backfilled_at: datetime | None = None) -> None:
        """Put in many jobs, each as ``add`` does, in few calls. Raises what ``Ledger.put`` does."""

    def mark_provisional(self, job: Job) -> bool:
        """Note that a job has ended, and that only its row is not final; say whether it is in.

        Raises what ``Ledger.put`` does.
        """

    def mark_alerted(self, job: Job, milestones: Collection[str]) -> bool:
        """Remember an alert's milestones; say whether the job is in. Raises what ``Ledger.put`` does."""

    def find(self, job: Job) -> OpenJob | None:
        """Return the job as the index has it now, if it is in.

        Raises ``UnreadableError``, and what ``Ledger.put`` does.
        """

    def remove(self, job: Job) -> None:
        """Take a job out, if it is in. Raises what ``Ledger.put`` does."""


class TrackedJobs(Protocol):
    """Which jobs the index of open jobs has."""

    def tracked(self, region: str, jobs: Sequence[ListedJob]) -> AbstractSet[Key]:
        """Return the keys of those listed jobs of a region that are in. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far sweeps have inspected the open jobs of a region: up to the key ``after``, for the ``lap``-th time."""

    after: str | None = None
    lap: int = 0


class Cursors(Protocol):
    """How far sweeps have inspected the open jobs."""

    def read(self, name: str) -> Cursor:
        """Return the cursor of that name, a new one if there is none. Raises what ``Ledger.put`` does."""

    def save(self, name: str, cursor: Cursor) -> None:
        """Keep a cursor. Raises what ``Ledger.put`` does."""


class DailyNotices(Protocol):
    """Which problems were reported today."""

    def first_today(self, subject: str) -> bool:
        """Note a problem, and say whether this is its first note of the day (UTC). Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a listing has come: to the jobs created at ``top``.

    A listing goes from the newest job to older ones. One that was cut off has left out what was created between
    ``floor`` and ``low``. For a listing of everything, ``top`` is when it was made.
    """

    top: datetime
    low: datetime | None = None
    floor: datetime | None = None

    @property
    def latest(self) -> datetime:
        """The latest of its times."""
        return max(time for time in (self.top, self.low, self.floor) if time)


class Checkpoints(Protocol):
    """How far the listings have come, to the second."""

    def read(self, name: str) -> Checkpoint | None:
        """Return the checkpoint of that name, if any. Raises ``UnreadableError``, and what ``Ledger.put`` does."""

    def save(self, name: str, reached: Checkpoint) -> None:
        """Keep a checkpoint. Raises what ``Ledger.put`` does."""


class Snoozes(Protocol):
    """The open jobs, for the buttons of their messages."""

    def find(self, job: Job) -> OpenJob | None:
        """Return the job as the index has it now, if it is in. Raises what ``Ledger.put`` does."""

    def snooze(self, job: Job, lease: Lease) -> bool:
        """Keep a snooze in place of the one before; say whether the job is in. Raises what ``Ledger.put`` does."""
