"""The digest's chart: an SVG, and the PNG that resvg renders of it with the fonts that are shipped."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import batched
from math import ceil
from pathlib import Path
from typing import ClassVar, override
from xml.etree.ElementTree import Element, SubElement, tostring

from sagewatch.digest.ports import ChartRenderer
from sagewatch.digest.summary import Chart, ChartBar
from sagewatch.formatting import money
from sagewatch.sagemaker.kinds import KIND_FACTS

# Slack shows pictures 360 to 700 pixels wide; at 1,200 even the smallest text is some 10 pixels high there.
_WIDTH, _HEIGHT, _EDGE = 1200, 696, 10
_SMALL, _MEDIUM, _LINE = 32, 35, 40  # sizes of text, and from one line to the next
_DIGIT, _LETTER, _BOLD_LETTER = 0.64, 0.56, 0.66  # widths in sizes of the text; letters are mixed with digits
_INK, _FAINT, _GRID = "#1d1c1d", "#616061", "#dddddd"
_PALE = 0.6  # how much nearer to white the days before the period are
_GAP = 0.35  # between those days and the period, in days
_BAR = 0.8  # the width of a bar, in days
_ROOM = Decimal("1.05")  # above the highest bar
_STEPS = tuple(map(Decimal, ("1", "2", "2.5", "3", "4", "5", "10")))
_TICKS = 4
_IN_A_ROW = 4  # colours that the legend explains in a row
_FONTS = Path(__file__).with_name("fonts")
# Okabe and Ito's palette, which colour-blind people can tell apart; tuning and AutoML jobs have no cost of their own.
_PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
_COLOURS = dict(zip((kind for kind, facts in KIND_FACTS.items() if facts.component), _PALETTE, strict=False))
_OTHER = "#999999"


class ResvgChart(ChartRenderer):
    """Draws the chart with resvg."""

    PERMISSIONS: ClassVar = ()

    @override
    def draw(self, chart: Chart) -> bytes:
        from resvg_py import svg_to_bytes  # noqa: PLC0415 - only SendDigest has it

        fonts = [str(path) for path in sorted(_FONTS.glob("*.ttf"))]
        return svg_to_bytes(picture(chart), skip_system_fonts=True, font_files=fonts)


def picture(chart: Chart) -> str:
    """Write the chart as an SVG."""
    size = {"width": str(_WIDTH), "height": str(_HEIGHT)}
    svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "font-family": "DejaVu Sans", **size})
    SubElement(svg, "rect", {**size, "fill": "white"})
    rows = list(_legend(chart))
    plot = _plot(chart, below=len(rows))
    _scale(svg, plot)
    _bars(svg, plot, chart)
    _days(svg, plot, chart)
    _titles(svg, plot, chart)
    for number, row in enumerate(rows, start=1):
        _explain(svg, row, _HEIGHT - 1.5 * _EDGE - (len(rows) - number) * _LINE)
    return tostring(svg, encoding="unicode")


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where the days and the amounts are in the picture. Places count days from the left, amounts are USD."""

    ticks: tuple[Decimal, ...]
    top_usd: Decimal
    left: float
    day: float  # the width of a day
    bottom: float
    top: float = 1.6 * _LINE
    right: float = _WIDTH - _EDGE

    def across(self, place: float) -> float:
        return self.left + place * self.day

    def up(self, usd: Decimal) -> float:
        return self.bottom - float(usd / self.top_usd) * (self.bottom - self.top)


def _plot(chart: Chart, *, below: int) -> _Plot:
    highest = max((bar.whole for bar in chart.bars), default=Decimal(0)) or Decimal(1)
    ticks = tuple(_ticks(highest))
    left = _EDGE + max(_width(_dollars(tick)) for tick in ticks) + 1.5 * _EDGE
    day = (_WIDTH - _EDGE - left) / (len(chart.bars) + _GAP)
    return _Plot(ticks, highest * _ROOM, left, day, _HEIGHT - (below + 2) * _LINE - 3.5 * _EDGE)


def _ticks(highest: Decimal) -> Iterator[Decimal]:
    """Yield round amounts from 0 to the highest bar."""
    unit = Decimal(1).scaleb((highest / _TICKS).adjusted())
    step = next(step * unit for step in _STEPS if step * unit * _TICKS >= highest)
    return (step * number for number in range(int(highest / step) + 1))


def _width(amount: str) -> float:
    """Return the width of an amount; commas and points are half as wide as digits."""
    return _SMALL * _DIGIT * (len(amount) - 0.5 * (amount.count(",") + amount.count(".")))


def _dollars(usd: Decimal) -> str:
    """Format a tick with as many digits as it needs."""
    if usd == int(usd):
        return f"${usd:,.0f}"
    return f"${usd:,.2f}" if usd == round(usd, 2) else f"${usd.normalize():f}"


