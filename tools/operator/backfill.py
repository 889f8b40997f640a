"""Record the past of an account: every job created since a day, with your own credentials, and without alerts.

It can be stopped with Ctrl-C and run again: it goes on where it was. Jobs that still run are watched from then on.
"""

import argparse
import re
import sys
from datetime import UTC, date, datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sagewatch.errors import SettingsError
from sagewatch.sagemaker.fields import REGION
from sagewatch.sagemaker.resources import ResourceKind
from sagewatch.wiring import operator as wiring
from tools.operator.cli import Interrupts, day, run


class Bar:
    """Shows how far a backfill has come: days listed, kind by kind, then jobs read, region by region.

    Between two steps Ctrl-C is heard.
    """

    def __init__(self, progress: Progress, since: datetime, interrupts: Interrupts) -> None:
        """Keep where to show it, and where listings begin."""
        self._check = interrupts.check
        self._progress = progress
        self._since = since
        self._listings: dict[tuple[str, ResourceKind], TaskID] = {}
        self._looking: TaskID | None = None

    def listed(self, kind: ResourceKind, region: str, reached: datetime) -> None:
        """See ``SweepProgress.listed``. It goes from today to older days."""
        self._check()
        days = (datetime.now(UTC) - self._since) / timedelta(days=1)
        listing = (region, kind)
        if listing not in self._listings:
            self._listings[listing] = self._progress.add_task(f"{region}: {kind} jobs listed, in days", total=days)
        self._progress.update(self._listings[listing], completed=days - (reached - self._since) / timedelta(days=1))

    def done(self, kind: ResourceKind, region: str) -> None:
        """See ``SweepProgress.done``."""
        task = self._listings.get((region, kind))
        if task is not None:
            self._progress.remove_task(task)

    def found(self, region: str, jobs: int) -> None:
        """See ``SweepProgress.found``."""
        if jobs:
            self._looking = self._progress.add_task(f"{region}: jobs read", total=jobs)

    def looked(self) -> None:
        """See ``SweepProgress.looked``."""
        self._check()
        if self._looking is not None:
            self._progress.advance(self._looking)


def backfill(stack: str, since: date, regions: list[str]) -> int:
    """Record the past, and say what was done."""
    start = datetime(since.year, since.month, since.day, tzinfo=UTC)
    if start > datetime.now(UTC):
        raise SettingsError(f"SINCE={since} lies in the future")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    interrupts = Interrupts()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        job_sweep = wiring.backfill(stack, Bar(progress, start, interrupts))
        done = job_sweep.backfill(start, regions or sorted({job_sweep.home_region, *job_sweep.regions.in_use()}))
    sys.stdout.write(
        f"{done.recorded} jobs created since {since} were recorded now, {done.still_open} still run and are watched\n"
    )
    for failure in (*done.failures, *done.postponed):
        sys.stderr.write(f"{failure}\n")
    if not done.complete:
        sys.stderr.write("Not all was done; run the same command again, it goes on where it was\n")
    return 0 if done.complete and not done.failures else 1


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="make backfill", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the deployed stack (STACK=)")
    parser.add_argument("--since", type=day, required=True, help="first day (UTC) jobs were created on (SINCE=)")
    parser.add_argument("--region", type=_region, action="append", default=[], help="instead of all in use (REGIONS=)")
    given = parser.parse_args()
    stopped = "Stopped. Nothing is lost: run the same command again, and it goes on where it was."
    return run(lambda: backfill(given.stack, given.since, given.region), on_interrupt=stopped)


def _region(text: str) -> str:
    if not re.fullmatch(REGION, text):
        raise argparse.ArgumentTypeError(f"{text!r} is no region; write one like eu-west-1, several with spaces")
    return text


if __name__ == "__main__":
    sys.exit(main())
