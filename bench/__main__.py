"""Measures everything in docs/performance.md: ``make bench``, or ``make bench QUICK=1`` in two minutes.

Each case and its yardstick run in turns, so that a noisy minute hits both; a ratio is the median of the rounds' ratios.
pyperf keeps the values, with their spread, in ``.local/bench``. QUICK compares its ratios with ``bench/recorded.json``
and fails if one is worse by more than a fifth; ``--record`` writes that file.
"""

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyperf  # type: ignore[import-untyped] # it has none
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.builds import Builds
from bench.cases import Case, full, quick
from bench.compare import lines, worse
from bench.growth import Growth, growths
from bench.monthly import table as monthly_table
from bench.stage import Stage, Took, staged

_ROOT = Path(__file__).parent.parent
_HOME = _ROOT / ".local/bench"
_RECORDED = Path(__file__).parent / "recorded.json"
_PAGE = _ROOT / "docs/performance.md"
_PEERS = {"custodian": "c7n==0.9.53", "cleancloud": "cleancloud[aws]==1.32.0"}
_BEGIN, _END = "<!-- written by make bench -->\n", "<!-- end of what make bench wrote -->\n"


class Measurement:
    """The runs of a case and of its yardstick."""

    def __init__(self, case: Case) -> None:
        """Nothing has run."""
        self.case = case
        self.ours: list[Took] = []
        self.other: list[Took] = []

    def round(self, stage: Stage) -> None:
        """Run both once."""
        self.case.prepare(stage)
        self.ours.append(self.case.ours(stage))
        if self.case.other:
            self.case.prepare(stage)
            self.other.append(self.case.other(stage))

    def ratio(self) -> float | None:
        """Our CPU against the yardstick's."""
        pairs = zip(self.ours, self.other, strict=False)
        return statistics.median(one.cpu / two.cpu for one, two in pairs) if self.other else None

    def figures(self) -> dict[str, float]:
        """What QUICK compares: the ratio, and the calls, which do not vary."""
        ratio = self.ratio()
        calls = {f"{self.case.name}: calls": float(statistics.median(took.total for took in self.ours))}
        return {**calls, **({f"{self.case.name}: CPU against {self.case.yardstick}": ratio} if ratio else {})}

    def benchmarks(self) -> list[pyperf.Benchmark]:
        """The values as pyperf keeps them."""
        runs = ((self.case.name, self.ours), (f"{self.case.name} ({self.case.yardstick})", self.other))
        return [
            pyperf.Benchmark([_run(f"{name}, {what}", getattr(took, what)) for took in done])
            for name, done in runs
            if done
            for what in ("wall", "cpu")
        ]

    def row(self) -> str:
        """A line of the page's table."""
        ratio = self.ratio()
        theirs = (
            f"{_middle(self.other, 'wall')} | {_middle(self.other, 'cpu')} | {_calls(self.other)}"
            if self.other
            else "| |"
        )
        against = f"{ratio:.2f} x {self.case.yardstick}" if ratio else ""
        ours = f"{_middle(self.ours, 'wall')} | {_middle(self.ours, 'cpu')} | {_calls(self.ours)}"
        peak = max(took.peak_mb for took in self.ours)
        return f"| {self.case.name} | {ours} | {peak:.0f} | {theirs} | {against} |"


def _run(name: str, value: float) -> pyperf.Run:
    return pyperf.Run([value], metadata={"name": name, "unit": "second"}, collect_metadata=False)


def _middle(done: Sequence[Took], what: str) -> str:
    values = [getattr(took, what) for took in done]
    spread = f" ± {(max(values) - min(values)) / 2:.2g}" if len(values) > 1 else ""
    middle = statistics.median(values)
    return f"{middle:.2f}{spread}" if middle < 10 else f"{middle:.0f}{spread}"  # noqa: PLR2004 - two digits or none


def _calls(done: Sequence[Took]) -> str:
    return f"{statistics.median(took.total for took in done):,.0f}"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes; compare with the recorded ratios")
    parser.add_argument("--record", action="store_true", help="write bench/recorded.json")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--growth", action="store_true", help="the plots alone")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    given = parser.parse_args()
    _HOME.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    bars = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*bars, console=console) as progress:
        doing = progress.add_task("building")
        source = given.quick or given.growth  # which are about calls and waits, and not about the start
        build = _ROOT if source else _built()
        with staged(build, from_source=source) as stage:
            cases = quick({}) if given.quick else [] if given.growth else full(_peers(progress, doing))
            wanted = [case for case in cases if given.only in case.name]
            measured = [_measured(case, given.rounds, stage, progress, doing) for case in wanted]
            grown = [] if given.quick or given.only else [_grown(each, stage, progress, doing) for each in growths()]
    _keep(measured)
    for each in measured:
        console.print(each.row())
    if given.quick:
        sys.exit(compared(measured, record=given.record))
    if not given.only:
        _write(measured, grown)


