"""Finds jobs that events missed. Listings fill the index of open jobs, and Describe empties it."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sagewatch.clock import Clock, TimeBudget
from sagewatch.errors import (
    JobNotFoundError,
    MalformedEventError,
    SageWatchError,
    SweepIncompleteError,
    UnreadableError,
)
from sagewatch.jobs.decisions import decide_unread
from sagewatch.jobs.lanes import Lane, lanes_of, next_lane
from sagewatch.jobs.long_running import FamilyHistories, LongRunningAlerts
from sagewatch.jobs.ports import Checkpoint, Checkpoints, Cursors, DailyNotices, OpenJob, OpenJobs, TrackedJobs
from sagewatch.jobs.reconcile import same_job, without_pool
from sagewatch.jobs.record import JobRecorder, RecordEffect
from sagewatch.jobs.settling import is_news, is_recent, is_unsettled
from sagewatch.jobs.sweep_run import NO_PROGRESS, JobSweepReport, ListingRun, SweepProgress, advance, no_time_limit
from sagewatch.ledger.ports import LedgerKeys
from sagewatch.ledger.records import RecordedBy, key_of
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.owners.job_owners import JobOwners
from sagewatch.sagemaker.kinds import JOB_KINDS, ResourceKind
from sagewatch.sagemaker.ports import JobLists, Jobs, ListedJob, Regions, watched_regions
from sagewatch.sagemaker.resources import OLDEST, Job, JobStatus, job_to_describe
from sagewatch.sagemaker.scopes import region_of
from sagewatch.sweeps import continue_on_error, first_few, need_time

# A training job runs for 28 days at most: the first sweep of all looks back that far.
_FIRST_LOOK = timedelta(days=30)
# The listings of the next day find what a listing, an index write or a sweep lost; it costs a call per 100 jobs.
_OVERLAP = timedelta(days=1)
# Of the time: neither totals nor long listings may use up the time to inspect open jobs. Every listing has its part.
_TOTALS_SHARE, _LISTING_SHARE = 0.2, 0.5
_SAVED_EVERY = 100  # inspections: a sweep that is killed repeats no more


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSweep:
    """Finds jobs whose end no event reported, and records them as their events would have."""

    recorder: JobRecorder
    jobs: Jobs
    lists: JobLists
    ledger: LedgerKeys
    open_jobs: OpenJobs
    tracked: TrackedJobs
    checkpoints: Checkpoints
    cursors: Cursors
    notices: DailyNotices
    regions: Regions
    owners: JobOwners
    totals: TotalsRefresh
    clock: Clock
    home_region: str
    long_running: LongRunningAlerts | None = None
    progress: SweepProgress = NO_PROGRESS

    def sweep(self, more_time: TimeBudget) -> JobSweepReport:
        """List new jobs and inspect open ones, in every region in use.

        Raises ``SweepIncompleteError`` at the end if something failed that needs a person.
        """
        run = ListingRun(name="sweep", since=self.clock() - _FIRST_LOOK, overlap=_OVERLAP, backfilled_at=None)
        report = self._run(run, watched_regions(self.home_region, self.regions), more_time)
        if report.failures:
            raise SweepIncompleteError("; ".join(first_few(report.failures)), outcome=report)
        return report

    def backfill(
        self, since: datetime, regions: Sequence[str] = (), more_time: TimeBudget = no_time_limit
    ) -> JobSweepReport:
        """Record the past without alerts, of some regions or of all that the sweep watches.

        The next run continues one that was interrupted.
        """
        name, now = f"backfill#{since:%Y-%m-%d}", self.clock()
        run = ListingRun(name=name, since=since, overlap=timedelta(0), backfilled_at=now)
        return self._run(run, regions or watched_regions(self.home_region, self.regions), more_time)

    def _run(self, run: ListingRun, regions: Sequence[str], more_time: TimeBudget) -> JobSweepReport:
        """Totals come first: by now every reader of the indexes sees what the last run wrote."""
        report = JobSweepReport()
        with continue_on_error(report, "totals"):
            self._refresh_totals(more_time, report)
        listings = list(itertools.product(JOB_KINDS, regions))  # a region rests while the others are listed
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
                self._unreadable(f"{region}: {listed}", listed, report)
            elif OLDEST <= listed.created_at <= self.clock() + timedelta(days=1):
                yield listed
            else:
                problem = UnreadableError("created before SageMaker existed or after tomorrow")
                self._unreadable(f"listed {listed.kind} job {listed.name} in {region}", problem, report)

    def _checkpoint(self, name: str, report: JobSweepReport) -> Checkpoint | None:
        """Begin at the newest job if the checkpoint cannot be read: a listing too many loses nothing."""
        try:
            return self.checkpoints.read(name)
        except UnreadableError as exc:
            self._unreadable(f"checkpoint {name}", exc, report)
            return None

    def _index(self, page: Sequence[ListedJob], run: ListingRun, region: str, report: JobSweepReport) -> None:
        unknown = self._unknown(page, region)
        for job in unknown:
            self.open_jobs.add(job, backfilled_at=run.backfilled_at)
        if unknown:
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
        histories: FamilyHistories | None = {} if run.backfilled_at is None else None
        lanes: list[Lane] = []
        with continue_on_error(report, "the order of inspections"):
            cursors = {region: self.cursors.read(run.cursor(region)) for region in regions}
            lanes = lanes_of(cursors, self.open_jobs.after)
        begun, left = list(lanes), list(lanes)
        while left:
            lane = next_lane(left)
            if not more_time():
                report.complete = False
                break
            if not self._take_turn(lane, run, histories, report):
                left.remove(lane)
            elif sum(lane.turns for lane in begun) % _SAVED_EVERY == 0:
                self._save(run, begun, report)
        self._save(run, begun, report)

    def _save(self, run: ListingRun, lanes: Sequence[Lane], report: JobSweepReport) -> None:
        for lane in lanes:
            if lane.turns:
                with continue_on_error(report, f"the order of inspections in {lane.region}"):
                    self.cursors.save(run.cursor(lane.region), lane.cursor)

    def _take_turn(
        self, lane: Lane, run: ListingRun, histories: FamilyHistories | None, report: JobSweepReport
    ) -> bool:
        """Inspect the next job of a region; say whether there may be more to inspect there in this sweep.

        If SageMaker throttles, the region rests until the next sweep, which begins with the same job. If that was the
        region's first turn, the next sweep begins behind it, so that one job cannot hold up the others.
        """
        before, goes_on = lane.cursor, False
        with continue_on_error(report, lane.region):
            entry = lane.take()
            if isinstance(entry, UnreadableError):
                self._unreadable(str(entry), entry, report)
            elif entry and run.covers(entry):
                with continue_on_error(report, f"{entry.job.kind} job {entry.job.name}", may_throttle=False):
                    self._inspect(entry, histories, report)
                self.progress.looked(lane.region)
            goes_on = not lane.finished
        if not (goes_on or lane.finished) and lane.turns > 1:
            lane.cursor = before
        return goes_on

    def _inspect(self, entry: OpenJob, histories: FamilyHistories | None, report: JobSweepReport) -> None:
        report.looked_at += 1
        try:
            found = self.jobs.describe(entry.job)
        except JobNotFoundError:
            found = None
        except MalformedEventError as exc:
            report.still_open += 1  # it is not gone: a new status or one bad field never ends a run
            self._unreadable(f"{entry.job.kind} job {entry.job.name} in {entry.job.region}", exc, report)
            return
        if found is None or not same_job(entry.job, found):
            report.recorded += self._unread(entry, JobStatus.DELETING, "it was deleted before its end was read")
        elif is_unsettled(entry, without_pool(found, self.clock()), self.clock()):
            report.still_open += 1
            self._complete(entry, found)
            if self.long_running and histories is not None:
                with continue_on_error(report, f"alerts about {found.kind} job {found.name}"):
                    report.alerted += self.long_running.check(entry, found, histories)
        else:
            report.recorded += self._record(entry, found)

    def _unreadable(self, subject: str, problem: SageWatchError, report: JobSweepReport) -> None:
        """Count what cannot be read, and name it once a day. Nothing is deleted."""
        report.unreadable += 1
        if self.notices.first_today(subject):
            report.failures.append(f"cannot read {subject}: {problem}" if subject != str(problem) else subject)

    def _complete(self, entry: OpenJob, found: Job) -> None:
        """Keep the role and the instances, once: a listing has neither, Describe has both."""
        if entry.job.role_arn is None and found.role_arn and not entry.provisional:
            known = replace(found, created_at=entry.job.created_at)
            self.open_jobs.add(known, backfilled_at=entry.backfilled_at)

    def _record(self, entry: OpenJob, found: Job) -> bool:
        """Record the end under the key of its row, if it has one: an event may have dated it a little differently."""
        job = self.owners.with_tags(replace(found, created_at=self._recorded_at(found) or found.created_at))
        decision = self.recorder.decide(
            job,
            RecordedBy.SWEEP,
            alerting=is_news(entry, job, self.clock()),
            alerted_before=bool(entry.alerted),
            backfilled_at=entry.backfilled_at,
        )
        effects = self.recorder.apply(decision).effects
        is_final = RecordEffect.UNTRACKED in effects or not entry.provisional
        stays_provisional = not is_final and not is_recent(found, self.clock())
        if stays_provisional or key_of(entry.job) != key_of(job):
            self.open_jobs.remove(entry.job)
        return RecordEffect.RECORDED in effects

    def _unread(self, entry: OpenJob, status: JobStatus, reason: str) -> bool:
        """Close a job that cannot be read any more: keep its row if it has one, else write one with the reason."""
        if self._recorded_at(entry.job):
            self.open_jobs.remove(entry.job)
            return False
        decision = decide_unread(entry.job, status, reason, now=self.clock())
        return RecordEffect.RECORDED in self.recorder.apply(decision).effects

    def _recorded_at(self, job: Job) -> datetime | None:
        times = self.ledger.times_of(job.arn)
        return next((time for time in times if same_job(job, replace(job, created_at=time))), None)


def _to_describe(job: ListedJob, region: str) -> Job:
    return job_to_describe(
        kind=job.kind, name=job.name, arn=job.arn, region=region_of(region), created_at=job.created_at
    )
