"""Budgets, by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from sagewatch.budgets.budget import (
    EVERYBODY,
    Budget,
    BudgetState,
    OpenCost,
    findings,
    is_account,
    month_end,
    states_of,
)
from sagewatch.ledger.totals import Cell, DayTotal, Spend
from sagewatch.sagemaker.kinds import ResourceKind


def a_total(day: str, **usd: str) -> DayTotal:
    """What owners spent on a day; ``nobody`` is no owner."""
    cells = {
        Cell(ResourceKind.TRAINING, None if owner == "nobody" else owner): Spend(jobs=1, cost_usd=Decimal(amount))
        for owner, amount in usd.items()
    }
    return DayTotal(day, cells)


def a_state(spent: str, day: int, open_usd: str = "0", hourly: str = "0") -> BudgetState:
    """A budget of 100 in November, at nine in the morning of a day; the month has 30 days."""
    until = datetime(2026, 11, day, 9, tzinfo=UTC)
    amounts = (Decimal(spent), date(2026, 11, day), Decimal(open_usd), Decimal(hourly))
    return BudgetState("ana", Decimal(100), *amounts, until)


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

    assert (ana.spent_usd, ana.percent, ana.forecast_usd) == (Decimal(30), Decimal(50), None)
    assert (everybody.spent_usd, everybody.percent) == (Decimal(37), Decimal(10))
    assert (chi.owner, str(chi.spent_usd)) == ("chi", "0")
    assert isinstance(chi.spent_usd, Decimal)


def test_open_work_uses_a_budget_beside_what_is_booked() -> None:
    """It is stated apart; work without an owner uses the budget of everybody alone."""
    budgets = [Budget("ana", Decimal(100)), Budget(EVERYBODY, Decimal(100))]
    open_costs = [OpenCost("ana", Decimal(20), Decimal(1)), OpenCost(None, Decimal(5), Decimal(2))]
    until = datetime(2026, 11, 30, 0, tzinfo=UTC)
    ana, everybody = states_of(
        budgets, [a_total("2026-11-01", ana="10")], date(2026, 11, 30), open_costs=open_costs, until=until
    )

    assert [ana.spent_usd, ana.open_usd, ana.used_usd, ana.percent] == [Decimal(usd) for usd in (10, 20, 30, 30)]
    assert [everybody.used_usd, everybody.hourly_usd] == [Decimal(35), Decimal(3)]
    assert [ana.forecast_usd, everybody.forecast_usd] == [Decimal(30 + 24), Decimal(35 + 3 * 24)]


def test_a_budget_of_an_account_counts_the_work_of_that_account_alone() -> None:
    """Booked and open, of any owner; the budget of everybody counts it once."""
    ours, theirs = "111122223333", "222233334444"
    total = DayTotal(
        "2026-11-05",
        {Cell(ResourceKind.TRAINING, "ana"): Spend(jobs=2, cost_usd=Decimal(30))},
        {ours: Spend(jobs=1, cost_usd=Decimal(10)), theirs: Spend(jobs=1, cost_usd=Decimal(20))},
    )
    before = a_total("2026-11-01", ana="7").split(ours)  # added up when there was one account
    open_costs = [OpenCost("ana", Decimal(3), Decimal(1), theirs), OpenCost("ana", Decimal(4), Decimal(2), ours)]
    budgets = [Budget(name, Decimal(100)) for name in (ours, theirs, EVERYBODY, "ana", "333344445555")]
    states = states_of(
        budgets, [before, total], date(2026, 11, 5), open_costs=open_costs, until=datetime(2026, 11, 5, tzinfo=UTC)
    )

    assert [state.spent_usd for state in states] == [Decimal(usd) for usd in (17, 20, 37, 37, 0)]
    assert [state.open_usd for state in states] == [Decimal(usd) for usd in (4, 3, 7, 7, 0)]
    assert [state.hourly_usd for state in states] == [Decimal(usd) for usd in (2, 1, 3, 3, 0)]


@pytest.mark.parametrize("tag", ["*", "ana", None])
def test_every_amount_counts_once_for_everybody(tag: str | None) -> None:
    """Whatever an owner tag says, the sign for everybody included."""
    total = DayTotal("2026-11-01", {Cell(ResourceKind.TRAINING, tag): Spend(jobs=1, cost_usd=Decimal(100))})
    [state] = states_of([Budget(EVERYBODY, Decimal(1000))], [total], date(2026, 11, 5))

    assert state.spent_usd == Decimal(100)


@pytest.mark.parametrize(
    ("spent", "day", "open_usd", "hourly", "told"),
    [
        ("0", 10, "0", "0", []),
        ("49.99", 30, "0", "0", []),
        ("50", 20, "0", "0", [50]),
        ("0", 20, "50", "0", [50]),
        ("30", 20, "49.99", "0", [50]),
        ("80", 28, "0", "0", [80]),
        ("10", 29, "10", "2.05", []),  # 39 hours are left: 99.95
        ("10", 29, "10", "2.06", [None]),  # 100.34
        ("22", 29, "0", "2", []),  # 100 exactly
        ("70", 29, "10", "1", [80, None]),
        ("60", 29, "40", "9", [100]),  # that it will pass is no news then
        ("1000", 1, "0", "0", [100]),
        ("15", 1, "0", "0", []),  # a lump on the first day is no rate
    ],
)
def test_thresholds_and_forecasts(spent: str, day: int, open_usd: str, hourly: str, told: list[int | None]) -> None:
    """Only the highest threshold that is reached; a forecast is what is used plus what open work will cost."""
    assert [finding.threshold for finding in findings([a_state(spent, day, open_usd, hourly)])] == told


def test_a_real_overrun_is_reported_after_its_forecast() -> None:
    """The forecast of a month and each of its thresholds are alerts of their own."""
    forecast, overrun = (findings([a_state(*how)]) for how in (("40", 20, "9", "1"), ("40", 28, "60", "1")))

    assert [finding.threshold for finding in forecast] == [None]
    assert [finding.threshold for finding in overrun] == [100]
    assert forecast[0].identity != overrun[0].identity


def test_a_finding_is_the_same_all_month() -> None:
    """However much is spent, and on whatever day; another month's is another."""
    first, again = (findings([a_state(*how)])[0] for how in (("50", 29), ("60", 30)))
    december = findings([BudgetState("ana", Decimal(100), Decimal(60), date(2026, 12, 30))])[0]

    assert first.identity == again.identity == ("ana", "2026-11", "50")
    assert december.identity == ("ana", "2026-12", "50")


@pytest.mark.parametrize("day", ["2026-01-31", "2026-02-28", "2026-11-30", "2026-12-31", "2028-02-29"])
def test_a_month_ends_where_the_next_begins(day: str) -> None:
    """The day after the last one."""
    last = date.fromisoformat(day)

    assert month_end(last).date() == last + timedelta(days=1)
    assert month_end(last.replace(day=1)) == month_end(last)


@pytest.mark.parametrize(
    ("name", "account"), [("111122223333", True), ("ana@examples", False), ("11112222333", False), ("2026", False)]
)
def test_an_account_is_named_by_its_twelve_digits(name: str, *, account: bool) -> None:
    """An owner may have a name of twelve letters, or of other digits."""
    assert is_account(name) is account
