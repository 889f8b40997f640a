"""The digest's chart as a PNG. matplotlib has a layer of its own and is imported at the first chart."""

from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.digest.ports import ChartRenderer
from sagewatch.digest.summary import Chart
from sagewatch.formatting import money
from sagewatch.sagemaker.kinds import KIND_FACTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# Slack shows pictures 360 to 700 pixels wide; at 1,200 even the smallest text is some 11 pixels high there.
_INCHES, _DOTS_PER_INCH = (5.0, 2.9), 240
_INK, _FAINT, _GRID = "#1d1c1d", "#616061", "#dddddd"
_SMALL, _MEDIUM = 9.5, 10.5  # points
_PALE = 0.6  # how much nearer to white the days before the period are
_GAP = 0.35  # between those days and the period, in days
# Okabe and Ito's palette, which colour-blind people can tell apart; tuning and AutoML jobs have no cost of their own.
_PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
_COLOURS = dict(zip((kind for kind, facts in KIND_FACTS.items() if facts.component), _PALETTE, strict=False))
_OTHER = "#999999"


class MatplotlibChart(ChartRenderer):
    """Draws the chart with matplotlib."""

    PERMISSIONS: ClassVar = ()

    @override
    def draw(self, chart: Chart) -> bytes:
        from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and once a day

        figure = Figure(figsize=_INCHES, dpi=_DOTS_PER_INCH, layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        _bars(axes, chart)
        _scales(axes, chart)
        _legend(axes, chart)
        picture = BytesIO()
        figure.savefig(picture, format="png")
        return picture.getvalue()


def _places(chart: Chart) -> list[float]:
    return [place + (_GAP if chart.span.holds(bar.day) else 0) for place, bar in enumerate(chart.bars)]


def _bars(axes: "Axes", chart: Chart) -> None:
    for place, bar in zip(_places(chart), chart.bars, strict=True):
        below = 0.0
        for kind in chart.kinds:
            height, colour = float(bar.usd.get(kind, 0)), _COLOURS.get(kind, _OTHER)
            shade = colour if chart.span.holds(bar.day) else _pale(colour)
            axes.bar(place, height, 0.8, below, color=shade, linewidth=0)
            below += height


def _pale(colour: str) -> tuple[float, ...]:
    """Mix a colour with white. It stays opaque, so that no grid line shows through."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return tuple(channel + (1 - channel) * _PALE for channel in channels)


def _scales(axes: "Axes", chart: Chart) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415 - as above

    axes.set_axisbelow(True)
    axes.grid(axis="y", color=_GRID, linewidth=0.7)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda usd, _: _dollars(usd)))
    axes.set_xticks(_places(chart), [f"{bar.day:%a}"[:2] + f"\n{bar.day.day}" for bar in chart.bars])
    axes.set_xlim(-0.6, len(chart.bars) - 0.4 + _GAP)
    axes.set_ylim(bottom=0)
    axes.tick_params(length=0, labelsize=_SMALL, labelcolor=_INK)
    for label, bar in zip(axes.get_xticklabels(), chart.bars, strict=True):
        label.set_color(_INK if chart.span.holds(bar.day) else _FAINT)


def _legend(axes: "Axes", chart: Chart) -> None:
    """Write the total above each group and the meaning of the colours below. Dollar signs are no formulas."""
    from matplotlib.patches import Patch  # noqa: PLC0415 - as above

    days = sum(chart.span.holds(bar.day) for bar in chart.bars)
    before, within = _sum(chart, len(chart.bars) - days, within=False), _sum(chart, days, within=True)
    axes.set_title(before, loc="left", fontsize=_MEDIUM, color=_FAINT, parse_math=False)
    axes.set_title(within, loc="right", fontsize=_MEDIUM, color=_INK, fontweight="bold", parse_math=False)
    patches = [Patch(color=_COLOURS.get(kind, _OTHER), label=kind.value) for kind in chart.kinds]
    figure = axes.get_figure(root=True)
    if figure and patches:
        looks: dict[str, Any] = {"ncols": len(patches), "frameon": False, "fontsize": _SMALL, "handlelength": 1}
        figure.legend(handles=patches, loc="outside lower center", **looks)


def _sum(chart: Chart, days: int, *, within: bool) -> str:
    usd = chart.whole(within=within)
    count = f"{chart.span.last.day} {chart.span.last:%B}" if days == 1 else f"{days} days"
    return f"{count}{'' if within else ' before'}: {money(usd)}"


def _dollars(usd: float) -> str:
    """Format a tick with as many digits as it needs."""
    return f"${usd:,.0f}" if usd == int(usd) else f"${usd:,.2f}" if round(usd, 2) == round(usd, 9) else f"${usd:.4g}"
