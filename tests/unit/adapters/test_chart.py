"""The chart: a PNG of one size, whatever is in it, and nothing on top of something else. How it looks is for eyes."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped] # it has no stubs
from PIL import Image

from sagewatch.adapters import chart as adapter
from sagewatch.adapters.chart import ResvgChart, picture
from sagewatch.digest.periods import DateRange, DigestPeriod
from sagewatch.digest.summary import Chart, ChartBar, chart_of
from sagewatch.ledger.totals import Cell, DayTotal, Spend
from sagewatch.sagemaker.kinds import ResourceKind

WEEK = DateRange(DigestPeriod.WEEKLY, date(2026, 11, 16), date(2026, 11, 22))
EDGE = 2  # pixels of white that surround everything
SVG = "{http://www.w3.org/2000/svg}"
AMOUNTS = ((), ("0",), ("0.0000000001",), ("3", "2.50"), ("1234567890.12",) * 14)


def a_chart(*usd: str) -> Chart:
    """A chart of training jobs on the last days."""
    totals = [
        DayTotal(f"2026-11-{22 - back}", {Cell(ResourceKind.TRAINING, None): Spend(jobs=1, cost_usd=Decimal(amount))})
        for back, amount in enumerate(usd)
    ]
    return chart_of(WEEK, totals)


def of_every_kind(days: int) -> Chart:
    """A chart of many days on which every kind cost the same."""
    usd = dict.fromkeys(ResourceKind, Decimal("12.34"))
    first = WEEK.last.toordinal() - days + 1
    return Chart(WEEK, tuple(ChartBar(date.fromordinal(first + place), usd) for place in range(days)))


def drawn(chart: Chart) -> Image.Image:
    """The picture."""
    return Image.open(BytesIO(ResvgChart().draw(chart)))


def texts(chart: Chart) -> list[tuple[str, dict[str, str]]]:
    """What is written, with its attributes."""
    nodes = ET.fromstring(picture(chart)).iter(f"{SVG}text")  # noqa: S314 - our own output
    return [("".join(node.itertext()), node.attrib) for node in nodes]


def width(words: str, looks: dict[str, str]) -> float:
    """How wide a text is, by the font that is shipped."""
    bold = "-Bold" if looks.get("font-weight") == "bold" else ""
    font: Any = TTFont(Path(adapter.__file__).with_name("fonts") / f"DejaVuSans{bold}.ttf")
    advances = [font["hmtx"][font.getBestCmap()[ord(letter)]][0] for letter in words]
    return float(sum(advances) * float(looks["font-size"]) / font["head"].unitsPerEm)


@pytest.mark.parametrize("usd", AMOUNTS)
def test_any_amounts_make_a_png_of_one_size(usd: tuple[str, ...]) -> None:
    """Wide enough for Slack at its widest."""
    image = drawn(a_chart(*usd))

    assert (image.format, image.size) == ("PNG", (1200, 696))


@pytest.mark.parametrize("chart", [*(a_chart(*usd) for usd in AMOUNTS), of_every_kind(1), of_every_kind(31)])
def test_nothing_is_cut_off(chart: Chart) -> None:
    """The edge of the picture is white, with billions and with every kind."""
    image = drawn(chart).convert("RGB")
    inside = (EDGE, EDGE, image.width - EDGE, image.height - EDGE)
    image.paste((255, 255, 255), inside)

    assert image.getcolors() == [(image.width * image.height, (255, 255, 255))]


@pytest.mark.parametrize("usd", AMOUNTS)
def test_the_totals_are_beside_each_other(usd: tuple[str, ...]) -> None:
    """Whatever they are: one begins where the axis does, and the other ends at the right."""
    before, within = (one for one in texts(a_chart(*usd)) if "days" in one[0])

    assert float(before[1]["x"]) + width(*before) < float(within[1]["x"]) - width(*within)


@pytest.mark.parametrize("days", [1, 14, 31])
def test_days_are_written_beside_each_other(days: int) -> None:
    """Where not all have room, some are left out, and never the last one."""
    names = [one for one in texts(of_every_kind(days)) if one[0] in {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"}]
    middles = sorted(float(looks["x"]) for _, looks in names)

    assert "22" in [words for words, _ in texts(of_every_kind(days))]
    assert all(right - left > width("We", names[0][1]) for left, right in pairwise(middles))


def test_the_period_is_in_full_colour_and_the_days_before_are_paler() -> None:
    """Training is blue; on the left of the middle it is nearer to white."""
    image = drawn(a_chart(*["5"] * 14)).convert("RGB")
    middle = image.height // 2
    left, right = (image.getpixel((image.width * tenths // 10, middle)) for tenths in (3, 8))
    colours = {image.getpixel((x, middle)) for x in range(image.width)}

    assert (0, 114, 178) in colours
    assert len({left, right}) == 2


def test_a_bar_is_as_high_as_its_amount_and_stands_on_the_one_below() -> None:
    """By its own axis: $4 reaches twice as high as $2."""
    usd = {ResourceKind.TRAINING: Decimal(4), ResourceKind.PROCESSING: Decimal(2)}
    root = ET.fromstring(picture(Chart(WEEK, (ChartBar(WEEK.last, usd),))))  # noqa: S314 - our own output
    _, low, high = root.iter(f"{SVG}rect")
    zero, *_, top = (float(line.attrib["y1"]) for line in root.iter(f"{SVG}line"))  # $0 to $6

    assert float(low.attrib["height"]) == pytest.approx(2 * float(high.attrib["height"]), abs=0.1)
    assert float(low.attrib["y"]) == pytest.approx(float(high.attrib["y"]) + float(high.attrib["height"]), abs=0.1)
    assert float(high.attrib["y"]) == pytest.approx(top, abs=0.1)
    assert float(low.attrib["y"]) + float(low.attrib["height"]) == pytest.approx(zero, abs=0.1)


@pytest.mark.parametrize(
    ("usd", "ticks"),
    [
        ("0", ["$0", "$0.25", "$0.50", "$0.75", "$1"]),
        ("0.0035", ["$0", "$0.001", "$0.002", "$0.003"]),
        ("8.75", ["$0", "$2.50", "$5", "$7.50"]),
        ("70", ["$0", "$20", "$40", "$60"]),
        ("5230", ["$0", "$2,000", "$4,000"]),
    ],
)
def test_the_axis_has_round_amounts(usd: str, ticks: list[str]) -> None:
    """At most four above zero, each with as many digits as it needs."""
    assert [words for words, looks in texts(a_chart(usd)) if looks.get("text-anchor") == "end"][:-1] == ticks


def test_what_has_no_colour_of_its_own_shares_one() -> None:
    """And the legend counts it."""
    legend = [words for words, _ in texts(of_every_kind(14)) if "■" in words]
    explained = [part for row in legend for part in row.split("■")[1:]]

    assert len(legend) == 2
    assert explained[:2] == ["training", "processing"]
    assert explained[-1] == f"{len(ResourceKind) - len(explained) + 1} other kinds"


def test_the_fonts_have_every_letter() -> None:
    """Of whatever the charts above say; a letter that is missing would be drawn as a box."""
    charts = [a_chart(*usd) for usd in AMOUNTS] + [of_every_kind(31)]
    written = {letter for chart in charts for words, _ in texts(chart) for letter in words}
    written |= {letter for kind in ResourceKind for letter in kind.value}
    for path in Path(adapter.__file__).with_name("fonts").glob("*.ttf"):
        assert written <= {chr(code) for code in TTFont(path).getBestCmap()}, path
