"""SweepJobs' work: what events missed. Listings fill the index of open jobs, Describe empties it."""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sagewatch.costs import in_doubt
from sagewatch.errors import (
    AccessDeniedError,
    JobNotFoundError,
    MalformedEventError,
    OutOfTimeError,
    RetryableError,
    SageWatchError,
    SweepIncompleteError,
    ThrottledError,
)
from sagewatch.policy import decide_unread
from sagewatch.ports import (
    Checkpoint,
    Checkpoints,
    Clock,
    JobLists,
    Jobs,
    Key,
    LedgerKeys,
    ListedJob,
    MoreTime,
    OpenJob,
    OpenJobs,
    Regions,
)
from sagewatch.recorder import Effect, Recorder, lacks_billed_seconds, same_job, without_pool
from sagewatch.records import RecordedBy, iso, key_time
from sagewatch.resources import Job, JobKind, JobStatus
from sagewatch.summer import Summer

# A training job runs for 28 days at most: what the first sweep of all sees of older jobs has been seen by nobody.
_FIRST_LOOK = timedelta(days=30)
# What a listing, an index write or a whole sweep lost is found by those of the next day; it costs a call per 100 jobs.
_OVERLAP = timedelta(days=1)
_NEWS_FOR = timedelta(days=1)  # an older end is no news
_PROVISIONAL_FOR = timedelta(days=8)  # a warm pool lives for 7 days at most; what is not told by then will not be
_TOLD = 20  # sentences of what went wrong
_LISTING_SHARE = 0.5  # of the time: a long listing must not keep the open jobs from being looked at


class Watcher(Protocol):
    """Somebody who likes to know how far a long run has come."""

    def listed(self, kind: JobKind, region: str, reached: datetime) -> None:
        """A listing, from the newest job to older ones, has come to those created then."""

    def done(self, kind: JobKind, region: str) -> None:
        """A listing has come to its end."""

    def found(self, region: str, jobs: int) -> None:
        """So many open jobs of a region will be looked at."""

    def looked(self) -> None:
        """One of them was."""


class Nobody:
    """A watcher who does not care."""

    def listed(self, kind: JobKind, region: str, reached: datetime) -> None:
        """See ``Watcher.listed``."""

    def done(self, kind: JobKind, region: str) -> None:
        """See ``Watcher.done``."""

    def found(self, region: str, jobs: int) -> None:
        """See ``Watcher.found``."""

    def looked(self) -> None:
        """See ``Watcher.looked``."""


NOBODY = Nobody()


