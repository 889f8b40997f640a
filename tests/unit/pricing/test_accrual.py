"""What is said of the accrual of a running job."""

from decimal import Decimal

from sagewatch.pricing.accrual import accrual_of
from sagewatch.pricing.book import Rates
from sagewatch.sagemaker.resources import InstanceGroup
from tests.worlds.builders import BOOK, NOW, a_job

RATES = Rates(BOOK, Decimal(0))


def test_the_types_without_a_price_are_named_and_no_others() -> None:
    """One priced type among them is none of them."""
    groups = tuple(InstanceGroup(name, 1) for name in ("ml.m5.xlarge", "ml.p9.xlarge", "ml.p9.48xlarge"))

    assert accrual_of(a_job(groups=groups), RATES, NOW).note == (
        "no price is known for ml.p9.xlarge, ml.p9.48xlarge in us-east-1"
    )


def test_a_job_on_spot_costs_at_most_so_much() -> None:
    """Its saving is known at its end."""
    assert str(accrual_of(a_job(spot=True), RATES, NOW).note).startswith("these are the highest possible costs")
    assert accrual_of(a_job(spot=False), RATES, NOW).note is None
