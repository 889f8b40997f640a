"""The stores in memory, for tests: real implementations, held to the same contract as the tables."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, override

from sagewatch.clock import iso
from sagewatch.errors import UnreadableError
from sagewatch.ledger.families import PastRun
from sagewatch.ledger.ports import (
    Families,
    Ledger,
    LedgerKeys,
    LedgerRows,
    RecordedRun,
    RollUpRow,
    RollUps,
    RowFilter,
    StaleTotal,
    StaleTotals,
    TotalStore,
)
from sagewatch.ledger.records import CostRecord, past_run, supersedes
from sagewatch.ledger.totals import Amounts, DayTotal, LedgerRow, RollUp, Sum, sums_with
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sagemaker.resources import JobStatus, Key


@dataclass
class InMemoryLedger(Ledger, LedgerKeys, LedgerRows, Families, RollUps):
    """The ``Ledger`` port on a dictionary, and the ports that read it or write roll-ups into it."""

    marks: "InMemoryStaleTotals" = field(default_factory=lambda: InMemoryStaleTotals())  # noqa: PLW0108 - defined below
    rows: dict[Key, CostRecord] = field(default_factory=dict)
    roll_ups: dict[Key, RollUp] = field(default_factory=dict)

    @override
    def put(self, row: CostRecord) -> bool:
        key = (row.resource_arn, row.created_at)
        before = self.rows.get(key)
        if before and not supersedes(row, before):
            return False
        self.rows[key] = row
        for changed in dict.fromkeys((*sums_with(row), *(sums_with(before) if before else ()))):
            self.marks.set(changed)
        return True

    @override
    def recorded(self, jobs: Sequence[ListedJob]) -> AbstractSet[Key]:
        return {job.key for job in jobs} & self.rows.keys()

    @override
    def runs_of(self, arn: str) -> Sequence[RecordedRun]:
        rows = sorted((row for row in self.rows.values() if row.resource_arn == arn), key=_created_at, reverse=True)
        return [
            RecordedRun(
                datetime.fromisoformat(row.created_at), datetime.fromisoformat(row.ended_at), missed=_is_missed(row)
            )
            for row in rows
        ]

    @override
    def of_day(self, day: str, only: RowFilter | None = None) -> Iterator[LedgerRow]:
        return (row for row in self._read() if row.ended_on == day and is_wanted(row, only))

    @override
    def of_owner(self, owner: str, first_day: str, last_day: str, only: RowFilter | None = None) -> Iterator[LedgerRow]:
        rows = (row for row in self._read() if row.owner == owner and first_day <= row.ended_on <= last_day)
        return (row for row in rows if is_wanted(row, only))

    @override
    def amounts_of_day(self, day: str) -> Iterator[Amounts]:
        return self.of_day(day)

    @override
    def amounts_of_children(self, arn: str, since: str, until: str) -> Iterator[Amounts]:
        return (row for row in self._read() if row.parent_arn == arn and since <= row.ended_at <= until)

    @override
    def take_unreadable(self) -> Sequence[str]:
        """In memory every row can be read."""
        return ()

    @override
    def recent(self, family: str, since: datetime, most: int) -> Sequence[PastRun]:
        rows = (row for row in self.rows.values() if row.family == family and row.ended_at >= iso(since))
        return [past_run(row) for row in sorted(rows, key=_ended_at, reverse=True)[:most]]

    @override
    def instances(self, keys: Sequence[Key]) -> Sequence[str]:
        found = (self.rows.get(key) for key in keys)
        return [row.instances for row in found if row and row.instances]

    @override
    def of(self, arn: str) -> Sequence[RollUpRow | UnreadableError]:
        rows = sorted((row for row in self.rows.values() if row.resource_arn == arn), key=_created_at, reverse=True)
        return [RollUpRow(arn, row.created_at, row.ended_at, row.parent_arn) for row in rows]

    @override
    def save(self, row: RollUpRow, total: RollUp) -> None:
        self.roll_ups[row.arn, row.created_at] = total

    def _read(self) -> Iterator[LedgerRow]:
        for key, row in sorted(self.rows.items(), key=lambda entry: entry[1].ended_at):
            read: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
            total = self.roll_ups.get(key)
            yield LedgerRow(
                **read,
                rollup_usd=total.cost_usd if total else None,
                rollup_jobs=total.jobs if total else None,
                rollup_unpriced_jobs=total.unpriced_jobs if total else None,
            )


_COLUMNS = {column.name for column in fields(LedgerRow)} & {column.name for column in fields(CostRecord)}


def is_wanted(row: LedgerRow, only: RowFilter | None) -> bool:
    """Whether a filter takes a row; here a page is one row."""
    if only is None or (only.kind and row.kind is only.kind):
        return True
    if only.above is None:
        return only.kind is None
    limit, amount = only.above(), getattr(row, only.column)
    return limit is None or (amount is not None and amount > limit)


def _created_at(row: CostRecord) -> str:
    return row.created_at


def _ended_at(row: CostRecord) -> str:
    return row.ended_at


@dataclass
class InMemoryStaleTotals(StaleTotals):
    """The ``StaleTotals`` port on a dictionary."""

    tokens: dict[Sum, int] = field(default_factory=dict)

    @override
    def add(self, changed: Sum) -> None:
        self.set(changed)

    def set(self, changed: Sum) -> None:
        """Set a mark as a part of a transaction: a test that makes ``add`` fail does not cut it in two."""
        self.tokens[changed] = self.tokens.get(changed, 0) + 1

    @override
    def all(self, *, young: bool = False) -> Sequence[StaleTotal]:
        """Here every reader sees everything."""
        del young
        return [StaleTotal(changed, str(token)) for changed, token in self.tokens.items()]

    @override
    def remove(self, mark: StaleTotal) -> None:
        if str(self.tokens.get(mark.sum)) == mark.token:
            del self.tokens[mark.sum]


@dataclass
class InMemoryTotalStore(TotalStore):
    """The ``TotalStore`` port on a dictionary."""

    kept: dict[str, DayTotal] = field(default_factory=dict)

    @override
    def save(self, total: DayTotal) -> None:
        self.kept[total.day] = total

    @override
    def between(self, first_day: str, last_day: str) -> Mapping[str, DayTotal]:
        return {day: total for day, total in self.kept.items() if first_day <= day <= last_day}


def _is_missed(row: CostRecord) -> bool:
    return row.status is JobStatus.DELETING and row.pricing is PricingStatus.UNPRICED
