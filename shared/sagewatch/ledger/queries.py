"""Query the ledger by day, owner, kind and job: most expensive, failed, saved by spot, unpriced.

Closed days come from their totals. Other days and single jobs come from rows, one index partition at a time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from sagewatch.ledger.largest import LargestRows
from sagewatch.ledger.ports import AmountColumn, LedgerRows, RowFilter, StaleTotalReader, TotalReader
from sagewatch.ledger.totals import NOTHING, UNOWNED, Cell, DayKey, DayTotal, LedgerRow, Spend, spend_of, total_of_day
from sagewatch.sagemaker.kinds import ResourceKind


class GroupBy(StrEnum):
    """The key that totals are grouped by."""

    DAY = "day"
    OWNER = "owner"
    KIND = "kind"
    ACCOUNT = "account"


class Filter(StrEnum):
    """Selects jobs."""

    ALL = "all"
    FAILED = "failed"
    SPOT = "spot"
    UNPRICED = "unpriced"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerQuery:
    """The part of the ledger to query: days in UTC, both included, and optionally one owner, kind or account."""

    first_day: date
    last_day: date
    owner: str | None = None
    kind: ResourceKind | None = None
    account: str | None = None

    @property
    def days(self) -> Iterator[str]:
        """Every day of the query."""
        count = (self.last_day - self.first_day).days + 1
        return ((self.first_day + timedelta(days=number)).isoformat() for number in range(count))

    def covers(self, kind: ResourceKind, owner: str | None) -> bool:
        """Whether the query covers jobs of that kind and owner."""
        return self.kind in {None, kind} and self.owner in {None, owner or UNOWNED}


def _nobody(day: str) -> None:
    """Ignore progress."""
    del day


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerQueries:
    """Answers queries. It calls ``on_day`` before it reads a day from rows."""

    rows: LedgerRows
    totals: TotalReader
    marks: StaleTotalReader
    on_day: Callable[[str], None] = _nobody

    def grouped(self, question: LedgerQuery, by: GroupBy) -> dict[str, Spend]:
        """Add up by day, owner, kind or account. Groups without jobs are left out.

        Totals know no accounts, so these are added up row by row.
        """
        groups: dict[str, Spend] = {}
        if by is GroupBy.ACCOUNT:
            for row in self.jobs(question):
                if not row.kind.is_rollup:
                    groups[row.account] = groups.get(row.account, NOTHING) + spend_of(row)
            return groups
        for total in self.days(question):
            for cell, spend in total.cells.items():
                if question.covers(cell.kind, cell.owner):
                    name = _group(by, total.day, cell)
                    groups[name] = groups.get(name, NOTHING) + spend
        return groups

    def jobs(
        self, question: LedgerQuery, only: Filter = Filter.ALL, wanted: RowFilter | None = None
    ) -> Iterator[LedgerRow]:
        """Yield the jobs of the query by the day of their end, those that roll up others included.

        With ``wanted``, only these rows are read.
        """
        rows = (row for row in self._rows(question, wanted) if question.account in {None, row.account})
        return (row for row in rows if question.covers(row.kind, row.owner) and _WANTED[only](row))

    def most_expensive(self, question: LedgerQuery, count: int, only: Filter = Filter.ALL) -> list[LedgerRow]:
        """Return the jobs that cost the most (or, of spot jobs, saved the most), in descending order, unpriced last."""
        column, size = _SIZES[only]
        largest = LargestRows(count, size)
        largest.add(self.jobs(question, only, RowFilter(column=column, above=largest.least)))
        return largest.rows()

    def days(self, question: LedgerQuery) -> Iterator[DayTotal]:
        """Yield the total of every day of the query, for all owners and kinds, or for one account."""
        if question.account is not None:
            for day in question.days:
                self.on_day(day)
                yield total_of_day(day, (row for row in self.rows.of_day(day) if row.account == question.account))
            return
        stale = {mark.sum for mark in self.marks.all(young=True)}
        kept = self.totals.between(question.first_day.isoformat(), question.last_day.isoformat())
        for day in question.days:
            if day in kept and DayKey(day) not in stale:
                yield kept[day]
            else:
                self.on_day(day)
                yield total_of_day(day, self.rows.amounts_of_day(day))

    def _rows(self, question: LedgerQuery, wanted: RowFilter | None) -> Iterator[LedgerRow]:
        if question.owner is not None and question.owner != UNOWNED:
            first, last = question.first_day.isoformat(), question.last_day.isoformat()
            yield from self.rows.of_owner(question.owner, first, last, wanted)
            return
        for day in question.days:
            self.on_day(day)
            yield from self.rows.of_day(day, wanted)


def _group(by: GroupBy, day: str, cell: Cell) -> str:
    match by:
        case GroupBy.DAY:
            return day
        case GroupBy.OWNER:
            return cell.owner or UNOWNED
        case GroupBy.KIND:
            return cell.kind.value
        case GroupBy.ACCOUNT:
            raise ValueError("totals know no accounts")


_WANTED: dict[Filter, Callable[[LedgerRow], bool]] = {
    Filter.ALL: lambda _: True,
    Filter.FAILED: lambda row: row.failure_class is not None,
    Filter.SPOT: lambda row: row.spot_savings_usd is not None,
    Filter.UNPRICED: lambda row: spend_of(row).unpriced_jobs > 0,
}


def _cost(row: LedgerRow) -> Decimal:
    return Decimal(-1) if row.cost_usd is None else row.cost_usd


def _saving(row: LedgerRow) -> Decimal:
    return row.spot_savings_usd or Decimal(0)


_SIZES: Mapping[Filter, tuple[AmountColumn, Callable[[LedgerRow], Decimal]]] = {
    **dict.fromkeys(Filter, ("cost_usd", _cost)),
    Filter.SPOT: ("spot_savings_usd", _saving),
}
