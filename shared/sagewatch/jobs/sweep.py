"""Finds jobs that events missed. Listings fill the index of open jobs, and Describe empties it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product

from sagewatch.at_once import AT_ONCE, in_order
from sagewatch.clock import Clock, TimeBudget
from sagewatch.errors import (
    OutOfTimeError,
    ThrottledError,
    UnreadableError,
)
from sagewatch.jobs.inspection import JobInspector
from sagewatch.jobs.lanes import Lane, Turn, lanes_of, next_lane
from sagewatch.jobs.long_running import FamilyHistories
from sagewatch.jobs.ports import Checkpoint, Checkpoints, Cursors, OpenJob, OpenJobs, TrackedJobs
from sagewatch.jobs.sweep_run import NO_PROGRESS, JobSweepReport, ListingRun, SweepProgress, advance, no_time_limit
from sagewatch.ledger.ports import LedgerKeys
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.sagemaker.kinds import JOB_KINDS, ResourceKind
from sagewatch.sagemaker.ports import JobLists, ListedJob, Regions, watched_regions
from sagewatch.sagemaker.resources import OLDEST, Job, job_to_describe
from sagewatch.sagemaker.scopes import Scope, region_of
from sagewatch.sweeps import continue_on_error, finished, need_time

# A training job runs for 28 days at most: the first sweep of all looks back that far.
_FIRST_LOOK = timedelta(days=30)
# The listings of the next day find what a listing, an index write or a sweep lost; it costs a call per 100 jobs.
_OVERLAP = timedelta(days=1)
# Of the time: neither totals nor long listings may use up the time to inspect open jobs. Every listing has its part.
_TOTALS_SHARE, _LISTING_SHARE = 0.2, 0.5
_SKEW = timedelta(days=1)  # of clocks, at most
_SAVED_EVERY = 100  # inspections: a sweep that is killed repeats little more


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSweep:
    """Finds jobs whose end no event reported, and records them as their events would have."""

    inspector: JobInspector
    lists: JobLists
    ledger: LedgerKeys
    open_jobs: OpenJobs
    tracked: TrackedJobs
    checkpoints: Checkpoints
    cursors: Cursors
    regions: Regions
    totals: TotalsRefresh
    clock: Clock
    home_region: str
    progress: SweepProgress = NO_PROGRESS
    at_once: int = AT_ONCE

    def sweep(self, more_time: TimeBudget, scopes: Sequence[Scope] = ()) -> JobSweepReport:
        """List new jobs and inspect open ones, in those scopes or in every region in use.

        Raises ``SweepIncompleteError`` at the end if something failed that needs a person.
        """
        run = ListingRun(name="sweep", since=self.clock() - _FIRST_LOOK, overlap=_OVERLAP, backfilled_at=None)
        regions = scopes or watched_regions(self.home_region, self.regions)
        return finished(self._run(run, regions, more_time, totals=not scopes))

    def backfill(
        self, since: datetime, regions: Sequence[str] = (), more_time: TimeBudget = no_time_limit
    ) -> JobSweepReport:
        """Record the past without alerts, of some regions or of all that the sweep watches.

        The next run continues one that was interrupted.
        """
        name, now = f"backfill#{since:%Y-%m-%d}", self.clock()
        run = ListingRun(name=name, since=since, overlap=timedelta(0), backfilled_at=now)
        return self._run(run, regions or watched_regions(self.home_region, self.regions), more_time)

    def _run(
        self, run: ListingRun, regions: Sequence[Scope], more_time: TimeBudget, *, totals: bool = True
    ) -> JobSweepReport:
        """Totals come first: by now every reader of the indexes sees what the last run wrote."""
        report = JobSweepReport()
        if totals:
            with continue_on_error(report, "totals"):
                self._refresh_totals(more_time, report)
        listings = list(product(JOB_KINDS, regions))  # a region rests while the others are listed
        for number, (kind, region) in enumerate(listings, 1):
            share = _TOTALS_SHARE + (_LISTING_SHARE - _TOTALS_SHARE) * number / len(listings)
            with continue_on_error(report, region):
                self._list(run, kind, region, lambda share=share: more_time(share), report)  # type: ignore[misc] # bound early
        self._inspect_all(run, regions, more_time, report)
        return report

    def _refresh_totals(self, more_time: TimeBudget, report: JobSweepReport) -> None:
        for mark in self.totals.ready():
            need_time(more_time(_TOTALS_SHARE), "the next run refreshes the other totals")
            with continue_on_error(report, str(mark.sum)):
                self.totals.run(mark)
                report.summed += 1

    def _list(
        self, run: ListingRun, kind: ResourceKind, region: str, more_time: Callable[[], bool], report: JobSweepReport
    ) -> None:
        """Put into the index what is in neither table, and keep how far the listing came, however it ends."""
        need_time(more_time(), "the next run lists")
        name = run.checkpoint(kind, region)
        last = self._checkpoint(name, report)
        point = run.begin(last)
        before = point.low and point.low + timedelta(seconds=1)  # kept to the second: list all of that second
        try:
            for page in self.lists.created_since(kind, region, point.floor or run.since, before):
                jobs = list(self._readable(page, region, report))
                self._index(jobs, run, region, report)
                point = advance(point, jobs)
                self.progress.listed(kind, region, point.low or run.since)
                need_time(more_time(), "the next run lists the rest")
            point = replace(point, low=None, floor=None) if point.low else last or point
        finally:
            if last and last.low and point == last:
                point = Checkpoint(last.floor or run.since)  # no progress: list again from the newest job on
            if point != last and (last or point.top > run.since):
                self.checkpoints.save(name, point)
        self.progress.done(kind, region)

    def _readable(
        self, page: Sequence[ListedJob | UnreadableError], region: str, report: JobSweepReport
    ) -> Iterator[ListedJob]:
        """Yield the jobs of a page that can be read, and report the others."""
        for listed in page:
            if isinstance(listed, UnreadableError):
                self.inspector.unreadable(f"{region}: {listed}", listed, report)
            elif OLDEST <= listed.created_at <= self.clock() + _SKEW:
                yield listed
            else:
                problem = UnreadableError("created before SageMaker existed or after tomorrow")
                self.inspector.unreadable(f"listed {listed.kind} job {listed.name} in {region}", problem, report)

    def _checkpoint(self, name: str, report: JobSweepReport) -> Checkpoint | None:
        """Begin at the newest job if the checkpoint cannot be read: a listing too many loses nothing."""
        try:
            point = self.checkpoints.read(name)
        except UnreadableError as exc:
            self.inspector.unreadable(f"checkpoint {name}", exc, report)
            return None
        if point and point.latest > self.clock() + _SKEW:
            problem = UnreadableError("it is after tomorrow, so no new job would be listed")
            self.inspector.unreadable(f"checkpoint {name}", problem, report)
            return None
        return point

    def _index(self, page: Sequence[ListedJob], run: ListingRun, region: str, report: JobSweepReport) -> None:
        unknown = self._unknown(page, region)
        if unknown:
            self.open_jobs.add_all(unknown, backfilled_at=run.backfilled_at)
            self.regions.add(region)  # now that it has answered: a misspelt one would fail every sweep
        report.listed += len(page)
        report.new += len(unknown)

    def _unknown(self, page: Sequence[ListedJob], region: str) -> list[Job]:
        recorded = self.ledger.recorded(page) if page else frozenset()
        unrecorded = [listed for listed in page if listed.key not in recorded]
        tracked = self.tracked.tracked(region, unrecorded) if unrecorded else frozenset()
        return [_to_describe(listed, region) for listed in unrecorded if listed.key not in tracked]

    def _inspect_all(
        self, run: ListingRun, regions: Sequence[str], more_time: TimeBudget, report: JobSweepReport
    ) -> None:
        """Inspect open jobs, the least recently inspected first, until all had their turn or the time is up."""
        histories = FamilyHistories() if run.backfilled_at is None else None
        lanes: list[Lane] = []
        with continue_on_error(report, "the order of inspections"):
            cursors = {region: self.cursors.read(run.cursor(region)) for region in regions}
            lanes = lanes_of(cursors, self.open_jobs.after)
        left = list(lanes)
        more = partial(_more_time, more_time, left, report)
        turns, inspect = self._turns(left, more, report), partial(self._take, run, histories, set[str]())
        for number, (turn, inspected) in enumerate(in_order(inspect, turns, self.at_once, more), 1):
            part, done = inspected()
            report.add(part)
            self._settle(turn, left, done=done)
            if done and isinstance(turn.entry, OpenJob) and run.covers(turn.entry):
                self.progress.looked(turn.lane.region)
            if number % _SAVED_EVERY == 0:
                self._save(run, lanes, report)
        self._save(run, lanes, report)

    def _turns(self, left: list[Lane], more: Callable[[], bool], report: JobSweepReport) -> Iterator[Turn]:
        """Yield the next turns of the lanes that are left. A lane that has ended or cannot be read is left no more."""
        while left and more():
            lane = next_lane(left)
            turns: list[Turn] = []
            with continue_on_error(report, lane.region):
                turns.append(lane.turn())
            if not turns or lane.finished:
                left.remove(lane)
            yield from turns

    def _settle(self, turn: Turn, left: list[Lane], *, done: bool) -> None:
        """Note how far the lane has come, in the order of its turns.

        If SageMaker throttles, the region rests until the next sweep, which begins with the same job. If that was the
        region's first turn, the next sweep begins behind it, so that one job cannot hold up the others.
        """
        lane = turn.lane
        if lane.resting:
            return
        lane.reached = turn.after if done or turn.number <= 1 else turn.before
        lane.resting = not done
        if not done and lane in left:
            left.remove(lane)

    def _save(self, run: ListingRun, lanes: Sequence[Lane], report: JobSweepReport) -> None:
        for lane in lanes:
            if lane.turns:
                with continue_on_error(report, f"the order of inspections in {lane.region}"):
                    self.cursors.save(run.cursor(lane.region), lane.reached)

    def _take(
        self, run: ListingRun, histories: FamilyHistories | None, resting: set[str], turn: Turn
    ) -> tuple[JobSweepReport, bool]:
        """Inspect the job whose turn it is, unless its region rests. Return the report, and whether it is done."""
        report, entry, region = JobSweepReport(), turn.entry, turn.lane.region
        if region in resting:
            return report, False
        resting_after = True
        with suppress(ThrottledError, OutOfTimeError), continue_on_error(report, region, may_throttle=False):
            if isinstance(entry, UnreadableError):
                self.inspector.unreadable(str(entry), entry, report)
            elif entry and run.covers(entry):
                with continue_on_error(report, f"{entry.job.kind} job {entry.job.name}", may_throttle=False):
                    self.inspector.inspect(entry, histories, report)
            resting_after = False
        if resting_after:
            resting.add(region)
        return report, not resting_after


def _more_time(more_time: TimeBudget, left: list[Lane], report: JobSweepReport) -> bool:
    """Ask whether an inspection may begin. Without more time no lane is left, and the next sweep inspects the rest."""
    if more_time():
        return True
    report.complete = False
    left.clear()
    return False


def _to_describe(job: ListedJob, region: str) -> Job:
    return job_to_describe(
        kind=job.kind, name=job.name, arn=job.arn, region=region_of(region), created_at=job.created_at
    )
