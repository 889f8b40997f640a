"""Define the ports of the ledger and of what is derived from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from sagewatch.errors import UnreadableError
    from sagewatch.ledger.families import PastRun
    from sagewatch.ledger.records import CostRecord
    from sagewatch.ledger.totals import Amounts, DayTotal, LedgerRow, RollUp, Sum
    from sagewatch.sagemaker.kinds import ResourceKind
    from sagewatch.sagemaker.ports import ListedJob
    from sagewatch.sagemaker.resources import Key


class Ledger(Protocol):
    """Writes the rows of ended jobs."""

    def put(self, row: CostRecord) -> bool:
        """Write a row and mark the totals it changes, all or nothing; say whether it was written.

        The totals are the row's own and those of a row that it replaces. A row only ever gives way to a better one:
        unpriced to provisional, either to a final one. Raises ``ThrottledError``, ``AccessDeniedError``,
        ``UnavailableError``.
        """


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A job that has a row: when it was created, and when it ended if the row can be read.

    ``missed`` says that its end was never read. Its row is dated by when that was noticed.
    """

    created_at: datetime
    ended_at: datetime | None
    missed: bool = False


class LedgerKeys(Protocol):
    """Reads which jobs have rows."""

    def recorded(self, jobs: Sequence[ListedJob]) -> AbstractSet[Key]:
        """Say which of these jobs have a row. Raises what ``Ledger.put`` does."""

    def runs_of(self, arn: str) -> Sequence[RecordedRun]:
        """Return the jobs of this ARN that have a row, the newest first. Raises what ``Ledger.put`` does."""


type AmountColumn = Literal["cost_usd", "spot_savings_usd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilter:
    """The rows to read: those of ``kind``, and those whose amount in ``column`` is above a limit in USD.

    ``above`` is called before each page, because the limit rises while rows are read; while it returns ``None``, every
    row is read. Without ``above``, rows of ``kind`` alone are read. A caller may get rows that are not above the limit.
    """

    kind: ResourceKind | None = None
    column: AmountColumn = "cost_usd"
    above: Callable[[], Decimal | None] | None = None


class LedgerRows(Protocol):
    """Reads the rows of ended jobs, one index partition at a time."""

    def of_day(self, day: str, only: RowFilter | None = None) -> Iterator[LedgerRow]:
        """Yield the rows of jobs that ended on that day (UTC), by the time of their end.

        A row that the filter leaves out is not checked. Raises what ``Ledger.put`` does.
        """

    def amounts_of_day(self, day: str) -> Iterator[Amounts]:
        """Yield what sums need of those rows, in half the time. Raises what ``Ledger.put`` does."""

    def of_owner(self, owner: str, first_day: str, last_day: str, only: RowFilter | None = None) -> Iterator[LedgerRow]:
        """Yield an owner's rows of those days, both included. Raises what ``Ledger.put`` does."""

    def amounts_of_children(self, arn: str, since: str, until: str) -> Iterator[Amounts]:
        """Yield what sums need of the rows of a job's children that ended in that time, both ends included.

        Raises what ``Ledger.put`` does.
        """

    def take_unreadable(self) -> Sequence[str]:
        """Return one sentence for each row that could not be read and was left out, since the last call."""


class Families(Protocol):
    """Reads the past runs of job families."""

    def recent(self, family: str, since: datetime, most: int) -> Sequence[PastRun]:
        """The family's newest rows that ended since then, newest first, at most so many.

        Read within a second or so of the last write, a row may be missing. Raises what ``Ledger.put`` does.
        """

    def instances(self, keys: Sequence[Key]) -> Sequence[str]:
        """Return what the jobs of these rows ran on, in any order: ``2 x ml.m5.xlarge``. One call, at most 100 keys.

        Rows that are gone or do not know are left out. Raises what ``Ledger.put`` does.
        """


@dataclass(frozen=True, slots=True)
class RollUpRow:
    """The row of a job that rolls up others: its key, its end, and its own parent."""

    arn: str
    created_at: str
    ended_at: str
    parent_arn: str | None


class RollUps(Protocol):
    """The ledger's rows of jobs that roll up others."""

    def of(self, arn: str) -> Sequence[RollUpRow | UnreadableError]:
        """Return the rows of that ARN, the newest first; one that cannot be read as the error that names it.

        Raises what ``Ledger.put`` does.
        """

    def save(self, row: RollUpRow, total: RollUp) -> None:
        """Write a roll-up into its row. Raises what ``Ledger.put`` does."""


@dataclass(frozen=True, slots=True)
class StaleTotal:
    """A total to recompute. ``token`` distinguishes this mark from one that was set again later."""

    sum: Sum
    token: str


class StaleTotalReader(Protocol):
    """Reads the totals that are out of date."""

    def all(self, *, young: bool = False) -> Sequence[StaleTotal]:
        """The marks whose rows every reader sees by now; with ``young`` the others too. Raises as ``Ledger.put``."""


class StaleTotals(StaleTotalReader, Protocol):
    """Reads and marks the totals that are out of date."""

    def add(self, changed: Sum) -> None:
        """Mark a total as out of date. Raises what ``Ledger.put`` does."""

    def remove(self, mark: StaleTotal) -> None:
        """Remove a mark, unless it was set again. Raises what ``Ledger.put`` does."""


class TotalReader(Protocol):
    """Reads the totals of closed days."""

    def between(self, first_day: str, last_day: str) -> Mapping[str, DayTotal]:
        """Return the totals of these days that exist, by day, both ends included. Raises what ``Ledger.put`` does."""


class TotalStore(TotalReader, Protocol):
    """Reads and writes the totals of closed days."""

    def save(self, total: DayTotal) -> None:
        """Replace a day's total. Raises what ``Ledger.put`` does."""
