"""The steps of ``make bench`` in the order in which they run: what people wait for first comes first."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from bench.whole import starts, sweeps
from bench.whole.growths import growth
from bench.whole.profiles import profiles
from bench.whole.site import ROOT, Site
from bench.whole.store import Runs


@dataclass(frozen=True)
class Step:
    """One measurement; ``minutes`` is what it takes on two free cores."""

    name: str
    title: str
    minutes: float
    run: Callable[[Site], Runs]


def printed(module: str, *more: str) -> Callable[[Site], Runs]:
    """A program of its own, whose output is kept as ``<module>.txt``."""

    def run(site: Site) -> Runs:
        site.say(f"python -m bench.{module}")
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{module}", *more], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"bench.{module} failed:\n{done.stderr[-2000:]}")
        site.notes.mkdir(parents=True, exist_ok=True)
        (site.notes / f"{module}.txt").write_text(done.stdout, encoding="utf-8")
        return {}

    return run


STEPS = (
    Step("layers", "building both, and the size of layers", 1, starts.layers),
    Step("cold", "cold starts", 2.5, starts.cold_starts),
    Step("press", "presses of buttons", 1, starts.presses),
    Step("event", "single events", 0.5, starts.one_event),
    Step("inspection", "single inspections", 0.5, starts.inspections),
    Step("profiles", "profiles of the largest gains", 0.5, profiles),
    Step("latency", "sweeps with 40 ms on every call", 6, sweeps.with_latency),
    Step("notebooks", "5,000 notebooks, and peers", 9, sweeps.many_notebooks),
    Step("past", "past jobs", 0.5, sweeps.past_jobs),
    Step("rowless", "10,000 jobs without rows", 4, sweeps.jobs_without_rows),
    Step("digest", "digests", 4, sweeps.digests),
    Step("growth", "growth", 6, growth),
    Step("open_jobs", "200,000 open jobs", 1, printed("open_jobs")),
    Step("costs", "make costs over a million rows", 2, printed("costs")),
    Step("standing", "make now over 6,000 resources", 2, printed("standing")),
)
