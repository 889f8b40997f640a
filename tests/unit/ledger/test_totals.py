"""Sums of amounts."""

from dataclasses import fields
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sagewatch.ledger.totals import Spend

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
