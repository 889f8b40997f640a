"""The ports of jobs: the index of open jobs, its snoozes, and the checkpoints of listings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sagewatch.alerts.ports import Lease
from sagewatch.sagemaker.resources import Job


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job of the index: its key, and its role and instances if they were reported.

    ``provisional`` says that it ended and its row is not final. ``backfilled_at`` is when a backfill put it in: people
    are not alerted to an end before that. ``alerted`` names the milestones people were alerted to, and ``snooze`` says
    until when they want no more alerts. ``unbilled`` is the pricing of a job without billed instance hours, such as
    ``covered``; without it, the job is billed or nobody has described it yet.
    """

    job: Job
    provisional: bool = False
    backfilled_at: datetime | None = None
    alerted: frozenset[str] = frozenset()
    snooze: Lease | None = None
    unbilled: str | None = None


class OpenJobReader(Protocol):
    """Reads the index of open jobs: those that run as far as is known, and those whose row is not final."""

    def of_region(self, region: str) -> Sequence[OpenJob]:
        """Return the open jobs of a region. Raises what ``Ledger.put`` does."""


class OpenJobs(OpenJobReader, Protocol):
    """The index of jobs whose end has not been recorded, or not for good."""

    def add(self, job: Job, *, provisional: bool = False, backfilled_at: datetime | None = None) -> bool:
        """Put a job in, unless the ledger has its end; say whether it is in. Raises what ``Ledger.put`` does.

        A job that is in already keeps its milestones and its snooze.
        """

    def mark_provisional(self, job: Job) -> bool:
        """Note that a job has ended, and that only its row is not final; say whether it is in.

        Raises what ``Ledger.put`` does.
        """

    def mark_alerted(self, job: Job, milestones: Collection[str]) -> bool:
        """Remember an alert's milestones; say whether the job is in. Raises what ``Ledger.put`` does."""

    def find(self, job: Job) -> OpenJob | None:
        """Return the job as the index has it now, if it is in. Raises what ``Ledger.put`` does."""

    def remove(self, job: Job) -> None:
        """Take a job out, if it is in. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a listing has come: to the jobs created at ``top``.

    A listing goes from the newest job to older ones. One that was cut off has left out what was created between
    ``floor`` and ``low``. For a listing of everything, ``top`` is when it was made.
    """

    top: datetime
    low: datetime | None = None
    floor: datetime | None = None


class Checkpoints(Protocol):
    """How far the listings have come, to the second."""

    def read(self, name: str) -> Checkpoint | None:
        """Return the checkpoint of that name, if any. Raises what ``Ledger.put`` does."""

    def save(self, name: str, reached: Checkpoint) -> None:
        """Keep a checkpoint. Raises what ``Ledger.put`` does."""


class Snoozes(Protocol):
    """The open jobs, for the buttons of their messages."""

    def find(self, job: Job) -> OpenJob | None:
        """Return the job as the index has it now, if it is in. Raises what ``Ledger.put`` does."""

    def snooze(self, job: Job, lease: Lease) -> bool:
        """Keep a snooze in place of the one before; say whether the job is in. Raises what ``Ledger.put`` does."""
