"""RecordJob's work: read the job, decide, act."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from sagewatch.alerts.ports import AlertQueue
from sagewatch.clock import Clock
from sagewatch.diagnostics.cost_report import CostReporter
from sagewatch.diagnostics.failure_context import UNKNOWN, FailureContext, FailureContextReader
from sagewatch.errors import JobNotFoundError
from sagewatch.jobs.decisions import (
    Action,
    JobDecision,
    RefreshTotal,
    SendAlert,
    SendCostReport,
    TrackOpenJob,
    UntrackJob,
    WriteRecord,
    decide_ended,
    decide_running,
)
from sagewatch.jobs.ports import OpenJobs
from sagewatch.jobs.reconcile import lacks_something, reconcile, without_pool
from sagewatch.ledger.ports import Ledger, StaleTotals
from sagewatch.ledger.records import CostRecord, RecordedBy
from sagewatch.pricing.job_cost import cost_of
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.events import read_body, read_job_event
from sagewatch.sagemaker.failures import classify
from sagewatch.sagemaker.ports import Jobs, Regions
from sagewatch.sagemaker.resources import Job
from sagewatch.sagemaker.tags import Owner, owner_of, parent_of, tagged_as, tagged_owner


class RecordEffect(StrEnum):
    """What became of an action."""

    WATCHED = "watched"
    ENDED_BEFORE = "its end was recorded before"
    RECORDED = "recorded"
    RECORDED_BEFORE = "recorded before"
    MARKED = "sum marked"
    UNWATCHED = "no longer watched"
    TOLD = "alert queued"


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """What was wanted and why, and what happened."""

    decision: JobDecision
    effects: tuple[RecordEffect, ...]

    def to_log(self) -> Mapping[str, object]:
        """The outcome as JSON, for logs and for whoever invoked the function by hand."""
        return {"reason": self.decision.reason, "effects": list(self.effects)}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecorder:
    """Records jobs whose state changed. Everything it needs is given to it."""

    jobs: Jobs
    prices: Prices
    ledger: Ledger
    open_jobs: OpenJobs
    alerts: AlertQueue
    marks: StaleTotals
    regions: Regions
    inquirer: FailureContextReader
    clock: Clock
    owner_tag_keys: tuple[str, ...]
    discount_percent: Decimal
    reporter: CostReporter
    report_usd: Decimal

    def on_message(self, body: str) -> RecordOutcome:
        """Handle the event in a queue message. Raises what ``on_event`` does."""
        return self.on_event(read_body(body))

    def on_event(self, event: object) -> RecordOutcome:
        """Handle one EventBridge event. Raises ``MalformedEventError`` and what the ports raise."""
        told = read_job_event(event)
        self.regions.add(told.region)
        if told.status.ended:
            return self.record(self._read(told), RecordedBy.EVENT)
        return self._watch(told)

    def record(self, job: Job, by: RecordedBy) -> RecordOutcome:
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
    ) -> JobDecision:
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

    def apply(self, decision: JobDecision) -> RecordOutcome:
        """Do what was decided, in order."""
        return RecordOutcome(decision, tuple(self._do(action) for action in decision.actions))

    def _watch(self, told: Job) -> RecordOutcome:
        if told.created_at is None:
            try:
                told = self.jobs.describe(told)
            except JobNotFoundError:
                return RecordOutcome(JobDecision(f"{told.kind} job {told.name} is gone: nothing to watch"), ())
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

    def _background(self, job: Job, owner: Owner | None) -> FailureContext:
        """Calls that only a failure is worth."""
        return self.inquirer.background(job, owner.name if owner else None) if classify(job) else UNKNOWN

    def _do(self, action: Action) -> RecordEffect:
        match action:
            case TrackOpenJob(job, provisional, backfilled_at):
                added = self.open_jobs.add(job, provisional=provisional, backfilled_at=backfilled_at)
                return RecordEffect.WATCHED if added else RecordEffect.ENDED_BEFORE
            case WriteRecord(row):
                return self._record(row)
            case RefreshTotal(changed):
                self.marks.add(changed)
                return RecordEffect.MARKED
            case UntrackJob(job):
                self.open_jobs.remove(job)
                return RecordEffect.UNWATCHED
            case SendAlert(alert):
                self.alerts.send(alert)
                return RecordEffect.TOLD
            case SendCostReport(job, row, with_use):
                self.alerts.send(self.reporter.report(job, row, with_use=with_use))
                return RecordEffect.TOLD
            case _:
                assert_never(action)

    def _record(self, row: CostRecord) -> RecordEffect:
        """A row that took another's place may have taken it out of another day."""
        put = self.ledger.put(row)
        for changed in put.replaced:
            self.marks.add(changed)
        return RecordEffect.RECORDED if put.written else RecordEffect.RECORDED_BEFORE
