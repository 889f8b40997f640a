"""Budgets, by hand."""

from datetime import date
from decimal import Decimal

import pytest

from sagewatch.digest.budgets import EVERYBODY, Budget, BudgetState, findings, states_of
from sagewatch.ledger.totals import Cell, DayTotal, Spend
from sagewatch.sagemaker.resources import ResourceKind


def a_total(day: str, **usd: str) -> DayTotal:
    """What owners spent on a day; ``nobody`` is no owner."""
    cells = {
        Cell(ResourceKind.TRAINING, None if owner == "nobody" else owner): Spend(jobs=1, cost_usd=Decimal(amount))
        for owner, amount in usd.items()
    }
    return DayTotal(day, cells)


def a_state(spent: str, day: int, budget: str = "100") -> BudgetState:
    """A budget of November, which has 30 days."""
    return BudgetState("ana", Decimal(budget), Decimal(spent), date(2026, 11, day))


def test_a_budget_counts_its_month_up_to_a_day() -> None:
    """Neither the month before nor a later day; everybody is everybody, jobs without an owner too."""
    totals = [
        a_total("2026-10-31", ana="1000"),
        a_total("2026-11-01", ana="10", bo="5", nobody="2"),
        a_total("2026-11-05", ana="20"),
        a_total("2026-11-06", ana="1000"),
    ]
    budgets = [Budget("ana", Decimal(60)), Budget(EVERYBODY, Decimal(370)), Budget("chi", Decimal(1))]
    ana, everybody, chi = states_of(budgets, totals, date(2026, 11, 5))

    assert (ana.spent_usd, ana.percent, ana.forecast_usd) == (Decimal(30), Decimal(50), Decimal(180))
    assert (everybody.spent_usd, everybody.percent) == (Decimal(37), Decimal(10))
    assert (chi.spent_usd, chi.forecast_usd) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("spent", "day", "told"),
    [
        ("0", 10, []),
        ("33.32", 10, []),  # 99.96 by the end
        ("33.34", 10, [None]),  # 100.02
        ("33.34", 2, []),  # two days are no line
        ("49.99", 30, []),
        ("50", 20, [50]),  # 75 by the end
        ("50", 3, [50, None]),
        ("79.99", 29, [50]),
        ("80", 28, [80]),
        ("99.99", 20, [80, None]),
        ("100", 20, [100]),  # that it will pass is no news then
        ("1000", 1, [100]),
    ],
)
def test_thresholds_and_forecasts(spent: str, day: int, told: list[int | None]) -> None:
    """Only the highest threshold that is reached; a forecast from the third day on."""
    assert [finding.threshold for finding in findings([a_state(spent, day)])] == told


def test_a_finding_is_the_same_all_month() -> None:
    """However much is spent, and on whatever day; another month's is another."""
    first, again = (findings([a_state(*how)])[0] for how in (("50", 29), ("60", 30)))
    december = findings([BudgetState("ana", Decimal(100), Decimal(60), date(2026, 12, 30))])[0]

    assert first.identity == again.identity == ("ana", "2026-11", "50")
    assert december.identity == ("ana", "2026-12", "50")
