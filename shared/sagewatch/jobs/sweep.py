"""SweepJobs' work: what events missed. Listings fill the index of open jobs, Describe empties it."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sagewatch.clock import Clock, TimeBudget
from sagewatch.errors import JobNotFoundError, MalformedEventError, OutOfTimeError, SweepIncompleteError
from sagewatch.jobs.decisions import decide_unread
from sagewatch.jobs.long_running import LongRunningAlerts, LongRunningPass
from sagewatch.jobs.ports import Checkpoints, OpenJob, OpenJobs
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

# A training job runs for 28 days at most: what the first sweep of all sees of older jobs has been seen by nobody.
_FIRST_LOOK = timedelta(days=30)
# What a listing, an index write or a whole sweep lost is found by those of the next day; it costs a call per 100 jobs.
_OVERLAP = timedelta(days=1)
_NEWS_FOR = timedelta(days=1)  # an older end is no news
_PROVISIONAL_FOR = timedelta(days=8)  # a warm pool lives for 7 days at most; what is not told by then will not be
_LISTING_SHARE = 0.5  # of the time: a long listing must not keep the open jobs from being looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSweep:
    """Finds jobs that ended unseen, and has them recorded as their events would have."""

    recorder: JobRecorder
    jobs: Jobs
    lists: JobLists
    ledger: LedgerKeys
    open_jobs: OpenJobs
    checkpoints: Checkpoints
    regions: Regions
    summer: TotalsRefresh
    clock: Clock
    home_region: str
    overseer: LongRunningAlerts | None = None
    watcher: SweepProgress = NO_PROGRESS

    def sweep(self, more_time: TimeBudget) -> JobSweepReport:
        """List what is new and look at what is open, in every region in use.

        Raises ``SweepIncompleteError``, after everything has been tried, if something failed that time will not mend.
        """
        errand = ListingRun(name="sweep", since=self.clock() - _FIRST_LOOK, overlap=_OVERLAP, backfilled_at=None)
        swept = self._run(errand, sorted({self.home_region, *self.regions.in_use()}), more_time)
        if swept.failures:
            raise SweepIncompleteError("; ".join(first_few(swept.failures)), outcome=swept)
        return swept

    def backfill(
        self, since: datetime, regions: Sequence[str], more_time: TimeBudget = no_time_limit
    ) -> JobSweepReport:
        """Record the past of some regions, and tell nobody. A run that was interrupted is gone on with."""
        name, now = f"backfill#{since:%Y-%m-%d}", self.clock()
        errand = ListingRun(name=name, since=since, overlap=timedelta(0), backfilled_at=now)
        return self._run(errand, regions, more_time)

    def _run(self, errand: ListingRun, regions: Sequence[str], more_time: TimeBudget) -> JobSweepReport:
        """Sums come first: what the last run wrote, every reader of the indexes sees by now."""
        swept = JobSweepReport()
        with continue_on_error(swept, "sums"):
            self._sum(more_time, swept)
        open_jobs: dict[str, dict[Key, OpenJob]] = {}
        for region in regions:
            with continue_on_error(swept, region):
                open_jobs[region] = {key_of(entry.job): entry for entry in self.open_jobs.of_region(region)}
        for kind, region in itertools.product(JOB_KINDS, open_jobs):  # so a region rests while the others are asked
            with continue_on_error(swept, region):
                self._list(errand, kind, region, open_jobs[region], more_time, swept)
        telling = self.overseer.begin() if self.overseer and errand.backfilled_at is None else None
        for past, region in itertools.product((False, True), open_jobs):  # somebody may have to hear of the others
            covered = [entry for entry in open_jobs[region].values() if errand.covers(entry, past=past)]
            with continue_on_error(swept, region):
                self._look_at(region, covered, telling, more_time, swept)
        return swept

    def _sum(self, more_time: TimeBudget, swept: JobSweepReport) -> None:
        for mark in self.summer.ready():
            _need(more_time, 1, "the next run sums the rest")
            with continue_on_error(swept, str(mark.sum)):
                self.summer.run(mark)
                swept.summed += 1

    def _list(  # noqa: PLR0913, PLR0917 - one listing of one errand
        self,
        errand: ListingRun,
        kind: ResourceKind,
        region: str,
        open_jobs: dict[Key, OpenJob],
        more_time: TimeBudget,
        swept: JobSweepReport,
    ) -> None:
        """Put into the index what is in neither table, and keep how far that came, however it ends."""
        _need(more_time, _LISTING_SHARE, "the next run lists")
        name = errand.checkpoint(kind, region)
        last = self.checkpoints.read(name)
        point = errand.begin(last)
        before = point.low and point.low + timedelta(seconds=1)  # kept to the second: nothing of that one is left out
        try:
            for page in self.lists.created_since(kind, region, point.floor or errand.since, before):
                self._index(page, errand, region, open_jobs, swept)
                point = advance(point, page)
                self.watcher.listed(kind, region, point.low or errand.since)
                _need(more_time, _LISTING_SHARE, "the next run lists the rest")
            point = replace(point, low=None, floor=None) if point.low else last or point
        finally:
            if point != last and point.top > errand.since:
                self.checkpoints.save(name, point)
        self.watcher.done(kind, region)

    def _index(
        self,
        page: Sequence[ListedJob],
        errand: ListingRun,
        region: str,
        open_jobs: dict[Key, OpenJob],
        swept: JobSweepReport,
    ) -> None:
        unknown = self._unknown(page, region, open_jobs)
        for job in unknown:
            if self.open_jobs.add(job, backfilled_at=errand.backfilled_at):
                open_jobs[key_of(job)] = OpenJob(job, backfilled_at=errand.backfilled_at)
        if unknown:
            self.regions.add(region)  # now that it has answered: a misspelt one would fail every sweep
        swept.listed += len(page)
        swept.new += len(unknown)

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

    def _look_at(
        self,
        region: str,
        entries: Collection[OpenJob],
        telling: LongRunningPass | None,
        more_time: TimeBudget,
        swept: JobSweepReport,
    ) -> None:
        self.watcher.found(region, len(entries))
        for entry in entries:
            _need(more_time, 1, "the next run looks at the rest")
            with continue_on_error(swept, f"{entry.job.kind} job {entry.job.name}", may_throttle=False):
                self._look(entry, telling, swept)
            self.watcher.looked()

    def _look(self, entry: OpenJob, telling: LongRunningPass | None, swept: JobSweepReport) -> None:
        swept.looked_at += 1
        try:
            found = self.jobs.describe(entry.job)
        except JobNotFoundError:
            found = None
        except MalformedEventError as exc:
            swept.recorded += self._unread(entry, entry.job.status, f"what Describe answers cannot be read: {exc}")
            raise
        if found is None or not same_job(entry.job, found):
            swept.recorded += self._unread(entry, JobStatus.DELETING, "it was deleted before its end was read")
        elif self._unsettled(entry, without_pool(found, self.clock())):
            swept.still_open += 1
            self._complete(entry, found)
            if telling:
                with continue_on_error(swept, f"telling of {found.kind} job {found.name}"):
                    swept.told += telling.check(entry, found)
        else:
            swept.recorded += self._record(entry, found)

    def _complete(self, entry: OpenJob, found: Job) -> None:
        """A listing tells neither role nor instances: once, what Describe says of them is kept."""
        if entry.job.role_arn is None and found.role_arn and not entry.provisional:
            known = replace(entry.job, role_arn=found.role_arn, groups=found.groups)
            self.open_jobs.add(known, backfilled_at=entry.backfilled_at)

    def _unsettled(self, entry: OpenJob, found: Job) -> bool:
        """Whether there is nothing to write yet: it runs, or was read too early, or is no more certain than its row."""
        now = self.clock()
        if not (found.status.ended or found.status.deleting) or lacks_billed_seconds(found, now):
            return True
        recent = found.ended_at is None or now - found.ended_at < _PROVISIONAL_FOR
        return entry.provisional and recent and in_doubt(found)

    def _record(self, entry: OpenJob, found: Job) -> bool:
        """Record the end under the key its row has, if it has one: an event may have dated it a little differently."""
        job = self.recorder.with_tags(replace(found, created_at=self._recorded_at(found) or found.created_at))
        tell = self._is_news(entry, job)
        told, past = bool(entry.told), entry.backfilled_at
        decision = self.recorder.decide(job, RecordedBy.SWEEP, tell=tell, told_before=told, backfilled_at=past)
        effects = self.recorder.apply(decision).effects
        stays_provisional = entry.provisional and RecordEffect.UNWATCHED not in effects
        if stays_provisional or key_of(entry.job) != key_of(job):
            self.open_jobs.remove(entry.job)
        return RecordEffect.RECORDED in effects

    def _is_news(self, entry: OpenJob, job: Job) -> bool:
        """Whether somebody should still hear of the job's end."""
        ended = job.ended_at or job.modified_at or job.created_at  # not every Describe dates a job that never launched
        past = max(self.clock() - _NEWS_FOR, entry.backfilled_at or datetime.min.replace(tzinfo=UTC))
        return ended is not None and ended >= past

    def _unread(self, entry: OpenJob, status: JobStatus, reason: str) -> bool:
        """Nothing more will be known of it: what row there is stands, and where there is none one says so."""
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
