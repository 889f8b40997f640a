"""What to do about a job: pure decisions. Actions are data; ``recorder`` applies them."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from sagewatch.alerts.base import AlertBase
from sagewatch.diagnostics.failure_context import UNKNOWN, FailureContext
from sagewatch.jobs.alerts import job_alert, unpriced_alerts
from sagewatch.ledger.records import CostRecord, RecordedBy, record_of
from sagewatch.ledger.totals import Sum, sums_with
from sagewatch.pricing.job_cost import Cost, PricingStatus
from sagewatch.sagemaker.resources import Job, JobStatus
from sagewatch.sagemaker.tags import Owner


@dataclass(frozen=True, slots=True)
class TrackOpenJob:
    """Put the job into the index of open jobs, unless the ledger already has its end.

    ``provisional`` says that it has ended and only its row is not final yet.
    """

    job: Job
    provisional: bool = False
    backfilled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """Write the row, unless the ledger already has it, or a better one."""

    row: CostRecord


@dataclass(frozen=True, slots=True)
class RefreshTotal:
    """Have a sum formed anew that the row belongs to."""

    sum: Sum


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
    """Queue a report of the job, with how it used its instances where that is worth a call to CloudWatch."""

    job: Job
    row: CostRecord
    with_use: bool


Action = TrackOpenJob | WriteRecord | RefreshTotal | UntrackJob | SendAlert | SendCostReport


@dataclass(frozen=True, slots=True)
class JobDecision:
    """What is wanted, in order, and the one sentence that says why."""

    reason: str
    actions: tuple[Action, ...] = ()


def decide_running(job: Job) -> JobDecision:
    """Decide about a job that has not ended: it is watched until it does."""
    match job.status:
        case JobStatus.IN_PROGRESS | JobStatus.STOPPING:
            return JobDecision(
                f"{job.kind} job {job.name} is {job.status}: watched until it ends", (TrackOpenJob(job),)
            )
        case JobStatus.DELETING | JobStatus.DELETE_FAILED:
            return JobDecision(f"{job.kind} job {job.name} is {job.status}: its end has been told before")
        case JobStatus.COMPLETED | JobStatus.FAILED | JobStatus.STOPPED:
            raise ValueError(f"{job.status} is an end")  # a slip in the caller, not bad input
        case _:
            assert_never(job.status)


def decide_ended(  # noqa: PLR0913 - each is one thing known of the job
    job: Job,
    cost: Cost,
    owner: Owner | None,
    *,
    now: datetime,
    by: RecordedBy,
    tell: bool = True,
    background: FailureContext = UNKNOWN,
    backfilled_at: datetime | None = None,
    report_usd: Decimal = Decimal(0),
    told_before: bool = False,
) -> JobDecision:
    """Decide about a job that ended: one row, and an alert where somebody should know and ``tell`` does not forbid it.

    A report follows where it cost more than ``report_usd`` (0 is never), or where something was told of it before.

    A provisional row keeps the job among the open ones, so that a sweep looks again. The row comes before the rest:
    a crash between two actions repeats the event or leaves the job open, and the alert's identity keeps it from being
    posted twice.
    """
    row = record_of(job, cost, owner, now=now, by=by)
    reports = _report(job, row, report_usd, told_before=told_before)
    tells = _told(_alerts(job, row, cost, background), reports) if tell else ()
    if cost.pricing is PricingStatus.PROVISIONAL:
        return JobDecision(
            _sentence(row), (TrackOpenJob(job, provisional=True, backfilled_at=backfilled_at), *_written(row), *tells)
        )
    return JobDecision(_sentence(row), (*_written(row), *tells, UntrackJob(job)))


def decide_unread(job: Job, status: JobStatus, reason: str, *, now: datetime) -> JobDecision:
    """Decide about an open job whose end nobody can read: a row without an amount, never silence.

    It is dated by now, when its end was missed. Should its event still come, a better row takes the place of this one.
    """
    missed = replace(job, status=status, modified_at=now)
    row = record_of(missed, Cost(pricing=PricingStatus.UNPRICED, reason=reason), None, now=now, by=RecordedBy.SWEEP)
    return JobDecision(_sentence(row), (*_written(row), UntrackJob(job)))


def _written(row: CostRecord) -> tuple[Action, ...]:
    return (WriteRecord(row), *(RefreshTotal(name) for name in sums_with(row)))


def _told(alerts: tuple[AlertBase, ...], reports: tuple[SendCostReport, ...]) -> tuple[Action, ...]:
    return (*(SendAlert(alert) for alert in alerts), *reports)


def _alerts(job: Job, row: CostRecord, cost: Cost, background: FailureContext) -> tuple[AlertBase, ...]:
    alert = job_alert(job, row, background)
    return ((alert,) if alert else ()) + unpriced_alerts(row, cost.unpriced_types)


def _report(job: Job, row: CostRecord, report_usd: Decimal, *, told_before: bool) -> tuple[SendCostReport, ...]:
    """What was told of before gets its final cost whatever that is; only what was dear is worth a look at its use.

    While a warm pool still adds to the cost there is no final one: the sweep that finds the pool's end reports it. A
    child that failed is counted with its parent's failures, and with its cost, once.
    """
    if (row.pricing is PricingStatus.PROVISIONAL and job.warm_pool_runs) or (row.parent_arn and row.failure_class):
        return ()
    dear = row.cost_usd is not None and 0 < report_usd < row.cost_usd
    final = told_before and row.failure_class is None  # a failure's own message has its cost
    return (SendCostReport(job, row, with_use=dear),) if dear or final else ()


def _sentence(row: CostRecord) -> str:
    amount = row.pricing if row.cost_usd is None else f"{row.pricing} ${row.cost_usd:f}"
    return f"{row.kind} job {row.resource_name} ended as {row.status}: {amount}, {row.pricing_reason}"
