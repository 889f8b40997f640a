"""Decides what to do about a job. Decisions are pure, and actions are data that ``record`` applies."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from sagewatch.alerts.base import AlertBase
from sagewatch.diagnostics.failure_context import UNKNOWN, FailureContext
from sagewatch.failures.diagnosis import classify
from sagewatch.jobs.alerting import job_alert, unpriced_alerts
from sagewatch.ledger.records import CostRecord, RecordedBy, record_of
from sagewatch.owners.owner import Owner
from sagewatch.pricing.job_cost import Cost, PricingStatus, in_doubt
from sagewatch.sagemaker.resources import Job, JobStatus


@dataclass(frozen=True, slots=True)
class TrackOpenJob:
    """Put the job into the index of open jobs, unless the ledger already has its end."""

    job: Job
    backfilled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MarkProvisional:
    """Note in the index that all is done for this end, and that only its row is not final yet."""

    job: Job


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """Write the row and mark its totals as stale, unless the ledger already has it, or a better one."""

    row: CostRecord


@dataclass(frozen=True, slots=True)
class UntrackJob:
    """Take the job out of the index of open jobs."""

    job: Job


@dataclass(frozen=True, slots=True)
class SendAlert:
    """Queue an alert. Delivery posts each ``alert_id`` once."""

    alert: AlertBase


@dataclass(frozen=True, slots=True)
class SendCostReport:
    """Queue a report of the job; ``with_use`` asks CloudWatch for its utilization."""

    job: Job
    row: CostRecord
    with_use: bool


Action = TrackOpenJob | MarkProvisional | WriteRecord | UntrackJob | SendAlert | SendCostReport


@dataclass(frozen=True, slots=True)
class JobDecision:
    """What is wanted, in order, and the one sentence that says why."""

    reason: str
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJob:
    """What is known of a job that ended.

    ``alerting`` is false for an end that is no news. ``alerted_before`` says that people were alerted while it ran, and
    ``backfilled_at`` when a backfill found it.
    """

    job: Job
    cost: Cost
    owner: Owner | None
    recorded_by: RecordedBy
    alerting: bool = True
    alerted_before: bool = False
    context: FailureContext = UNKNOWN
    backfilled_at: datetime | None = None


def decide_running(job: Job) -> JobDecision:
    """Decide about a job that has not ended: SageWatch tracks it until it does."""
    match job.status:
        case JobStatus.IN_PROGRESS | JobStatus.STOPPING:
            return JobDecision(
                f"{job.kind} job {job.name} is {job.status}: tracked until it ends", (TrackOpenJob(job),)
            )
        case JobStatus.UNKNOWN:
            return JobDecision(
                f"{job.kind} job {job.name} has a status this version does not know: it stays open",
                (TrackOpenJob(job),),
            )
        case JobStatus.DELETING | JobStatus.DELETE_FAILED:
            return JobDecision(f"{job.kind} job {job.name} is {job.status}: its end was reported before")
        case JobStatus.COMPLETED | JobStatus.FAILED | JobStatus.STOPPED:
            raise ValueError(f"{job.status} is an end")  # a slip in the caller, not bad input
        case _:
            assert_never(job.status)


def decide_ended(ended: EndedJob, *, now: datetime, report_usd: Decimal = Decimal(0)) -> JobDecision:
    """Decide about a job that ended: one row, and an alert if it failed, hit its limit, or has no price.

    A report follows if the job cost more than ``report_usd`` (0 is never), or if people were alerted before. A
    provisional row keeps the job among the open ones, so that a sweep reads it again, if that can make it final.

    The order is row with its totals, alerts, last the note that no work is left. A crash between two actions repeats
    the event or leaves the job open. Then all of it is done again, and delivery posts each alert's identity once.
    """
    row = record_of(ended.job, ended.cost, ended.owner, now=now, by=ended.recorded_by)
    row = replace(row, failure_class=classify(ended.job, ended.context.log.text))
    notices = _notices(ended, row, report_usd) if ended.alerting else ()
    if ended.cost.pricing is PricingStatus.PROVISIONAL and in_doubt(ended.job):
        track = TrackOpenJob(ended.job, backfilled_at=ended.backfilled_at)
        return JobDecision(_sentence(row), (track, WriteRecord(row), *notices, MarkProvisional(ended.job)))
    return JobDecision(_sentence(row), (WriteRecord(row), *notices, UntrackJob(ended.job)))


def decide_unread(job: Job, status: JobStatus, reason: str, *, now: datetime) -> JobDecision:
    """Decide about an open job whose end cannot be read: a row without an amount, never silence.

    The row is dated by now. If the job's event still comes, a better row replaces this one.
    """
    missed = replace(job, status=status, modified_at=now)
    row = record_of(missed, Cost(pricing=PricingStatus.UNPRICED, reason=reason), None, now=now, by=RecordedBy.SWEEP)
    return JobDecision(_sentence(row), (WriteRecord(row), UntrackJob(job)))


def _notices(ended: EndedJob, row: CostRecord, report_usd: Decimal) -> tuple[Action, ...]:
    return (*_alerts(ended, row), *_report(ended, row, report_usd))


def _alerts(ended: EndedJob, row: CostRecord) -> Iterator[SendAlert]:
    if alert := job_alert(ended.job, row, ended.context):
        yield SendAlert(alert)
    yield from map(SendAlert, unpriced_alerts(row, ended.cost.unpriced_types))


def _report(ended: EndedJob, row: CostRecord, report_usd: Decimal) -> tuple[SendCostReport, ...]:
    """Report a job with an earlier alert whatever it cost. Read the utilization of expensive ones only.

    While a warm pool adds to the cost, the cost is not final: the sweep that finds the pool's end reports it. A child
    that failed is counted with its parent's failures, and with its cost, once.
    """
    pool_runs = row.pricing is PricingStatus.PROVISIONAL and ended.job.warm_pool_runs
    if pool_runs or (row.parent_arn and row.failure_class):
        return ()
    expensive = row.cost_usd is not None and 0 < report_usd < row.cost_usd
    final = ended.alerted_before and row.failure_class is None  # a failure's own message has its cost
    return (SendCostReport(ended.job, row, with_use=expensive),) if expensive or final else ()


def _sentence(row: CostRecord) -> str:
    amount = row.pricing if row.cost_usd is None else f"{row.pricing} ${row.cost_usd:f}"
    return f"{row.kind} job {row.resource_name} ended as {row.status}: {amount}, {row.pricing_reason}"
