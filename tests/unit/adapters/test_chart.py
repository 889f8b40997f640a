"""The chart as matplotlib draws it: a PNG of the right size, whatever is in it. How it looks is for eyes."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image

from sagewatch.adapters.chart import MatplotlibChart
from sagewatch.digest.periods import DateRange, DigestPeriod
from sagewatch.digest.summary import chart_of
from sagewatch.ledger.totals import Cell, DayTotal, Spend
from sagewatch.sagemaker.kinds import ResourceKind

WEEK = DateRange(DigestPeriod.WEEKLY, date(2026, 11, 16), date(2026, 11, 22))


def a_picture(*usd: str) -> Image.Image:
    """A chart of training jobs on the last days."""
    totals = [
        DayTotal(f"2026-11-{22 - back}", {Cell(ResourceKind.TRAINING, None): Spend(jobs=1, cost_usd=Decimal(amount))})
        for back, amount in enumerate(usd)
    ]
    return Image.open(BytesIO(MatplotlibChart().draw(chart_of(WEEK, totals))))


@pytest.mark.parametrize("usd", [(), ("0",), ("0.0000000001",), ("3", "2.50"), ("1234567890.12",) * 14])
def test_any_amounts_make_a_png_of_one_size(usd: tuple[str, ...]) -> None:
    """Wide enough for Slack at its widest."""
    picture = a_picture(*usd)

    assert (picture.format, picture.size) == ("PNG", (1200, 696))


def test_the_period_is_in_full_colour_and_the_days_before_are_paler() -> None:
    """Training is blue; on the left of the middle it is nearer to white."""
    picture = a_picture(*["5"] * 14).convert("RGB")
    middle = picture.height // 2
    left, right = (picture.getpixel((picture.width * tenths // 10, middle)) for tenths in (3, 8))
    colours = {picture.getpixel((x, middle)) for x in range(picture.width)}

    assert (0, 114, 178) in colours
    assert len({left, right}) == 2