def _text(svg: Element, words: str, x: float, y: float, **looks: str | float) -> Element:
    given = {name.replace("_", "-"): str(value) for name, value in {"font_size": _SMALL, **looks}.items()}
    text = SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", **given})
    text.text = words
    return text


def _scale(svg: Element, plot: _Plot) -> None:
    for tick in plot.ticks:
        y = plot.up(tick)
        line = {"x1": f"{plot.left:.1f}", "x2": f"{plot.right:.1f}", "y1": f"{y:.1f}", "y2": f"{y:.1f}"}
        SubElement(svg, "line", {**line, "stroke": _GRID if tick else _FAINT, "stroke-width": "2"})
        words = _dollars(tick)
        _text(svg, words, plot.left - 1.5 * _EDGE, y + 0.36 * _SMALL, text_anchor="end", fill=_INK)


def _bars(svg: Element, plot: _Plot, chart: Chart) -> None:
    for place, bar in _placed(chart):
        below = Decimal(0)
        for kind in chart.kinds:
            above = below + bar.usd.get(kind, Decimal(0))
            colour = _COLOURS.get(kind, _OTHER)
            shade = colour if chart.span.holds(bar.day) else _pale(colour)
            x, y = plot.across(place - _BAR / 2), plot.up(above)
            box = {"x": x, "y": y, "width": _BAR * plot.day, "height": plot.up(below) - y}
            sizes = {name: f"{value:.2f}" for name, value in box.items()}
            SubElement(svg, "rect", {**sizes, "fill": shade, "shape-rendering": "crispEdges"})
            below = above


def _placed(chart: Chart) -> Iterator[tuple[float, ChartBar]]:
    """Yield each bar with the place of its middle."""
    for number, bar in enumerate(chart.bars):
        yield number + 0.5 + (_GAP if chart.span.holds(bar.day) else 0), bar


def _pale(colour: str) -> str:
    """Mix a colour with white. It stays opaque, so that no grid line shows through."""
    channels = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(channel + (255 - channel) * _PALE):02x}" for channel in channels)


def _days(svg: Element, plot: _Plot, chart: Chart) -> None:
    """Write the weekday and the day of the month below each bar, or below some of many, counted from the last."""
    every = ceil(1.6 * _SMALL / plot.day)
    for place, bar in list(_placed(chart))[::-every]:
        looks = {"text_anchor": "middle", "fill": _INK if chart.span.holds(bar.day) else _FAINT}
        for number, words in enumerate((f"{bar.day:%a}"[:2], str(bar.day.day)), start=1):
            _text(svg, words, plot.across(place), plot.bottom + number * _LINE, **looks)


def _titles(svg: Element, plot: _Plot, chart: Chart) -> None:
    """Write the total above each group."""
    days = sum(chart.span.holds(bar.day) for bar in chart.bars)
    before, within = _sum(chart, len(chart.bars) - days, within=False), _sum(chart, days, within=True)
    width = _LETTER * len(before) + _BOLD_LETTER * (len(within) + 1)
    size = min(_MEDIUM, (plot.right - plot.left) / width)
    _text(svg, before, plot.left, _LINE, font_size=size, fill=_FAINT)
    _text(svg, within, plot.right, _LINE, font_size=size, fill=_INK, font_weight="bold", text_anchor="end")


def _sum(chart: Chart, days: int, *, within: bool) -> str:
    usd = chart.whole(within=within)
    count = f"{chart.span.last.day} {chart.span.last:%B}" if days == 1 else f"{days} days"
    return f"{count}{'' if within else ' before'}: {money(usd)}"


def _legend(chart: Chart) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield rows of colours and their meanings, of equal length. What has no colour of its own shares one."""
    own = [(_COLOURS[kind], kind.value) for kind in chart.kinds if kind in _COLOURS]
    others = [kind.value for kind in chart.kinds if kind not in _COLOURS]
    if others:
        own.append((_OTHER, others[0] if len(others) == 1 else f"{len(others)} other kinds"))
    rows = ceil(len(own) / _IN_A_ROW)
    return batched(own, ceil(len(own) / max(rows, 1)) or 1, strict=False)


def _explain(svg: Element, row: tuple[tuple[str, str], ...], y: float) -> None:
    """Write a row of the legend: squares are letters of the font, so that nothing has to be measured."""
    text = _text(svg, "", _WIDTH / 2, y, text_anchor="middle", fill=_INK)
    for number, (colour, meaning) in enumerate(row):
        square = SubElement(text, "tspan", {"fill": colour, "dx": str(_SMALL if number else 0)})
        square.text = "\N{BLACK SQUARE}"
        SubElement(text, "tspan", {"dx": str(_SMALL / 4)}).text = meaning
