"""Monthly budgets of owners: how much of them is used, where the month is going, and what of that is worth telling.

The forecast is a straight line over the month so far: what has been spent, divided by the days that are over, times the
days of the month. It says nothing before three days are over. Months and days are in UTC, and only days that are over
count.
"""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sagewatch.ledger.totals import DayTotal

EVERYBODY = "*"
THRESHOLDS = (100, 80, 50)  # percent
_FORECAST_FROM = 3  # days
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Budget:
    """What an owner may spend in a month, in USD; ``EVERYBODY`` is all owners together, and jobs without one."""

    owner: str
    usd: Decimal


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget, and what has been spent of it up to the end of ``day``."""

    owner: str
    budget_usd: Decimal
    spent_usd: Decimal
    day: date

    @property
    def percent(self) -> Decimal:
        """How much of it is used."""
        return self.spent_usd * 100 / self.budget_usd

    @property
    def forecast_usd(self) -> Decimal | None:
        """What the month will come to, if it goes on as it has begun; ``None`` while that cannot be told."""
        if self.day.day < _FORECAST_FROM:
            return None
        return self.spent_usd / self.day.day * calendar.monthrange(self.day.year, self.day.month)[1]


@dataclass(frozen=True, slots=True)
class BudgetFinding:
    """A threshold in percent that has been reached; without one, the forecast passes the budget."""

    state: BudgetState
    threshold: int | None

    @property
    def identity(self) -> tuple[str, str, str]:
        """The same finding of the same month."""
        return self.state.owner, f"{self.state.day:%Y-%m}", str(self.threshold or "forecast")


def states_of(budgets: Sequence[Budget], totals: Iterable[DayTotal], day: date) -> tuple[BudgetState, ...]:
    """How budgets stand at the end of a day. Totals of other months, and of later days, are left out."""
    first, last = day.replace(day=1).isoformat(), day.isoformat()
    spent = _by_owner(total for total in totals if first <= total.day <= last)
    return tuple(BudgetState(budget.owner, budget.usd, spent.get(budget.owner, _ZERO), day) for budget in budgets)


def findings(states: Iterable[BudgetState]) -> list[BudgetFinding]:
    """What is worth telling: of each budget the highest threshold that is reached, and a forecast above it.

    A forecast above what is spent already is no news.
    """
    found = []
    for state in states:
        reached = next((threshold for threshold in THRESHOLDS if state.percent >= threshold), None)
        if reached is not None:
            found.append(BudgetFinding(state, reached))
        forecast = state.forecast_usd
        if state.spent_usd < state.budget_usd and forecast is not None and forecast > state.budget_usd:
            found.append(BudgetFinding(state, None))
    return found


def _by_owner(totals: Iterable[DayTotal]) -> Mapping[str, Decimal]:
    spent = {EVERYBODY: _ZERO}
    for total in totals:
        for cell, spend in total.cells.items():
            spent[EVERYBODY] += spend.cost_usd
            if cell.owner is not None:
                spent[cell.owner] = spent.get(cell.owner, _ZERO) + spend.cost_usd
    return spent