def _measured(case: Case, rounds: int, stage: Stage, progress: Progress, doing: object) -> Measurement:
    measurement = Measurement(case)
    for number in range(rounds):
        progress.update(doing, description=f"{case.name}: round {number + 1} of {rounds}")  # type: ignore[arg-type] # its own
        measurement.round(stage)
    return measurement


def _grown(growth: Growth, stage: Stage, progress: Progress, doing: object) -> Growth:
    for size in growth.sizes:
        progress.update(doing, description=f"growth: {size:,} {growth.name}")  # type: ignore[arg-type] # as above
        growth.prepare(size)(stage)
        growth.points.append((size, growth.run(stage, size)))
    growth.draw()
    return growth


def _built() -> Path:
    folder = _HOME / "build"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Builds.make(folder).deployed


def _peers(progress: Progress, doing: object) -> dict[str, Path]:
    """Install each peer into an environment of its own, once."""
    for name, package in _PEERS.items():
        home = _HOME / name
        if not (home / "ready").exists():
            progress.update(doing, description=f"installing {package}")  # type: ignore[arg-type] # as above
            subprocess.run(
                [str(_ROOT / ".uv/bin/uv"), "venv", "-q", "--clear", "--python", "3.13", str(home)], check=True
            )
            pip = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "-q", package]
            subprocess.run(pip, check=True, capture_output=True)
            (home / "ready").touch()
    return {name: _HOME / name for name in _PEERS}


def _keep(measured: Sequence[Measurement]) -> None:
    found = [benchmark for each in measured for benchmark in each.benchmarks()]
    if found:
        pyperf.BenchmarkSuite(found).dump(str(_HOME / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"))


def compared(measured: Sequence["Measurement"], *, record: bool) -> int:
    """Say which ratios are worse than those recorded; return how many."""
    figures = {name: value for each in measured for name, value in each.figures().items()}
    if record:
        _RECORDED.write_text(json.dumps({name: round(value, 3) for name, value in figures.items()}, indent=2) + "\n")
    recorded: dict[str, float] = json.loads(_RECORDED.read_text(encoding="utf-8"))
    sys.stdout.writelines(lines(figures, recorded))
    return len(worse(figures, recorded))


def _write(measured: Sequence[Measurement], grown: Sequence[Growth]) -> None:
    """Put the tables into the page, between its marks."""
    page = _PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    content = "\n".join([*_table(measured), *_growth(grown), "", "## What SageWatch costs", "", monthly_table(), ""])
    _PAGE.write_text(f"{before}{_BEGIN}\n{content}\n{_END}{after}", encoding="utf-8")


def _table(measured: Sequence[Measurement]) -> list[str]:
    if not measured:
        return []
    when = f"{datetime.now(UTC):%d %B %Y}, Python {platform.python_version()}, {len(measured[0].ours)} rounds in turns"
    head = "| case | wall s | CPU s | calls | peak MB | yardstick wall s | CPU s | calls | CPU ratio |"
    rows = [each.row() for each in measured]
    return ["## Sweeps and digests", "", f"Measured on {when}.", "", head, f"|{'---|' * 9}", *rows, ""]


def _growth(grown: Sequence[Growth]) -> list[str]:
    if not grown:
        return []
    rows = []
    for each in grown:
        start, more = each.slope()
        most = each.most()
        limit = f"{most:,.0f}" if most else "none found"
        rows.append(f"| {each.name} | {start:.1f} | {more * 1000:.2f} | {limit} | {each.afterwards} |")
    head = "| what grows | s without any | ms for each | one run is enough up to | then |"
    plots = [f"![{each.name}](images/growth-{each.name.replace(' ', '-')}.png)" for each in grown]
    text = "With 40 ms on every call, but for events. The line is fitted by least squares."
    return ["## Growth", "", text, "", head, "|---|---|---|---|---|", *rows, "", *plots]


if __name__ == "__main__":
    main()
