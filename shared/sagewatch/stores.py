"""What SageWatch keeps in its two tables, as Protocols: the ledger, and the state of its watch.

To implementers: what ``ports`` asks of every adapter holds here too.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sagewatch.families import PastRun
from sagewatch.ports import ListedJob
from sagewatch.pricelist import ListedPrice
from sagewatch.records import CostRecord, Key
from sagewatch.resources import Job
from sagewatch.totals import Amounts, DayTotal, LedgerRow, RollUp, Sum
from sagewatch.watches import Lease


class RegionList(Protocol):
    """The regions jobs were seen in, read."""

    def in_use(self) -> AbstractSet[str]:
        """The regions that were noted. Raises what ``Ledger.put`` does."""


class Regions(RegionList, Protocol):
    """The regions jobs were seen in."""

    def note(self, region: str) -> None:
        """Note that a region is in use. Raises what ``Ledger.put`` does."""


class PriceCache(Protocol):
    """The prices that were read from the list last."""

    def keep(self, region: str, prices: Sequence[ListedPrice], now: datetime) -> None:
        """Keep a region's prices in place of those before. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a row, and the sums that the row it took the place of was in."""

    written: bool
    replaced: tuple[Sum, ...] = ()


class Ledger(Protocol):
    """The rows of ended jobs, written."""

    def put(self, row: CostRecord) -> Put:
        """Write a row, and say whether it was written and what it replaced.

        A row only ever gives way to a better one: unpriced to provisional, either to a final one. Raises
        ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """


class LedgerKeys(Protocol):
    """What the ledger has rows of."""

    def recorded(self, jobs: Sequence[ListedJob]) -> AbstractSet[Key]:
        """Say which of these jobs have a row. Raises what ``Ledger.put`` does."""

    def times_of(self, arn: str) -> Sequence[datetime]:
        """When the jobs of this ARN that have a row were created, the newest first.

        Raises what ``Ledger.put`` does.
        """


class LedgerRows(Protocol):
    """The rows of ended jobs, read one index partition at a time."""

    def of_day(self, day: str) -> Iterator[LedgerRow]:
        """Yield the rows of jobs that ended on that day (UTC), by the time of their end.

        Raises what ``Ledger.put`` does.
        """

    def amounts_of_day(self, day: str) -> Iterator[Amounts]:
        """Yield what sums need of those rows, in half the time. Raises what ``Ledger.put`` does."""

    def of_owner(self, owner: str, first_day: str, last_day: str) -> Iterator[LedgerRow]:
        """Yield an owner's rows of those days, both included. Raises what ``Ledger.put`` does."""

    def amounts_of_children(self, arn: str, since: str) -> Iterator[Amounts]:
        """Yield what sums need of the rows of a job's children that ended since then. Raises as ``Ledger.put``."""


class Families(Protocol):
    """The past runs of job families."""

    def recent(self, family: str, since: datetime, most: int) -> Sequence[PastRun]:
        """The family's newest rows that ended since then, newest first, at most so many.

        Read within a second or so of the last write, a row may be missing. Raises what ``Ledger.put`` does.
        """


@dataclass(frozen=True, slots=True)
class RollUpRow:
    """The row of a job that rolls up others: its key, and its own parent."""

    arn: str
    created_at: str
    parent_arn: str | None


class RollUps(Protocol):
    """The ledger's rows of jobs that roll up others."""

    def newest(self, arn: str) -> RollUpRow | None:
        """The newest row of that ARN, if there is one. Raises what ``Ledger.put`` does."""

    def keep(self, row: RollUpRow, total: RollUp) -> None:
        """Write a roll-up into its row. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A sum that has to be formed anew. ``token`` tells it from a mark that was set again since."""

    sum: Sum
    token: str


class MarkList(Protocol):
    """The sums that are no longer right, read."""

    def all(self, *, young: bool = False) -> Sequence[Mark]:
        """The marks whose rows every reader sees by now; with ``young`` the others too. Raises as ``Ledger.put``."""


class Marks(MarkList, Protocol):
    """The sums that are no longer right."""

    def add(self, changed: Sum) -> None:
        """Mark a sum. Raises what ``Ledger.put`` does."""

    def remove(self, mark: Mark) -> None:
        """Take a mark away, unless it was set again. Raises what ``Ledger.put`` does."""


class KeptTotals(Protocol):
    """The totals of closed days, read."""

    def between(self, first_day: str, last_day: str) -> Mapping[str, DayTotal]:
        """The totals there are, by day, both ends included. Raises what ``Ledger.put`` does."""


class Totals(KeptTotals, Protocol):
    """The totals of closed days."""

    def keep(self, total: DayTotal) -> None:
        """Keep a day's total in place of the one before. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job of the index: its key, its role and instances if they were told.

    ``provisional`` says that it ended and its row is not final. ``backfilled_at`` is when a backfill put it in: what
    ended before is the past, of which nobody is told. ``told`` names the rungs people were told of, and ``snooze`` says
    until when they want to hear no more.
    """

    job: Job
    provisional: bool = False
    backfilled_at: datetime | None = None
    told: frozenset[str] = frozenset()
    snooze: Lease | None = None


class OpenJobList(Protocol):
    """The jobs that run, as far as is known, and those whose row is not final."""

    def of_region(self, region: str) -> Sequence[OpenJob]:
        """The open jobs of a region. Raises what ``Ledger.put`` does."""


class OpenJobs(OpenJobList, Protocol):
    """The index of jobs whose end has not been recorded, or not for good."""

    def add(self, job: Job, *, provisional: bool = False, backfilled_at: datetime | None = None) -> bool:
        """Put a job in, unless the ledger has its end; say whether it is in. Raises what ``Ledger.put`` does.

        What was told of one that is in already stays, and so does its snooze.
        """

    def told(self, job: Job, rungs: Collection[str]) -> bool:
        """Remember that people were told of these rungs; say whether the job is in. Raises what ``Ledger.put`` does."""

    def find(self, job: Job) -> OpenJob | None:
        """The job as it stands this moment, if it is in. Raises what ``Ledger.put`` does."""

    def remove(self, job: Job) -> None:
        """Take a job out, if it is in. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a listing has come: to the jobs created at ``top``.

    A listing goes from the newest job to older ones. One that was cut off has left out what was created between
    ``floor`` and ``low``. For a listing of all there is, ``top`` is when it was made.
    """

    top: datetime
    low: datetime | None = None
    floor: datetime | None = None


class Checkpoints(Protocol):
    """How far the listings have come, to the second."""

    def read(self, name: str) -> Checkpoint | None:
        """The checkpoint of that name, if any. Raises what ``Ledger.put`` does."""

    def keep(self, name: str, reached: Checkpoint) -> None:
        """Keep a checkpoint. Raises what ``Ledger.put`` does."""


class Presses(Protocol):
    """The requests that have been answered."""

    def first(self, digest: str, now: datetime) -> bool:
        """Note a request; say whether it is the first of its kind. Raises what ``Ledger.put`` does."""
