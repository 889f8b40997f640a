"""``make bench QUICK=1`` fails if something got worse by more than a fifth."""

import json
from pathlib import Path

import pytest

from bench.cases import Case
from bench.compare import lines, worse
from bench.stage import Took
from bench.whole.quick import RECORDED, compared, figures

KEPT: dict[str, float] = json.loads(RECORDED.read_text(encoding="utf-8"))


def test_a_figure_that_is_worse_by_more_than_a_fifth_is_named() -> None:
    """One that is better, a little worse, or new is not."""
    recorded = {"same": 2.0, "better": 2.0, "a fifth": 2.0, "more": 2.0}
    measured = {"same": 2.0, "better": 1.0, "a fifth": 2.4, "more": 2.41, "new": 9.0}

    assert worse(measured, recorded) == ["more"]
    assert [line.strip() for line in lines(measured, recorded) if line.startswith("WORSE")] == [
        "WORSE more: 2.41 (recorded 2.00)"
    ]


@pytest.mark.parametrize(("ratio", "calls", "bad"), [(1.0, 1.0, 0), (1.25, 1.0, 1), (1.0, 1.25, 1), (1.25, 1.25, 2)])
def test_the_exit_code_counts_what_got_worse(ratio: float, calls: float, bad: int) -> None:
    """Ratios of CPU and numbers of calls, against the figures that the repository keeps."""
    name = "100 open jobs"
    against = next(figure for figure in KEPT if figure.startswith(f"{name}: CPU against "))
    case = Case(name, lambda _: Took(0, 0, 0), yardstick=against.partition(" against ")[2])
    ours = [Took(1, KEPT[against] * ratio, 1, calls={"GetItem": round(KEPT[f"{name}: calls"] * calls)})]

    assert compared(figures(case, ours, [Took(wall=1, cpu=1, peak_mb=1)])) == bad


def test_a_round_in_a_noisy_minute_changes_no_ratio() -> None:
    """The least CPU of each side counts: what others add to a round is in neither."""
    case = Case("case", lambda _: Took(0, 0, 0), yardstick="calls")
    calm, noisy = Took(wall=1, cpu=2, peak_mb=1), Took(wall=9, cpu=7, peak_mb=1)

    found = figures(case, [noisy, calm, noisy], [Took(wall=1, cpu=1, peak_mb=1), noisy, noisy])

    assert found["case: CPU against calls"] == 2


def test_what_is_recorded_is_what_is_compared_next_time(tmp_path: Path) -> None:
    """A figure that was just recorded is not worse than itself; a third more is."""
    kept = tmp_path / "recorded.json"

    assert compared({"a": 3.0}, record=True, recorded_in=kept) == 0
    assert compared({"a": 4.0}, recorded_in=kept) == 1
