"""Monthly budgets of owners and accounts: how much of each is used, the forecast, and which of that is worth an alert.

A budget is used by what is booked (rows of ended work) and by what is open (work in progress, in no row yet). The
forecast is what is used, plus the hourly price of what is open until the month ends. Months are in UTC.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sagewatch.ledger.totals import NOTHING, DayTotal
from sagewatch.pricing.book import for_time

EVERYBODY = "*"
THRESHOLDS = (100, 80, 50)  # percent
_ID = 12  # digits of an account's ID
_LONGEST_MONTH = timedelta(days=32)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Budget:
    """The amount in USD that an owner, or the account of that ID, may spend in a month.

    ``EVERYBODY`` is all owners and work without an owner.
    """

    owner: str
    usd: Decimal


@dataclass(frozen=True, slots=True)
class OpenCost:
    """What an owner's work in progress has cost in this month, in no row yet, and what it costs by the hour, in USD."""

    owner: str | None
    usd: Decimal
    hourly_usd: Decimal
    account: str | None = None


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget on a ``day``: ``spent_usd`` is booked, ``open_usd`` is in progress and costs ``hourly_usd``.

    ``until`` is the time up to which open work is counted; without it, no open work is known.
    """

    owner: str
    budget_usd: Decimal
    spent_usd: Decimal
    day: date
    open_usd: Decimal = _ZERO
    hourly_usd: Decimal = _ZERO
    until: datetime | None = None

    @property
    def used_usd(self) -> Decimal:
        """What is booked and what is open."""
        return self.spent_usd + self.open_usd

    @property
    def percent(self) -> Decimal:
        """The share of the budget that is used."""
        return self.used_usd * 100 / self.budget_usd

    @property
    def forecast_usd(self) -> Decimal | None:
        """What is used by the end of the month if open work runs on; ``None`` if no open work is known."""
        if self.until is None:
            return None
        left = max(timedelta(0), month_end(self.day) - self.until)
        return self.used_usd + for_time(self.hourly_usd, left)


@dataclass(frozen=True, slots=True)
class BudgetFinding:
    """A threshold in percent that is reached. Without a threshold, the forecast exceeds the budget."""

    state: BudgetState
    threshold: int | None

    @property
    def identity(self) -> tuple[str, str, str]:
        """The same finding of the same month."""
        return self.state.owner, f"{self.state.day:%Y-%m}", str(self.threshold or "forecast")


def month_start(day: date) -> datetime:
    """Return the first moment of a day's month in UTC."""
    return datetime.combine(day.replace(day=1), time(), UTC)


def month_end(day: date) -> datetime:
    """Return the first moment of the next month in UTC."""
    return month_start((day.replace(day=1) + _LONGEST_MONTH).replace(day=1))


def states_of(
    budgets: Sequence[Budget],
    totals: Iterable[DayTotal],
    day: date,
    *,
    open_costs: Sequence[OpenCost] = (),
    until: datetime | None = None,
) -> tuple[BudgetState, ...]:
    """Return the state of each budget on a day. Totals of other months and of later days are left out."""
    first, last = day.replace(day=1).isoformat(), day.isoformat()
    days = [total for total in totals if first <= total.day <= last]
    return tuple(
        BudgetState(
            budget.owner,
            budget.usd,
            _booked(budget, days),
            day,
            _sum(cost.usd for cost in open_costs if _covers(budget, cost)),
            _sum(cost.hourly_usd for cost in open_costs if _covers(budget, cost)),
            until,
        )
        for budget in budgets
    )


def findings(states: Iterable[BudgetState]) -> list[BudgetFinding]:
    """Return what is worth an alert: of each budget the highest threshold reached, and a forecast above the budget.

    A forecast above what is used already is no news.
    """
    found = []
    for state in states:
        reached = next((threshold for threshold in THRESHOLDS if state.percent >= threshold), None)
        if reached is not None:
            found.append(BudgetFinding(state, reached))
        forecast = state.forecast_usd
        if state.used_usd < state.budget_usd and forecast is not None and forecast > state.budget_usd:
            found.append(BudgetFinding(state, None))
    return found


def _booked(budget: Budget, days: Iterable[DayTotal]) -> Decimal:
    if is_account(budget.owner):
        return _sum(total.accounts.get(budget.owner, NOTHING).cost_usd for total in days)
    cells = (cell for total in days for cell in total.cells.items())
    return _sum(spend.cost_usd for cell, spend in cells if budget.owner in {EVERYBODY, cell.owner})


def is_account(name: str) -> bool:
    """Whether a budget of that name is an account's: its name is an account's ID."""
    return len(name) == _ID and name.isdecimal()


def _covers(budget: Budget, cost: OpenCost) -> bool:
    """Whether work uses a budget. An owner tag that is spelt as ``EVERYBODY`` has no budget of its own."""
    return budget.owner in {EVERYBODY, cost.account if is_account(budget.owner) else cost.owner}


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)
