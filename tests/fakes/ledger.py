"""The stores in memory, for tests: real implementations, held to the same contract as the tables."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sagewatch.clock import iso
from sagewatch.ledger.families import PastRun
from sagewatch.ledger.ports import PutResult, RollUpRow, StaleTotal
from sagewatch.ledger.records import CostRecord, past_run, supersedes
from sagewatch.ledger.totals import Amounts, DayTotal, LedgerRow, RollUp, Sum, sums_with
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sagemaker.resources import Key


@dataclass
class InMemoryLedger:
    """The ``Ledger`` port on a dictionary, and the ports that read it or write roll-ups into it."""

    rows: dict[Key, CostRecord] = field(default_factory=dict)
    roll_ups: dict[Key, RollUp] = field(default_factory=dict)
    replaced_days: dict[Key, set[str]] = field(default_factory=dict)

    def put(self, row: CostRecord) -> PutResult:
        """See ``Ledger.put``."""
        key = (row.resource_arn, row.created_at)
        before = self.rows.get(key)
        if before and not supersedes(row, before):
            return PutResult(written=False, replaced=self._replaced_by(before))
        self.rows[key] = row
        if before:
            self.replaced_days.setdefault(key, set()).add(before.ended_on)
        return PutResult(written=True, replaced=sums_with(before) if before else ())

    def _replaced_by(self, row: CostRecord) -> tuple[Sum, ...]:
        days = sorted(self.replaced_days.get((row.resource_arn, row.created_at), ()))
        return tuple(dict.fromkeys(total for day in days for total in sums_with(replace(row, ended_on=day))))

    def recorded(self, jobs: Sequence[ListedJob]) -> AbstractSet[Key]:
        """See ``LedgerKeys.recorded``."""
        return {job.key for job in jobs} & self.rows.keys()

    def times_of(self, arn: str) -> Sequence[datetime]:
        """See ``LedgerKeys.times_of``."""
        return sorted((datetime.fromisoformat(time) for name, time in self.rows if name == arn), reverse=True)

    def of_day(self, day: str) -> Iterator[LedgerRow]:
        """See ``LedgerRows.of_day``."""
        return (row for row in self._read() if row.ended_on == day)

    def of_owner(self, owner: str, first_day: str, last_day: str) -> Iterator[LedgerRow]:
        """See ``LedgerRows.of_owner``."""
        return (row for row in self._read() if row.owner == owner and first_day <= row.ended_on <= last_day)

    def amounts_of_day(self, day: str) -> Iterator[Amounts]:
        """See ``LedgerRows.amounts_of_day``."""
        return self.of_day(day)

    def amounts_of_children(self, arn: str, since: str) -> Iterator[Amounts]:
        """See ``LedgerRows.amounts_of_children``."""
        return (row for row in self._read() if row.parent_arn == arn and row.ended_at >= since)

    def take_unreadable(self) -> Sequence[str]:
        """See ``LedgerRows.take_unreadable``. In memory every row can be read."""
        return ()

    def recent(self, family: str, since: datetime, most: int) -> Sequence[PastRun]:
        """See ``Families.recent``."""
        rows = (row for row in self.rows.values() if row.family == family and row.ended_at >= iso(since))
        return [past_run(row) for row in sorted(rows, key=_ended_at, reverse=True)[:most]]

    def newest(self, arn: str) -> RollUpRow | None:
        """See ``RollUps.newest``."""
        newest = max((row for row in self.rows.values() if row.resource_arn == arn), key=_created_at, default=None)
        return RollUpRow(arn, newest.created_at, newest.parent_arn) if newest else None

    def save(self, row: RollUpRow, total: RollUp) -> None:
        """See ``RollUps.save``."""
        self.roll_ups[row.arn, row.created_at] = total

    def _read(self) -> Iterator[LedgerRow]:
        columns = {column.name for column in fields(LedgerRow)}
        for key, row in sorted(self.rows.items(), key=lambda entry: entry[1].ended_at):
            read: dict[str, Any] = {name: value for name, value in asdict(row).items() if name in columns}
            total = self.roll_ups.get(key)
            yield LedgerRow(
                **read,
                rollup_usd=total.cost_usd if total else None,
                rollup_jobs=total.jobs if total else None,
                rollup_unpriced_jobs=total.unpriced_jobs if total else None,
            )


def _created_at(row: CostRecord) -> str:
    return row.created_at


def _ended_at(row: CostRecord) -> str:
    return row.ended_at


@dataclass
class InMemoryStaleTotals:
    """The ``StaleTotals`` port on a dictionary."""

    tokens: dict[Sum, int] = field(default_factory=dict)

    def add(self, changed: Sum) -> None:
        """See ``StaleTotals.add``."""
        self.tokens[changed] = self.tokens.get(changed, 0) + 1

    def all(self, *, young: bool = False) -> Sequence[StaleTotal]:
        """See ``StaleTotals.all``. Here every reader sees everything."""
        del young
        return [StaleTotal(changed, str(token)) for changed, token in self.tokens.items()]

    def remove(self, mark: StaleTotal) -> None:
        """See ``StaleTotals.remove``."""
        if str(self.tokens.get(mark.sum)) == mark.token:
            del self.tokens[mark.sum]


@dataclass
class InMemoryTotalStore:
    """The ``TotalStore`` port on a dictionary."""

    kept: dict[str, DayTotal] = field(default_factory=dict)

    def save(self, total: DayTotal) -> None:
        """See ``TotalStore.save``."""
        self.kept[total.day] = total

    def between(self, first_day: str, last_day: str) -> Mapping[str, DayTotal]:
        """See ``TotalStore.between``."""
        return {day: total for day, total in self.kept.items() if first_day <= day <= last_day}
