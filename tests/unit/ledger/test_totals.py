"""Sums of amounts."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sagewatch.ledger.totals import Amounts, Spend, spend_of
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
