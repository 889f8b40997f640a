"""RecordJob's work: read the job, decide, act."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from sagewatch.backgrounds import UNKNOWN, Background
from sagewatch.costs import cost_of
from sagewatch.errors import JobNotFoundError, JobNotSettledError
from sagewatch.events import read_body, read_job_event
from sagewatch.failures import classify
from sagewatch.inquirer import Inquirer
from sagewatch.owners import Owner, owner_of, parent_of, tagged_as, tagged_owner
from sagewatch.policy import (
    Action,
    Decision,
    Record,
    Report,
    SumAgain,
    Tell,
    Unwatch,
    Watch,
    decide_ended,
    decide_running,
)
from sagewatch.ports import AlertQueue, Clock, Jobs, Prices
from sagewatch.records import CostRecord, RecordedBy
from sagewatch.reporter import Reporter
from sagewatch.resources import Job, JobKind, JobStatus
from sagewatch.stores import Ledger, Marks, OpenJobs, Regions

_SETTLES_WITHIN = timedelta(hours=1)  # Describe is behind its event by seconds, when it is at all
_SKEW = timedelta(minutes=1)  # between the clocks that date an event and a Describe answer


class Effect(StrEnum):
    """What became of an action."""

    WATCHED = "watched"
    ENDED_BEFORE = "its end was recorded before"
    RECORDED = "recorded"
    RECORDED_BEFORE = "recorded before"
    MARKED = "sum marked"
    UNWATCHED = "no longer watched"
    TOLD = "alert queued"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was wanted and why, and what happened."""

    decision: Decision
    effects: tuple[Effect, ...]

    def answer(self) -> Mapping[str, object]:
        """The outcome as JSON, for logs and for whoever invoked the function by hand."""
        return {"reason": self.decision.reason, "effects": list(self.effects)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Records jobs whose state changed. Everything it needs is given to it."""

    jobs: Jobs
    prices: Prices
    ledger: Ledger
    open_jobs: OpenJobs
    alerts: AlertQueue
    marks: Marks
    regions: Regions
    inquirer: Inquirer
    clock: Clock
    owner_tag_keys: tuple[str, ...]
    discount_percent: Decimal
    reporter: Reporter
    report_usd: Decimal

    def on_message(self, body: str) -> Outcome:
        """Handle the event in a queue message. Raises what ``on_event`` does."""
        return self.on_event(read_body(body))

    def on_event(self, event: object) -> Outcome:
        """Handle one EventBridge event. Raises ``MalformedEventError`` and what the ports raise."""
        told = read_job_event(event)
        self.regions.note(told.region)
        if told.status.ended:
            return self.record(self._read(told), RecordedBy.EVENT)
        return self._watch(told)

    def record(self, job: Job, by: RecordedBy) -> Outcome:
        """Record a job that ended, whoever found it."""
        return self.apply(self.decide(job, by))

    def decide(
        self,
        job: Job,
        by: RecordedBy,
        *,
        tell: bool = True,
        told_before: bool | None = None,
        backfilled_at: datetime | None = None,
    ) -> Decision:
        """Decide about a job that ended; see ``decide_ended``. Who knows whether something was told of it says so."""
        now, whole = self.clock(), replace(job, parent_arn=parent_of(job))
        settled = without_pool(whole, now)
        cost = cost_of(settled, self.prices.book(job.region), self.discount_percent)
        owner = self.owner(whole)
        background = self._background(settled, owner) if tell else UNKNOWN
        return decide_ended(
            settled,
            cost,
            owner,
            now=now,
            by=by,
            tell=tell,
            background=background,
            backfilled_at=backfilled_at,
            report_usd=self.report_usd,
            told_before=tell and self._was_told(settled) if told_before is None else told_before,
        )

    def _was_told(self, job: Job) -> bool:
        open_job = self.open_jobs.find(job)
        return open_job is not None and bool(open_job.told)

    def apply(self, decision: Decision) -> Outcome:
        """Do what was decided, in order."""
        return Outcome(decision, tuple(self._do(action) for action in decision.actions))

    def _watch(self, told: Job) -> Outcome:
        if told.created_at is None:
            try:
                told = self.jobs.describe(told)
            except JobNotFoundError:
                return Outcome(Decision(f"{told.kind} job {told.name} is gone: nothing to watch"), ())
            if told.status.ended:
                return self.record(self.with_tags(told), RecordedBy.EVENT)
        return self.apply(decide_running(told))

    def _read(self, told: Job) -> Job:
        """Complete what the event told with what Describe knows; a deleted job is what its event told."""
        if not lacks_something(told):
            return told
        try:
            found = self.jobs.describe(told)
        except JobNotFoundError:
            return told
        return self.with_tags(reconcile(told, found, self.clock()))

    def with_tags(self, job: Job) -> Job:
        """The job with its tags, which Describe does not tell."""
        return job if job.tags is not None else replace(job, tags=self.jobs.tags(job.arn, job.region))

    def owner(self, job: Job) -> Owner | None:
        """Whom a job belongs to whose tags and parent are known. Raises what ``Jobs.tags`` does."""
        return owner_of(job, self.owner_tag_keys, self._parent_tags(job))

    def _parent_tags(self, job: Job) -> Mapping[str, str] | None:
        """A call that only a child without an owner of its own is worth."""
        if job.parent_arn is None or tagged_owner(job.tags, self.owner_tag_keys):
            return None
        return self.jobs.tags(tagged_as(job.parent_arn), job.region)

    def _background(self, job: Job, owner: Owner | None) -> Background:
        """Calls that only a failure is worth."""
        return self.inquirer.background(job, owner.name if owner else None) if classify(job) else UNKNOWN

    def _do(self, action: Action) -> Effect:
        match action:
            case Watch(job, provisional, backfilled_at):
                added = self.open_jobs.add(job, provisional=provisional, backfilled_at=backfilled_at)
                return Effect.WATCHED if added else Effect.ENDED_BEFORE
            case Record(row):
                return self._record(row)
            case SumAgain(changed):
                self.marks.add(changed)
                return Effect.MARKED
            case Unwatch(job):
                self.open_jobs.remove(job)
                return Effect.UNWATCHED
            case Tell(alert):
                self.alerts.send(alert)
                return Effect.TOLD
            case Report(job, row, with_use):
                self.alerts.send(self.reporter.report(job, row, with_use=with_use))
                return Effect.TOLD
            case _:
                assert_never(action)

    def _record(self, row: CostRecord) -> Effect:
        """A row that took another's place may have taken it out of another day."""
        put = self.ledger.put(row)
        for changed in put.replaced:
            self.marks.add(changed)
        return Effect.RECORDED if put.written else Effect.RECORDED_BEFORE


def lacks_something(told: Job) -> bool:
    """Whether an ended job's event leaves out what its row needs, so that Describe has to be asked.

    Training events never carry the billed seconds, and processing events neither tags nor parents.
    """
    if told.kind in {JobKind.TRAINING, JobKind.PROCESSING}:
        return True
    measured = told.kind is JobKind.TUNING or (told.groups and told.elapsed_seconds is not None)
    return not measured or told.created_at is None or told.tags is None


def reconcile(told: Job, found: Job, now: datetime) -> Job:
    """Join an ended job's event with the Describe answer: Describe knows more, the event fills what it leaves out.

    A job created after this one ended has taken its name, and then the event is all there is of this one. Raises
    ``JobNotSettledError`` where Describe lags behind the event.
    """
    if told.ended_at and found.created_at and told.ended_at < found.created_at - _SKEW:
        return told
    if found.status.deleting:
        found = replace(found, status=told.status)
    if not found.status.ended:
        raise JobNotSettledError(f"{told.kind} job {told.name} ended, but Describe says {found.status}")
    joined = replace(
        found,
        created_at=found.created_at or told.created_at,
        started_at=found.started_at or told.started_at,
        ended_at=found.ended_at or told.ended_at,
        groups=found.groups or told.groups,
        failure_reason=found.failure_reason or told.failure_reason,
        tags=told.tags if found.tags is None else found.tags,
    )
    if lacks_billed_seconds(joined, now):
        raise JobNotSettledError(f"training job {told.name} ended, but its billed seconds are not there yet")
    return joined


def lacks_billed_seconds(job: Job, now: datetime) -> bool:
    """Whether a completed training job was read too early: only its own seconds are a price, and 0 is none.

    Serverless jobs and those under a training plan are not priced by them, failed ones may never have any, and what is
    not there an hour after the end will not come: start and end then have to do.
    """
    timed = job.kind is JobKind.TRAINING and not job.serverless and job.training_plan_arn is None
    recent = job.ended_at is None or now - job.ended_at < _SETTLES_WITHIN
    return timed and recent and job.status is JobStatus.COMPLETED and job.billable_seconds is None


def same_job(one: Job, other: Job) -> bool:
    """Whether two accounts of one ARN are of one job: names are used again, and clocks differ a little."""
    if one.dated_at is None or other.dated_at is None:
        return False
    return abs(one.dated_at - other.dated_at) <= _SKEW


def without_pool(job: Job, now: datetime) -> Job:
    """A warm pool that nobody has told of by the end of its keep-alive never was.

    DescribeTrainingJob leaves WarmPoolStatus out where no pool was kept.
    """
    if not job.keep_alive_seconds or job.warm_pool_status is not None or job.ended_at is None:
        return job
    kept_until = job.ended_at + timedelta(seconds=job.keep_alive_seconds) + _SETTLES_WITHIN
    return replace(job, keep_alive_seconds=None) if now >= kept_until else job
