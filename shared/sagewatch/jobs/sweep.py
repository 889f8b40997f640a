"""Find what events missed. Listings fill the index of open jobs, and Describe empties it."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sagewatch.clock import Clock, TimeBudget
from sagewatch.errors import JobNotFoundError, MalformedEventError, OutOfTimeError, SweepIncompleteError
from sagewatch.jobs.decisions import decide_unread
from sagewatch.jobs.long_running import FamilyHistories, LongRunningAlerts
from sagewatch.jobs.owners import JobOwners
from sagewatch.jobs.ports import Checkpoint, Checkpoints, OpenJob, OpenJobs
from sagewatch.jobs.reconcile import lacks_billed_seconds, same_job, without_pool
from sagewatch.jobs.record import JobRecorder, RecordEffect
from sagewatch.jobs.sweep_run import NO_PROGRESS, JobSweepReport, ListingRun, SweepProgress, advance, no_time_limit
from sagewatch.ledger.ports import LedgerKeys
from sagewatch.ledger.records import RecordedBy, key_of
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.pricing.job_cost import in_doubt
from sagewatch.sagemaker.ports import JobLists, Jobs, ListedJob, Regions
from sagewatch.sagemaker.resources import JOB_KINDS, Job, JobStatus, Key, ResourceKind, job_to_describe
from sagewatch.sweeps import continue_on_error, first_few

# A training job runs for 28 days at most: the first sweep of all looks back that far.
_FIRST_LOOK = timedelta(days=30)
# The listings of the next day find what a listing, an index write or a sweep lost; it costs a call per 100 jobs.
_OVERLAP = timedelta(days=1)
_NEWS_FOR = timedelta(days=1)  # an older end is no news
_PROVISIONAL_FOR = timedelta(days=8)  # a warm pool lives for 7 days at most; what is unknown by then stays so
_LISTING_SHARE = 0.5  # of the time: a long listing must not use up the time to inspect open jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSweep:
    """Finds jobs whose end no event reported, and records them as their events would have."""

    recorder: JobRecorder
    jobs: Jobs
    lists: JobLists
    ledger: LedgerKeys
    open_jobs: OpenJobs
    checkpoints: Checkpoints
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
        report = self._run(run, sorted({self.home_region, *self.regions.in_use()}), more_time)
        if report.failures:
            raise SweepIncompleteError("; ".join(first_few(report.failures)), outcome=report)
        return report

    def backfill(
        self, since: datetime, regions: Sequence[str], more_time: TimeBudget = no_time_limit
    ) -> JobSweepReport:
        """Record the past of some regions without alerts. The next run continues one that was interrupted."""
        name, now = f"backfill#{since:%Y-%m-%d}", self.clock()
        run = ListingRun(name=name, since=since, overlap=timedelta(0), backfilled_at=now)
        return self._run(run, regions, more_time)

    def _run(self, run: ListingRun, regions: Sequence[str], more_time: TimeBudget) -> JobSweepReport:
        """Totals come first: by now every reader of the indexes sees what the last run wrote."""
        report = JobSweepReport()
        with continue_on_error(report, "totals"):
            self._refresh_totals(more_time, report)
        open_jobs: dict[str, dict[Key, OpenJob]] = {}
        for region in regions:
            with continue_on_error(report, region):
                open_jobs[region] = {key_of(entry.job): entry for entry in self.open_jobs.of_region(region)}
        for kind, region in itertools.product(JOB_KINDS, open_jobs):  # a region rests while the others are listed
            with continue_on_error(report, region):
                self._list(run, kind, region, open_jobs[region], more_time, report)
        histories: FamilyHistories | None = {} if run.backfilled_at is None else None
        for past, region in itertools.product((False, True), open_jobs):  # people may have to be alerted to the others
            covered = [entry for entry in open_jobs[region].values() if run.covers(entry, past=past)]
            with continue_on_error(report, region):
                self._inspect_all(region, covered, histories, more_time, report)
        return report

    def _refresh_totals(self, more_time: TimeBudget, report: JobSweepReport) -> None:
        for mark in self.totals.ready():
            _need(more_time, 1, "the next run refreshes the other totals")
            with continue_on_error(report, str(mark.sum)):
                self.totals.run(mark)
                report.summed += 1

    def _list(  # noqa: PLR0913, PLR0917 - one listing of one run
        self,
        run: ListingRun,
        kind: ResourceKind,
        region: str,
        open_jobs: dict[Key, OpenJob],
        more_time: TimeBudget,
        report: JobSweepReport,
    ) -> None:
        """Put into the index what is in neither table, and keep how far the listing came, however it ends."""
        _need(more_time, _LISTING_SHARE, "the next run lists")
        name = run.checkpoint(kind, region)
        last = self.checkpoints.read(name)
        point = run.begin(last)
        before = point.low and point.low + timedelta(seconds=1)  # kept to the second: list all of that second
        try:
            for page in self.lists.created_since(kind, region, point.floor or run.since, before):
                self._index(page, run, region, open_jobs, report)
                point = advance(point, page)
                self.progress.listed(kind, region, point.low or run.since)
                _need(more_time, _LISTING_SHARE, "the next run lists the rest")
            point = replace(point, low=None, floor=None) if point.low else last or point
        finally:
            if last and last.low and point == last:
                point = Checkpoint(last.floor or run.since)  # no progress: list again from the newest job on
            if point != last and (last or point.top > run.since):
                self.checkpoints.save(name, point)
        self.progress.done(kind, region)

    def _index(
        self,
        page: Sequence[ListedJob],
        run: ListingRun,
        region: str,
        open_jobs: dict[Key, OpenJob],
        report: JobSweepReport,
    ) -> None:
        unknown = self._unknown(page, region, open_jobs)
        for job in unknown:
            if self.open_jobs.add(job, backfilled_at=run.backfilled_at):
                open_jobs[key_of(job)] = OpenJob(job, backfilled_at=run.backfilled_at)
        if unknown:
            self.regions.add(region)  # now that it has answered: a misspelt one would fail every sweep
        report.listed += len(page)
        report.new += len(unknown)

    def _unknown(self, page: Sequence[ListedJob], region: str, open_jobs: Mapping[Key, OpenJob]) -> list[Job]:
        unseen = [listed for listed in page if listed.key not in open_jobs]
        recorded = self.ledger.recorded(unseen) if unseen else frozenset()
        return [
            job_to_describe(
                kind=listed.kind, name=listed.name, arn=listed.arn, region=region, created_at=listed.created_at
            )
            for listed in unseen
            if listed.key not in recorded
        ]

    def _inspect_all(
        self,
        region: str,
        entries: Collection[OpenJob],
        histories: FamilyHistories | None,
        more_time: TimeBudget,
        report: JobSweepReport,
    ) -> None:
        self.progress.found(region, len(entries))
        for entry in entries:
            _need(more_time, 1, "the next run inspects the rest")
            with continue_on_error(report, f"{entry.job.kind} job {entry.job.name}", may_throttle=False):
                self._inspect(entry, histories, report)
            self.progress.looked()

    def _inspect(self, entry: OpenJob, histories: FamilyHistories | None, report: JobSweepReport) -> None:
        report.looked_at += 1
        try:
            found = self.jobs.describe(entry.job)
        except JobNotFoundError:
            found = None
        except MalformedEventError as exc:
            report.recorded += self._unread(entry, entry.job.status, f"what Describe answers cannot be read: {exc}")
            raise
        if found is None or not same_job(entry.job, found):
            report.recorded += self._unread(entry, JobStatus.DELETING, "it was deleted before its end was read")
        elif self._unsettled(entry, without_pool(found, self.clock())):
            report.still_open += 1
            self._complete(entry, found)
            if self.long_running and histories is not None:
                with continue_on_error(report, f"alerts about {found.kind} job {found.name}"):
                    report.alerted += self.long_running.check(entry, found, histories)
        else:
            report.recorded += self._record(entry, found)

    def _complete(self, entry: OpenJob, found: Job) -> None:
        """Keep the role and the instances, once: a listing has neither, Describe has both."""
        if entry.job.role_arn is None and found.role_arn and not entry.provisional:
            known = replace(found, created_at=entry.job.created_at)
            self.open_jobs.add(known, backfilled_at=entry.backfilled_at)

    def _unsettled(self, entry: OpenJob, found: Job) -> bool:
        """Whether there is nothing to write yet: it runs, was read too early, or its row is as certain already."""
        now = self.clock()
        if not (found.status.ended or found.status.deleting) or lacks_billed_seconds(found, now):
            return True
        recent = found.ended_at is None or now - found.ended_at < _PROVISIONAL_FOR
        return entry.provisional and recent and in_doubt(found)

    def _record(self, entry: OpenJob, found: Job) -> bool:
        """Record the end under the key of its row, if it has one: an event may have dated it a little differently."""
        job = self.owners.with_tags(replace(found, created_at=self._recorded_at(found) or found.created_at))
        decision = self.recorder.decide(
            job,
            RecordedBy.SWEEP,
            alerting=self._is_news(entry, job),
            alerted_before=bool(entry.alerted),
            backfilled_at=entry.backfilled_at,
        )
        effects = self.recorder.apply(decision).effects
        stays_provisional = entry.provisional and RecordEffect.UNTRACKED not in effects
        if stays_provisional or key_of(entry.job) != key_of(job):
            self.open_jobs.remove(entry.job)
        return RecordEffect.RECORDED in effects

    def _is_news(self, entry: OpenJob, job: Job) -> bool:
        """Whether people should still be alerted to the job's end."""
        ended = job.ended_at or job.modified_at or job.created_at  # not every Describe dates a job that never launched
        past = max(self.clock() - _NEWS_FOR, entry.backfilled_at or datetime.min.replace(tzinfo=UTC))
        return ended is not None and ended >= past

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


def _need(more_time: TimeBudget, share: float, otherwise: str) -> None:
    if not more_time(share):
        raise OutOfTimeError(otherwise)