def _endless(share: float = 1) -> bool:
    """A person waits, and ends it with Ctrl-C."""
    del share
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a run is for: since when jobs are listed, and under which name it keeps how far it came.

    ``backfilled_at`` is the time of a backfill, which looks only at jobs that a backfill put into the index: the others
    are the sweep's, for of their ends somebody should hear.
    """

    name: str
    since: datetime
    overlap: timedelta
    backfilled_at: datetime | None

    def checkpoint(self, kind: JobKind, region: str) -> str:
        """The name of how far one listing has come."""
        return f"{self.name}#{region}#{kind}"

    def begin(self, last: Checkpoint | None) -> Checkpoint:
        """Where a listing begins: where the last one was cut off, else at the newest job, down to what is known."""
        if last is None:
            return Checkpoint(self.since, floor=self.since)
        return last if last.low else replace(last, floor=last.top - self.overlap)

    def covers(self, entry: OpenJob, *, past: bool) -> bool:
        """Whether the run looks at an open job that is, or is not, of the past a backfill found."""
        backfilled = entry.backfilled_at is not None
        return backfilled is past and (backfilled or self.backfilled_at is None)


@dataclass(slots=True)
class Swept:
    """What a run did, in numbers of jobs and sums, and what went wrong, each in one sentence.

    ``failures`` need a person; what was ``postponed`` the next run tries again. ``complete`` says that nothing was left
    for it: neither time nor SageMaker's patience ended before.
    """

    summed: int = 0
    listed: int = 0
    new: int = 0
    looked_at: int = 0
    recorded: int = 0
    still_open: int = 0
    complete: bool = True
    failures: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)

    def answer(self) -> Mapping[str, object]:
        """The outcome as JSON, for logs and for whoever invoked the function by hand."""
        return {**asdict(self), "failures": _cut(self.failures), "postponed": _cut(self.postponed)}


def _cut(sentences: Sequence[str]) -> list[str]:
    """The first of them, and how many more there are: a log line and a message have limits."""
    more = [f"and {len(sentences) - _TOLD} more"] if len(sentences) > _TOLD else []
    return [*sentences[:_TOLD], *more]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Finds jobs that ended unseen, and has them recorded as their events would have."""

    recorder: Recorder
    jobs: Jobs
    lists: JobLists
    ledger: LedgerKeys
    open_jobs: OpenJobs
    checkpoints: Checkpoints
    regions: Regions
    summer: Summer
    clock: Clock
    home_region: str
    watcher: Watcher = NOBODY

    def sweep(self, more_time: MoreTime) -> Swept:
        """List what is new and look at what is open, in every region in use.

        Raises ``SweepIncompleteError``, after everything has been tried, if something failed that time will not mend.
        """
        errand = Errand(name="sweep", since=self.clock() - _FIRST_LOOK, overlap=_OVERLAP, backfilled_at=None)
        swept = self._run(errand, sorted({self.home_region, *self.regions.in_use()}), more_time)
        if swept.failures:
            raise SweepIncompleteError("; ".join(_cut(swept.failures)))
        return swept

    def backfill(self, since: datetime, regions: Sequence[str], more_time: MoreTime = _endless) -> Swept:
        """Record the past of some regions, and tell nobody. A run that was interrupted is gone on with."""
        name, now = f"backfill#{since:%Y-%m-%d}", self.clock()
        errand = Errand(name=name, since=since, overlap=timedelta(0), backfilled_at=now)
        return self._run(errand, regions, more_time)

    def _run(self, errand: Errand, regions: Sequence[str], more_time: MoreTime) -> Swept:
        """Sums come first: what the last run wrote, every reader of the indexes sees by now."""
        swept = Swept()
        with _noted(swept, "sums"):
            self._sum(more_time, swept)
        open_jobs: dict[str, dict[Key, OpenJob]] = {}
        for region in regions:
            with _noted(swept, region):
                open_jobs[region] = {_key(entry.job): entry for entry in self.open_jobs.of_region(region)}
        for kind, region in itertools.product(JobKind, open_jobs):  # so a region rests while the others are asked
            with _noted(swept, region):
                self._list(errand, kind, region, open_jobs[region], more_time, swept)
        for past, region in itertools.product((False, True), open_jobs):  # somebody may have to hear of the others
            covered = [entry for entry in open_jobs[region].values() if errand.covers(entry, past=past)]
            with _noted(swept, region):
                self._look_at(region, covered, more_time, swept)
        return swept

    def _sum(self, more_time: MoreTime, swept: Swept) -> None:
        for mark in self.summer.ready():
            _need(more_time, 1, "the next run sums the rest")
            with _noted(swept, str(mark.sum)):
                self.summer.work_off(mark)
                swept.summed += 1

    def _list(  # noqa: PLR0913, PLR0917 - one listing of one errand
        self,
        errand: Errand,
        kind: JobKind,
        region: str,
        open_jobs: dict[Key, OpenJob],
        more_time: MoreTime,
        swept: Swept,
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
                point = _reached(point, page)
                self.watcher.listed(kind, region, point.low or errand.since)
                _need(more_time, _LISTING_SHARE, "the next run lists the rest")
            point = replace(point, low=None, floor=None) if point.low else last or point
        finally:
            if point != last and point.top > errand.since:
                self.checkpoints.keep(name, point)
        self.watcher.done(kind, region)

    def _index(
        self, page: Sequence[ListedJob], errand: Errand, region: str, open_jobs: dict[Key, OpenJob], swept: Swept
    ) -> None:
        unknown = self._unknown(page, open_jobs)
        for job in unknown:
            if self.open_jobs.add(job, backfilled_at=errand.backfilled_at):
                open_jobs[_key(job)] = OpenJob(job, backfilled_at=errand.backfilled_at)
        if unknown:
            self.regions.note(region)  # now that it has answered: a misspelt one would fail every sweep
        swept.listed += len(page)
        swept.new += len(unknown)

    def _unknown(self, page: Sequence[ListedJob], open_jobs: Mapping[Key, OpenJob]) -> list[Job]:
        unseen = [listed for listed in page if (listed.arn, iso(listed.created_at)) not in open_jobs]
        recorded = self.ledger.recorded(unseen) if unseen else frozenset()
        return [_as_job(listed) for listed in unseen if (listed.arn, iso(listed.created_at)) not in recorded]

    def _look_at(self, region: str, entries: Collection[OpenJob], more_time: MoreTime, swept: Swept) -> None:
        self.watcher.found(region, len(entries))
        for entry in entries:
            _need(more_time, 1, "the next run looks at the rest")
            with _noted(swept, f"{entry.job.kind} job {entry.job.name}", may_throttle=False):
                self._look(entry, swept)
            self.watcher.looked()

    def _look(self, entry: OpenJob, swept: Swept) -> None:
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
        else:
            swept.recorded += self._record(entry, found)

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
        decision = self.recorder.decide(job, RecordedBy.SWEEP, tell=tell, backfilled_at=entry.backfilled_at)
        effects = self.recorder.apply(decision).effects
        if entry.provisional or key_time(entry.job) != key_time(job):
            self.open_jobs.remove(entry.job)
        return Effect.RECORDED in effects

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
        return Effect.RECORDED in self.recorder.apply(decision).effects

    def _recorded_at(self, job: Job) -> datetime | None:
        times = self.ledger.times_of(job.arn)
        return next((time for time in times if same_job(job, replace(job, created_at=time))), None)


def _key(job: Job) -> Key:
    return job.arn, key_time(job)


def _need(more_time: MoreTime, share: float, otherwise: str) -> None:
    if not more_time(share):
        raise OutOfTimeError(otherwise)


def _as_job(listed: ListedJob) -> Job:
    account, region = listed.arn.split(":")[4], listed.arn.split(":")[3]
    return Job(
        kind=listed.kind,
        name=listed.name,
        arn=listed.arn,
        account=account,
        region=region,
        status=JobStatus.IN_PROGRESS,
        created_at=listed.created_at,
    )


def _reached(point: Checkpoint, page: Sequence[ListedJob]) -> Checkpoint:
    """How far a listing has come with a page; times are kept to the second."""
    if not page:
        return point
    newest, oldest = (job.created_at.replace(microsecond=0) for job in (page[0], page[-1]))
    return replace(point, top=max(point.top, newest), low=oldest)


@contextmanager
def _noted(swept: Swept, what: str, *, may_throttle: bool = True) -> Iterator[None]:
    """Let one thing's failure hinder no other. A throttled SageMaker is left alone, and asked again by the next run."""
    try:
        yield
    except (OutOfTimeError, ThrottledError):
        swept.complete = False
        if not may_throttle:
            raise
    except AccessDeniedError as exc:
        swept.failures.append(f"{what}: {exc}")
    except RetryableError as exc:
        swept.complete = False
        swept.postponed.append(f"{what}: {exc}")
    except SageWatchError as exc:
        swept.failures.append(f"{what}: {exc}")
