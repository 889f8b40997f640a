"""Add up rows: numbers of jobs with their cost, the totals of days, and the roll-ups of parents.

A total is always derived from rows. A job that only rolls up others has no amount of its own, so that nothing is
counted twice; a row is never superseded by another, for a better one replaces it under the same key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sagewatch.failures.diagnosis import FailureClass
from sagewatch.ledger.records import CostRecord
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind, rolls_up
from sagewatch.sagemaker.resources import JobStatus

UNOWNED = "(no owner)"  # what jobs without an owner are listed under
_ZERO = Decimal(0)
_PAID_OTHERWISE = frozenset({PricingStatus.FREE, PricingStatus.COVERED})  # nothing, or before


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """The fields of a row that totals need. ``None`` means not known, as in ``CostRecord``; amounts are USD."""

    kind: ResourceKind
    pricing: PricingStatus
    account: str | None = None
    owner: str | None = None
    cost_usd: Decimal | None = None
    list_cost_usd: Decimal | None = None
    spot_savings_usd: Decimal | None = None
    failure_class: FailureClass | None = None
    rollup_usd: Decimal | None = None
    rollup_jobs: int | None = None
    rollup_unpriced_jobs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow(Amounts):
    """The fields of a row that lists of jobs need."""

    resource_arn: str
    resource_name: str
    status: JobStatus
    account: str
    region: str
    created_at: str
    ended_at: str
    ended_on: str
    pricing_reason: str
    started_at: str | None = None
    instances: str | None = None
    billable_seconds: int | None = None
    parent_arn: str | None = None
    stopped_by: str | None = None
    idle_since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """A number of jobs and their money in USD. ``unpriced_jobs`` are those whose cost is not known: never 0.

    ``spot_cost_usd`` is what of ``cost_usd`` was paid for spot jobs, which saved ``spot_savings_usd``.
    """

    jobs: int = 0
    cost_usd: Decimal = _ZERO
    list_cost_usd: Decimal = _ZERO
    failed_jobs: int = 0
    failed_usd: Decimal = _ZERO
    spot_cost_usd: Decimal = _ZERO
    spot_savings_usd: Decimal = _ZERO
    unpriced_jobs: int = 0
    provisional_jobs: int = 0

    def __add__(self, other: "Spend") -> "Spend":
        """Return the sum of both."""
        return Spend(
            jobs=self.jobs + other.jobs,
            cost_usd=self.cost_usd + other.cost_usd,
            list_cost_usd=self.list_cost_usd + other.list_cost_usd,
            failed_jobs=self.failed_jobs + other.failed_jobs,
            failed_usd=self.failed_usd + other.failed_usd,
            spot_cost_usd=self.spot_cost_usd + other.spot_cost_usd,
            spot_savings_usd=self.spot_savings_usd + other.spot_savings_usd,
            unpriced_jobs=self.unpriced_jobs + other.unpriced_jobs,
            provisional_jobs=self.provisional_jobs + other.provisional_jobs,
        )


NOTHING = Spend()


def spend_of(row: Amounts) -> Spend:
    """What one row adds to a sum: nothing, if it rolls up others. A job its own limit stopped counts as failed."""
    if row.kind.is_rollup:
        return NOTHING
    cost = row.cost_usd or _ZERO
    failed = row.failure_class is not None
    return Spend(
        jobs=1,
        cost_usd=cost,
        list_cost_usd=row.list_cost_usd or _ZERO,
        failed_jobs=int(failed),
        failed_usd=cost if failed else _ZERO,
        spot_cost_usd=_ZERO if row.spot_savings_usd is None else cost,
        spot_savings_usd=row.spot_savings_usd or _ZERO,
        unpriced_jobs=int(row.cost_usd is None and row.pricing not in _PAID_OTHERWISE),
        provisional_jobs=int(row.pricing is PricingStatus.PROVISIONAL),
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """The key that a total is split by."""

    kind: ResourceKind
    owner: str | None


@dataclass(frozen=True, slots=True)
class DayTotal:
    """The total of the jobs that ended on one day (UTC).

    ``accounts`` splits it by account. It is empty where an earlier release added up, which knew one account.
    """

    day: str
    cells: Mapping[Cell, Spend]
    accounts: Mapping[str, Spend] = field(default_factory=dict)

    def split(self, home: str) -> "DayTotal":
        """Return the total with its split by account; where it has none, all of it is the stack's own."""
        return self if self.accounts else DayTotal(self.day, self.cells, {home: sum(self.cells.values(), NOTHING)})


def total_of_day(day: str, rows: Iterable[Amounts]) -> DayTotal:
    """Add up the rows of a day, in memory that grows with its kinds, owners and accounts, not with its rows."""
    parts: dict[tuple[Cell, str | None], Spend] = {}
    for row in rows:
        if not row.kind.is_rollup:
            part = Cell(row.kind, row.owner), row.account
            parts[part] = parts.get(part, NOTHING) + spend_of(row)
    cells: dict[Cell, Spend] = {}
    accounts: dict[str, Spend] = {}
    for (cell, account), spend in parts.items():
        cells[cell] = cells.get(cell, NOTHING) + spend
        if account:
            accounts[account] = accounts.get(account, NOTHING) + spend
    return DayTotal(day, cells, accounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """The total of a tuning or AutoML job's children, their own children included; ``None`` while no cost is known."""

    jobs: int = 0
    cost_usd: Decimal | None = None
    unpriced_jobs: int = 0


def roll_up(children: Iterable[Amounts]) -> RollUp:
    """Add up children. A child that rolls up others contributes their total too."""
    total = RollUp()
    for row in children:
        spend = spend_of(row)
        known = [usd for usd in (total.cost_usd, row.rollup_usd, row.cost_usd) if usd is not None]
        total = RollUp(
            jobs=total.jobs + (row.rollup_jobs or 0) + spend.jobs,
            cost_usd=sum(known, _ZERO) if known else None,
            unpriced_jobs=total.unpriced_jobs + (row.rollup_unpriced_jobs or 0) + spend.unpriced_jobs,
        )
    return total


@dataclass(frozen=True, slots=True)
class DayKey:
    """The total of a day."""

    day: str


@dataclass(frozen=True, slots=True)
class RollUpKey:
    """The roll-up of the job with that ARN."""

    arn: str


Sum = DayKey | RollUpKey


def sums_with(row: CostRecord) -> tuple[Sum, ...]:
    """Return the totals that become out of date once this row is written."""
    return sums_of(row.kind, row.resource_arn, row.ended_on, row.parent_arn)


def sums_of(kind: ResourceKind, arn: str, ended_on: str, parent_arn: str | None) -> tuple[Sum, ...]:
    """Return the totals a row is part of: its day's, or the roll-up it holds itself, and its parent's."""
    own: Sum = RollUpKey(arn) if kind.is_rollup else DayKey(ended_on)
    return (own, RollUpKey(parent_arn)) if parent_arn and rolls_up(parent_arn) else (own,)
