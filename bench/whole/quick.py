"""``make bench QUICK=1``: small cases of today's build, whose ratios and calls are compared with the recorded ones."""

import json
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from bench import cases
from bench.cases import Case
from bench.compare import lines, worse
from bench.stage import Took, staged
from bench.whole import starts
from bench.whole.site import Site
from bench.whole.store import Runs

RECORDED = Path(__file__).parent.parent / "recorded.json"
_STARTS, _ROUNDS = 5, 3


def main(site: Site, console: Console, *, record: bool) -> int:
    """Measure, compare, and return how many figures got worse."""
    began = time.monotonic()
    with console.status("") as status:
        site.say = status.update
        found = {**_starts(site), **_events(site), **_sweeps(site)}
    code = compared(found, record=record)
    console.print(f"{time.monotonic() - began:.0f} s; {code} worse by more than a fifth")
    return code


def compared(figures: Mapping[str, float], *, record: bool = False, recorded_in: Path = RECORDED) -> int:
    """Print each figure with the recorded one; return how many are worse by more than a fifth."""
    if record:
        kept = {name: round(value, 3) for name, value in figures.items()}
        recorded_in.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    recorded: dict[str, float] = json.loads(recorded_in.read_text(encoding="utf-8"))
    sys.stdout.writelines(lines(figures, recorded))
    return len(worse(figures, recorded))


def _starts(site: Site) -> Mapping[str, float]:
    runs = starts.cold_starts(site, rounds=_STARTS, functions=starts.QUICK_FUNCTIONS, old=False)
    return {
        f"cold start of {function}: CPU against a bare handler": lowest_ratio(
            runs, f"{function}: ours", f"{function}: bare"
        )
        for function in starts.QUICK_FUNCTIONS
    }


def _events(site: Site) -> Mapping[str, float]:
    runs = starts.one_event(site, rounds=1, old=False)
    found = {}
    for what, samples in runs.items():
        case = what.partition(":")[0]
        found[f"{case}: CPU against its calls alone"] = min(one["cpu"] for one in samples) / min(
            one["floor_cpu"] for one in samples
        )
        found[f"{case}: calls"] = samples[0]["calls"]
    return found


def lowest_ratio(runs: Runs, what: str, against: str) -> float:
    """The lowest CPU against the lowest: what a busy machine adds is in neither."""
    return min(one["cpu"] for one in runs[what]) / min(one["cpu"] for one in runs[against])


def _sweeps(site: Site) -> Mapping[str, float]:
    found: dict[str, float] = {}
    with staged(site.builds.deployed) as stage:
        for case in cases.quick():
            ours, other = [], []
            for number in range(_ROUNDS if case.other else 1):
                site.say(f"{case.name}: {number + 1}")
                case.prepare(stage)
                ours.append(case.ours(stage))
                if case.other:
                    other.append(case.other(stage))
            found |= figures(case, ours, other)
    return found


def figures(case: Case, ours: list[Took], other: list[Took]) -> Mapping[str, float]:
    """What is compared of a case: the calls, which do not vary, and the CPU against its yardstick's."""
    asked = float(statistics.median(took.total for took in ours))
    calls = {f"{case.name}: calls": asked} if asked else {}  # a digest asks a server that does not count
    if not other:
        return calls
    ratio = min(took.cpu for took in ours) / min(took.cpu for took in other)
    return {**calls, f"{case.name}: CPU against {case.yardstick}": ratio}
