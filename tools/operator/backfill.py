"""Record every job of an account that was created since a day, with your own credentials and without alerts.

You can stop it with Ctrl-C and run it again: it continues where it stopped. Jobs that are still running are tracked.
"""

import argparse
import re
import sys
from datetime import UTC, date, datetime, timedelta
from typing import override

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sagewatch.errors import SettingsError
from sagewatch.jobs.sweep_run import SweepProgress
from sagewatch.sagemaker.fields import REGION
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.wiring import operator as wiring
from tools.operator.cli import Interrupts, day, run
from tools.operator.stacks import values_of


class Bar(SweepProgress):
    """Shows the progress of a backfill: days listed for each kind, then jobs read in each region.

    Checks for Ctrl-C between two steps.
    """

    def __init__(self, progress: Progress, since: datetime, interrupts: Interrupts) -> None:
        self._check = interrupts.check
        self._progress = progress
        self._since = since
        self._listings: dict[tuple[str, ResourceKind], TaskID] = {}
        self._inspections: dict[str, TaskID] = {}

    @override
    def listed(self, kind: ResourceKind, region: str, reached: datetime) -> None:
        """Show how many of the days have been listed, from today to older ones."""
        self._check()
        days = (datetime.now(UTC) - self._since) / timedelta(days=1)
        listing = (region, kind)
        if listing not in self._listings:
            self._listings[listing] = self._progress.add_task(f"{region}: {kind} jobs listed, in days", total=days)
        self._progress.update(self._listings[listing], completed=days - (reached - self._since) / timedelta(days=1))

    @override
    def done(self, kind: ResourceKind, region: str) -> None:
        task = self._listings.get((region, kind))
        if task is not None:
            self._progress.remove_task(task)

    @override
    def looked(self, region: str) -> None:
        self._check()
        if region not in self._inspections:
            self._inspections[region] = self._progress.add_task(f"{region}: jobs read", total=None)
        self._progress.advance(self._inspections[region])


def backfill(stack: str, since: date, regions: list[str]) -> int:
    """Record the jobs and print a summary."""
    start = datetime(since.year, since.month, since.day, tzinfo=UTC)
    if start > datetime.now(UTC):
        raise SettingsError(f"SINCE={since} is in the future.")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    interrupts = Interrupts()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        job_sweep = wiring.backfill(values_of(stack), Bar(progress, start, interrupts))
        done = job_sweep.backfill(start, regions)
    sys.stdout.write(
        f"Recorded {done.recorded} jobs created since {since}. {done.still_open} are still running and are tracked.\n"
    )
    for failure in (*done.failures, *done.postponed):
        sys.stderr.write(f"{failure}\n")
    if not done.complete:
        sys.stderr.write("Not finished. Run the same command again; it continues where it stopped.\n")
    return 0 if done.complete and not done.failures else 1


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="make backfill", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the deployed stack (STACK=)")
    parser.add_argument(
        "--since", type=day, required=True, help="record jobs created on or after this day, UTC (SINCE=)"
    )
    parser.add_argument(
        "--region",
        type=_region,
        action="append",
        default=[],
        help="only this region, repeatable; default: all regions in use (REGIONS=)",
    )
    given = parser.parse_args()
    stopped = "Stopped. Nothing is lost. Run the same command again; it continues where it stopped."
    return run(lambda: backfill(given.stack, given.since, given.region), on_interrupt=stopped)


def _region(text: str) -> str:
    if not re.fullmatch(REGION, text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a region. Use names such as eu-west-1, separated by spaces.")
    return text


if __name__ == "__main__":
    sys.exit(main())
