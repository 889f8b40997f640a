"""Record a job whose state changed: read it, decide, act."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import assert_never, override

from sagewatch.alerts.ports import AlertQueue
from sagewatch.clock import Clock, iso
from sagewatch.diagnostics.cost_report import CostReporter
from sagewatch.diagnostics.failure_context import UNKNOWN, FailureContext, FailureContextReader
from sagewatch.errors import JobNotFoundError, MalformedEventError, UnreadableError
from sagewatch.failures.diagnosis import classify
from sagewatch.jobs.decisions import (
    Action,
    EndedJob,
    JobDecision,
    MarkProvisional,
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
from sagewatch.ledger.ports import Ledger
from sagewatch.ledger.records import RecordedBy
from sagewatch.outcomes import Outcome
from sagewatch.owners.job_owners import JobOwners
from sagewatch.owners.owner import Owner
from sagewatch.pricing.job_cost import Cost, at_later_prices, cost_of
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.events import read_body, read_job_event
from sagewatch.sagemaker.ports import Jobs, Regions
from sagewatch.sagemaker.resources import Job, refuse_impossible_job
from sagewatch.sagemaker.scopes import EVERY_ACCOUNT, WatchedAccounts
from sagewatch.sagemaker.tags import parent_of


class RecordEffect(StrEnum):
    """What an action did."""

    TRACKED = "tracked"
    ENDED_BEFORE = "its end was recorded before"
    RECORDED = "recorded"
    RECORDED_BEFORE = "recorded before"
    UNTRACKED = "no longer tracked"
    PROVISIONAL = "read again until its row is final"
    ALERTED = "alert queued"


@dataclass(frozen=True, slots=True)
class RecordOutcome(Outcome):
    """A decision, and what its actions did."""

    decision: JobDecision
    effects: tuple[RecordEffect, ...]

    @override
    def to_log(self) -> Mapping[str, object]:
        return {"reason": self.decision.reason, "effects": list(self.effects)}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecorder:
    """Records jobs whose state changed."""

    jobs: Jobs
    prices: Prices
    ledger: Ledger
    open_jobs: OpenJobs
    alerts: AlertQueue
    regions: Regions
    owners: JobOwners
    failure_context: FailureContextReader
    cost_reports: CostReporter
    clock: Clock
    report_usd: Decimal
    watched: WatchedAccounts = EVERY_ACCOUNT

    def on_message(self, body: str) -> RecordOutcome:
        """Handle the event in a queue message. Raises what ``on_event`` does."""
        return self.on_event(read_body(body))

    def on_event(self, event: object) -> RecordOutcome:
        """Handle one EventBridge event.

        Raises ``MalformedEventError``, ``ForeignAccountError``, and what the ports raise.
        """
        reported = refuse_impossible_job(read_job_event(event), self.clock())
        self.watched.check(reported.account)
        if reported.status.ended:
            outcome = self.record(self._complete(reported), RecordedBy.EVENT)
        else:
            self._check_region(reported)
            outcome = self._track(reported)
        self.regions.add(reported.scope)  # now that it has answered: every sweep would ask one that does not exist
        return outcome

    def _check_region(self, reported: Job) -> None:
        """Ask once a day and process whether SageMaker is in the region: a start that says all costs no call else."""
        if reported.created_at is None or self.regions.has_noted(reported.scope):
            return
        with suppress(JobNotFoundError, MalformedEventError):  # it has answered
            self.jobs.describe(reported)

    def record(self, job: Job, recorded_by: RecordedBy) -> RecordOutcome:
        """Record a job that ended."""
        alerted_before = self._was_alerted(job)
        return self.apply(self.decide(job, recorded_by, alerted_before=alerted_before))

    def decide(
        self,
        job: Job,
        recorded_by: RecordedBy,
        *,
        alerting: bool = True,
        alerted_before: bool = False,
        backfilled_at: datetime | None = None,
    ) -> JobDecision:
        """Decide about a job that ended; see ``EndedJob``. Raises what the ports raise."""
        now, complete = self.clock(), replace(job, parent_arn=parent_of(job))
        settled = without_pool(complete, now)
        owner = self.owners.of(complete)
        ended = EndedJob(
            job=settled,
            cost=self._cost(settled, backfilled_at),
            owner=owner,
            recorded_by=recorded_by,
            alerting=alerting,
            alerted_before=alerted_before,
            context=self._context(settled, owner) if alerting else UNKNOWN,
            backfilled_at=backfilled_at,
        )
        return decide_ended(ended, now=now, report_usd=self.report_usd)

    def _cost(self, job: Job, backfilled_at: datetime | None) -> Cost:
        rates = self.prices.rates(job.scope)
        cost = cost_of(job, rates.book, rates.discount_percent)
        ended = job.ended_at or job.modified_at
        return at_later_prices(cost, iso(ended)[:10]) if backfilled_at and ended else cost

    def _was_alerted(self, job: Job) -> bool:
        try:
            open_job = self.open_jobs.find(job)
        except UnreadableError:  # the sweep names it; the job's row comes first
            return False
        return open_job is not None and bool(open_job.alerted)

    def apply(self, decision: JobDecision) -> RecordOutcome:
        """Apply a decision's actions, in order."""
        return RecordOutcome(decision, tuple(self._do(action) for action in decision.actions))

    def _track(self, reported: Job) -> RecordOutcome:
        if reported.created_at is None:
            try:
                reported = self.jobs.describe(reported)
            except JobNotFoundError:
                return RecordOutcome(
                    JobDecision(f"{reported.kind} job {reported.name} was deleted: nothing to track"), ()
                )
            if reported.status.ended:
                return self.record(self.owners.with_tags(reported), RecordedBy.EVENT)
        return self.apply(decide_running(reported))

    def _complete(self, reported: Job) -> Job:
        """Add what Describe knows to what the event reports. For a deleted job, the event is all there is."""
        if not lacks_something(reported):
            return reported
        try:
            found = self.jobs.describe(reported)
        except JobNotFoundError:
            return reported
        return self.owners.with_tags(reconcile(reported, found, self.clock()))

    def _context(self, job: Job, owner: Owner | None) -> FailureContext:
        """Read the failure's context, which costs calls, only for a failure."""
        return self.failure_context.background(job, owner.name if owner else None) if classify(job) else UNKNOWN

    def _do(self, action: Action) -> RecordEffect:
        match action:
            case TrackOpenJob(job, backfilled_at):
                added = self.open_jobs.add(job, backfilled_at=backfilled_at)
                return RecordEffect.TRACKED if added else RecordEffect.ENDED_BEFORE
            case MarkProvisional(job):
                marked = self.open_jobs.mark_provisional(job)
                return RecordEffect.PROVISIONAL if marked else RecordEffect.UNTRACKED
            case WriteRecord(row):
                return RecordEffect.RECORDED if self.ledger.put(row) else RecordEffect.RECORDED_BEFORE
            case UntrackJob(job):
                self.open_jobs.remove(job)
                return RecordEffect.UNTRACKED
            case SendAlert(alert):
                self.alerts.send(alert)
                return RecordEffect.ALERTED
            case SendCostReport(job, row, with_use):
                self.alerts.send(self.cost_reports.report(job, row, with_use=with_use))
                return RecordEffect.ALERTED
            case _:
                assert_never(action)
