"""Sums of amounts."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sagewatch.ledger.totals import Amounts, Cell, Spend, spend_of, total_of_day
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from tests.worlds.builders import a_job, a_row

_AMOUNTS: dict[str, st.SearchStrategy[Any]] = {
    field.name: st.decimals(0, 10**6, places=2) if field.name.endswith("_usd") else st.integers(0, 10**6)
    for field in fields(Spend)
}
SPENDS = st.builds(Spend, **_AMOUNTS)


@given(SPENDS, SPENDS)
def test_every_amount_is_added(one: Spend, other: Spend) -> None:
    """Each by itself, whatever fields there are."""
    both = one + other
    for field in fields(Spend):
        assert getattr(both, field.name) == getattr(one, field.name) + getattr(other, field.name), field.name


def test_nothing_adds_nothing() -> None:
    """It is the neutral element."""
    spend = Spend(jobs=1, cost_usd=Decimal(2), failed_jobs=1, failed_usd=Decimal(1))

    assert spend + Spend() == spend


def test_a_row_adds_all_its_amounts() -> None:
    """Its list price, what spot saved, and what a spot job cost; a job that is not on spot adds nothing to those."""
    spot = a_row(a_job(spot=True, training_seconds=7200))
    amounts = {field.name: getattr(spot, field.name) for field in fields(Amounts) if hasattr(spot, field.name)}
    half = Amounts(**amounts | {"cost_usd": Decimal("0.23")})

    assert spend_of(half) == Spend(
        jobs=1,
        cost_usd=Decimal("0.23"),
        list_cost_usd=Decimal("0.46"),
        spot_cost_usd=Decimal("0.23"),
        spot_savings_usd=Decimal("0.46"),
    )
    assert spend_of(replace(half, spot_savings_usd=None)).spot_cost_usd == 0


def test_a_day_is_split_by_account_and_its_cells_are_those_of_all_accounts() -> None:
    """An owner who works in two accounts has one cell; a row of no known account is in the cells alone."""
    rows = [
        Amounts(kind=ResourceKind.TRAINING, pricing=PricingStatus.PRICED, owner="ana", account=account, cost_usd=cost)
        for account, cost in (("1", Decimal(1)), ("2", Decimal(2)), ("2", Decimal(4)), (None, Decimal(8)))
    ]
    total = total_of_day("2026-11-20", rows)

    assert {cell: spend.cost_usd for cell, spend in total.cells.items()} == {
        Cell(ResourceKind.TRAINING, "ana"): Decimal(15)
    }
    assert {account: (spend.jobs, spend.cost_usd) for account, spend in total.accounts.items()} == {
        "1": (1, Decimal(1)),
        "2": (2, Decimal(6)),
    }
    assert total.split("1") == total
    assert total_of_day("2026-11-20", rows[3:]).split("1").accounts == {"1": spend_of(rows[3])}
