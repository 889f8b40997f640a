"""``make bench QUICK=1`` fails if something got worse by more than a fifth."""

import json
from pathlib import Path

import pytest

from bench.__main__ import Measurement, compared
from bench.cases import Case
from bench.compare import lines, worse
from bench.stage import Took

RECORDED: dict[str, float] = json.loads((Path(__file__).parents[3] / "bench/recorded.json").read_text(encoding="utf-8"))


def test_a_figure_that_is_worse_by_more_than_a_fifth_is_named() -> None:
    """One that is better, a little worse, or new is not."""
    recorded = {"same": 2.0, "better": 2.0, "a fifth": 2.0, "more": 2.0}
    figures = {"same": 2.0, "better": 1.0, "a fifth": 2.4, "more": 2.41, "new": 9.0}

    assert worse(figures, recorded) == ["more"]
    assert [line.strip() for line in lines(figures, recorded) if line.startswith("WORSE")] == [
        "WORSE more: 2.41 (recorded 2.00)"
    ]


def a_measurement(name: str, ratio: float, calls: float) -> Measurement:
    """A case that took so much of its yardstick's CPU, and so many calls."""
    against = next(figure for figure in RECORDED if figure.startswith(f"{name}: CPU against "))
    found = Measurement(Case(name, lambda _: Took(0, 0, 0), yardstick=against.partition(" against ")[2]))
    found.ours = [Took(wall=1, cpu=ratio, peak_mb=1, calls={"GetItem": round(calls)})]
    found.other = [Took(wall=1, cpu=1, peak_mb=1)]
    return found


@pytest.mark.parametrize(("ratio", "calls", "bad"), [(1.0, 1.0, 0), (1.25, 1.0, 1), (1.0, 1.25, 1), (1.25, 1.25, 2)])
def test_the_exit_code_counts_what_got_worse(ratio: float, calls: float, bad: int) -> None:
    """Ratios of CPU and numbers of calls."""
    name = "100 open jobs"
    cpu = next(value for figure, value in RECORDED.items() if figure.startswith(f"{name}: CPU"))

    assert compared([a_measurement(name, cpu * ratio, RECORDED[f"{name}: calls"] * calls)], record=False) == bad
