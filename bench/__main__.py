"""Measures everything in docs/performance.md: ``make bench``, or ``make bench QUICK=1`` in two minutes.

Steps run one after the other, each with commit a36f5fc, with today's build and with its yardsticks in turns, so that a
noisy minute hits all alike. Each result is kept in ``.local/bench/runs`` as soon as its step is over: an interrupted
``make bench`` continues with the next step, on the same day and with the same sources. ``STEPS="cold press"`` measures
these again. QUICK measures small cases of today's build, compares them with ``bench/recorded.json`` and fails if one is
worse by more than a fifth; ``--record`` writes that file.
"""

import argparse
import shutil
import sys
from datetime import UTC, datetime

from rich.console import Console
from rich.markdown import Markdown

from bench.whole import page, quick
from bench.whole.run import Run, run
from bench.whole.site import HOME, Site
from bench.whole.steps import STEPS
from bench.whole.store import Store

_INTERRUPTED = 130


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes; compare with the recorded ratios")
    parser.add_argument("--record", action="store_true", help="write bench/recorded.json")
    parser.add_argument("--rounds", type=int, default=2, help="of sweeps and digests (2)")
    parser.add_argument("--step", action="append", default=[], choices=[step.name for step in STEPS], help="this alone")
    parser.add_argument("--again", action="store_true", help="forget what was measured today")
    parser.add_argument("--share", type=float, default=1, help="of the sizes, for a trial; its page is only printed")
    parser.add_argument("--write", action="store_true", help="write the page with what there is, and measure nothing")
    given = parser.parse_args()
    HOME.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    site = Site(HOME, console.print, given.rounds, given.share)
    sys.exit(
        quick.main(site, console, record=given.record) if given.quick or given.record else _all(given, site, console)
    )


def _all(given: argparse.Namespace, site: Site, console: Console) -> int:
    """Run the steps that are asked for and not yet measured; write the page once none is missing."""
    trial = "" if given.share == 1 else f"-{given.share}"
    store = Store(HOME / "runs" / f"{datetime.now(UTC):%Y-%m-%d}-{site.sources}{trial}")
    if given.again:
        shutil.rmtree(store.folder, ignore_errors=True)
    for name in given.step:
        store.forget(name)
    wanted = [step for step in STEPS if not given.step or step.name in given.step]
    steps = [] if given.write else wanted
    done = run(steps, store, site, console)
    missing = [step.name for step in STEPS if not store.has(step.name)]
    ended = not (given.step or done.interrupted)
    if trial or (missing and not (given.write or ended)):
        console.print(Markdown("\n".join(page.content(store, store.folder / "images"))))
        console.print(f"The page is not written: {'a trial' if trial else 'missing ' + ', '.join(missing)}.")
    else:
        page.write(store)
        console.print(f"Written: {page.PAGE}")
    return _ended(done, store, console)


def _ended(done: Run, store: Store, console: Console) -> int:
    console.print(f"Results: {store.folder}")
    for name, reason in done.failed.items():
        console.print(f"[red]{name}[/red] failed: {reason.strip().splitlines()[0][:300]}")
    if done.interrupted:
        console.print("Interrupted. The same command continues with the next step.")
        return _INTERRUPTED
    return len(done.failed)


if __name__ == "__main__":
    main()
