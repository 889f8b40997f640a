"""Writes what was measured into ``docs/performance.md``, between the marks."""

import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import before, cold
from bench.growth import Growth
from bench.monthly import table as monthly_table
from bench.whole.growths import drawn
from bench.whole.profiles import draw
from bench.whole.rows import Seen, number, rows
from bench.whole.site import ROOT
from bench.whole.store import Store

PAGE = ROOT / "docs/performance.md"
BEGIN, END = "<!-- written by make bench -->\n", "<!-- end of what make bench wrote -->\n"


def write(store: Store, page: Path = PAGE) -> None:
    """Put tables and plots into the page; what is outside of the marks stays."""
    text = page.read_text(encoding="utf-8")
    ahead, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = content(store, page.parent / "images")
    page.write_text(f"{ahead}{BEGIN}\n{'\n'.join(lines)}\n\n{END}{after}", encoding="utf-8")


def content(store: Store, images: Path) -> Iterator[str]:
    """The lines between the marks; what they show is drawn into a folder."""
    yield from table(store)
    yield from cold_table(store)
    yield from peers(store)
    yield from _profiles(store, images)
    yield from _growth(store, images)
    yield from ("## What SageWatch costs", "", monthly_table())


def table(store: Store) -> Iterator[str]:
    """The one table: before, now, goal."""
    yield "## Before and now"
    yield ""
    yield f"Commit {before.COMMIT} and today's in one run, in turns where both run at one size. {when(store)}"
    yield "Medians, ± half of what lies between the lowest and the highest value."
    yield ""
    yield "| what | before | now | goal | met | command |"
    yield "|---|---|---|---|---|---|"
    yield from (row.line() for row in rows(store))
    yield ""
    failed = sorted(path.name.partition(".")[0] for path in store.folder.glob("*.failed.txt"))
    if failed:
        yield from (f"Not measured, because the step failed: {', '.join(failed)}.", "")


def when(store: Store) -> str:
    """When it was measured, on what, and how busy the machine was."""
    found = store.everything()
    if not found:
        return ""
    first, last = min(one.at for one in found), max(one.at for one in found)
    minutes = sum(one.seconds for one in found) / 60
    busiest = max(one.load for one in found)
    python = platform.python_version()
    return f"{first} to {last} UTC, {minutes:.0f} minutes of measuring, Python {python}, load at most {busiest:.1f}."


def cold_table(store: Store) -> Iterator[str]:
    """Every function's start."""
    measured = store.load("cold")
    if not measured:
        return
    seen = Seen("cold", measured)
    yield "### Cold starts by function"
    yield ""
    yield "CPU seconds from first import to first clients, as deployed. Before, AnswerSlack also received presses."
    yield ""
    yield "| function | before | now | bare handler | before / bare | now / bare | now / bare without bytecode |"
    yield "|---|---|---|---|---|---|---|"
    for function in cold.CLIENTS:
        old = seen.middle(f"{function}: before", "cpu")
        cells = (
            number(old) if old else "did not exist",
            seen.shown(f"{function}: ours", "cpu", ""),
            seen.shown(f"{function}: bare", "cpu", ""),
            number(seen.ratio(f"{function}: before", f"{function}: bare")) if old else "",
            number(seen.ratio(f"{function}: ours", f"{function}: bare")),
            number(seen.ratio(f"{function}: ours", f"{function}: bare, no bytecode")),
        )
        yield f"| {function} | {' | '.join(cells)} |"
    yield ""


def peers(store: Store) -> Iterator[str]:
    """The same account, seen by other tools."""
    measured = store.load("notebooks")
    if not measured:
        return
    seen = Seen("notebooks", measured)
    yield "### Peers on the same account"
    yield ""
    yield "| tool | what it did here | wall | CPU | calls | what it does not do |"
    yield "|---|---|---|---|---|---|"
    for what, tool, did, lacks in _PEERS:
        if seen.samples(what):
            cells = (seen.shown(what, "wall"), seen.shown(what, "cpu"), number(seen.middle(what, "calls")))
            yield f"| {tool} | {did} | {' | '.join(cells)} | {lacks} |"
    yield ""


_PEERS: Sequence[tuple[str, str, str, str]] = (
    ("nothing due: now", "SageWatch", "a sweep when nothing is due", ""),
    (
        "nothing due: cleancloud",
        "cleancloud 1.32.0",
        "finds notebooks by the age of their last change",
        "It does not look into Jupyter, warns no owner and stops nothing.",
    ),
    ("nothing due: floor", "boto3", "the pages of ListNotebookInstances", "The least that any tool must ask."),
    ("stops: now", "SageWatch", "checks each notebook twice, and stops those that are idle", ""),
    (
        "stops: Cloud Custodian",
        "Cloud Custodian 0.9.53",
        "stops the same notebooks by a tag that says that they are idle",
        "It does not find out whether a notebook is idle, sends no warning and does not check again.",
    ),
)


def _profiles(store: Store, images: Path) -> Iterator[str]:
    measured = store.load("profiles")
    if not measured:
        return
    draw(measured.runs, images)
    yield "## Where the time went"
    yield ""
    yield "The two largest gains, as py-spy sampled them (`make bench STEPS=profiles`)."
    yield ""
    yield "![A cold start of RecordJob, before and now](images/profile-cold-start.png)"
    yield "![An inspection over HTTPS, before and now](images/profile-inspection.png)"
    yield ""


def _growth(store: Store, images: Path) -> Iterator[str]:
    measured = store.load("growth")
    grown = drawn(measured.runs, images) if measured else []
    if not grown:
        return
    yield "## Growth"
    yield ""
    yield "With 40 ms on every call, but for events. The line is fitted by least squares."
    yield ""
    yield "| what grows | s without any | ms for each more | calls for each more | one run is enough up to | then |"
    yield "|---|---|---|---|---|---|"
    yield from map(_growth_row, grown)
    yield ""
    yield from (f"![{each.name}](images/growth-{each.name.replace(' ', '-')}.png)" for each in grown)
    yield ""


def _growth_row(each: Growth) -> str:
    start, more = each.slope()
    most = each.most()
    first, last = each.points[0], each.points[-1]
    calls = (last[1].total - first[1].total) / (last[0] - first[0])
    limit = f"{most:,.0f}" if most else f"any number ({last[0]:,} measured)"
    ms = number(more * 1000) if most else "0"
    return f"| {each.name} | {start:.1f} | {ms} | {number(calls) if most else '0'} | {limit} | {each.afterwards} |"
