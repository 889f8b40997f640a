"""What people ask the ledger: by day, owner, kind and job; the dearest; failed money, spot savings, what is unpriced.

Closed days are answered from their totals, other days and single jobs from rows, one partition of an index at a time.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from sagewatch.ledger.ports import LedgerRows, StaleTotalReader, TotalReader
from sagewatch.ledger.totals import NOTHING, UNOWNED, Cell, DayKey, DayTotal, LedgerRow, Spend, spend_of, total_of_day
from sagewatch.sagemaker.resources import ResourceKind


class GroupBy(StrEnum):
    """What sums are grouped by."""

    DAY = "day"
    OWNER = "owner"
    KIND = "kind"


class Filter(StrEnum):
    """Which jobs are asked for."""

    ALL = "all"
    FAILED = "failed"
    SPOT = "spot"
    UNPRICED = "unpriced"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerQuery:
    """Which part of the ledger is asked about: days in UTC, both included, and only one owner or kind if so."""

    first_day: date
    last_day: date
    owner: str | None = None
    kind: ResourceKind | None = None

    @property
    def days(self) -> Iterator[str]:
        """Every day asked about."""
        count = (self.last_day - self.first_day).days + 1
        return ((self.first_day + timedelta(days=number)).isoformat() for number in range(count))

    def covers(self, kind: ResourceKind, owner: str | None) -> bool:
        """Whether jobs of that kind and owner are asked about."""
        return self.kind in {None, kind} and self.owner in {None, owner or UNOWNED}


def _nobody(day: str) -> None:
    """Care for no progress."""
    del day


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerQueries:
    """Answers questions. ``on_day`` hears of each day that is about to be read from rows."""

    rows: LedgerRows
    totals: TotalReader
    marks: StaleTotalReader
    on_day: Callable[[str], None] = _nobody

    def grouped(self, question: LedgerQuery, by: GroupBy) -> dict[str, Spend]:
        """Add up by day, owner or kind. A group without jobs is not there."""
        groups: dict[str, Spend] = {}
        for total in self.days(question):
            for cell, spend in total.cells.items():
                if question.covers(cell.kind, cell.owner):
                    name = _group(by, total.day, cell)
                    groups[name] = groups.get(name, NOTHING) + spend
        return groups

    def jobs(self, question: LedgerQuery, only: Filter = Filter.ALL) -> Iterator[LedgerRow]:
        """Yield the jobs asked about, by the day of their end; those that roll up others are among them."""
        return (row for row in self._rows(question) if question.covers(row.kind, row.owner) and _WANTED[only](row))

    def most_expensive(self, question: LedgerQuery, count: int, only: Filter = Filter.ALL) -> list[LedgerRow]:
        """The jobs that cost the most (or, of spot jobs, saved the most), dearest first; unpriced ones come last."""
        return heapq.nlargest(count, self.jobs(question, only), key=_SIZES[only])

    def days(self, question: LedgerQuery) -> Iterator[DayTotal]:
        """Yield the total of every day asked about, of all owners and kinds."""
        stale = {mark.sum for mark in self.marks.all(young=True)}
        kept = self.totals.between(question.first_day.isoformat(), question.last_day.isoformat())
        for day in question.days:
            if day in kept and DayKey(day) not in stale:
                yield kept[day]
            else:
                self.on_day(day)
                yield total_of_day(day, self.rows.amounts_of_day(day))

    def _rows(self, question: LedgerQuery) -> Iterator[LedgerRow]:
        if question.owner is not None and question.owner != UNOWNED:
            first, last = question.first_day.isoformat(), question.last_day.isoformat()
            yield from self.rows.of_owner(question.owner, first, last)
            return
        for day in question.days:
            self.on_day(day)
            yield from self.rows.of_day(day)


def _group(by: GroupBy, day: str, cell: Cell) -> str:
    match by:
        case GroupBy.DAY:
            return day
        case GroupBy.OWNER:
            return cell.owner or UNOWNED
        case GroupBy.KIND:
            return cell.kind.value


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


_SIZES = {Filter.ALL: _cost, Filter.FAILED: _cost, Filter.SPOT: _saving, Filter.UNPRICED: _cost}
