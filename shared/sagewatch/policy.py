"""What to do about a job: pure decisions. Actions are data; ``recorder`` applies them."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sagewatch.alerts import Alert, job_alert, unpriced_alerts
from sagewatch.costs import Cost, Pricing
from sagewatch.owners import Owner
from sagewatch.records import CostRecord, RecordedBy, record_of
from sagewatch.resources import Job, JobStatus


@dataclass(frozen=True, slots=True)
class Watch:
    """Put the job into the index of open jobs, unless the ledger already has its end."""

    job: Job


@dataclass(frozen=True, slots=True)
class Record:
    """Write the row, unless the ledger already has it, or a better one."""

    row: CostRecord


@dataclass(frozen=True, slots=True)
class Unwatch:
    """Take the job out of the index of open jobs."""

    job: Job


@dataclass(frozen=True, slots=True)
class Tell:
    """Queue an alert. Delivery posts each ``alert_id`` once."""

    alert: Alert


Action = Watch | Record | Unwatch | Tell


@dataclass(frozen=True, slots=True)
class Decision:
    """What is wanted, in order, and the one sentence that says why."""

    reason: str
    actions: tuple[Action, ...] = ()


def decide_running(job: Job) -> Decision:
    """Decide about a job that has not ended: it is watched until it does."""
    match job.status:
        case JobStatus.IN_PROGRESS | JobStatus.STOPPING:
            return Decision(f"{job.kind} job {job.name} is {job.status}: watched until it ends", (Watch(job),))
        case JobStatus.DELETING | JobStatus.DELETE_FAILED:
            return Decision(f"{job.kind} job {job.name} is {job.status}: its end has been told before")
        case JobStatus.COMPLETED | JobStatus.FAILED | JobStatus.STOPPED:
            raise ValueError(f"{job.status} is an end")  # a slip in the caller, not bad input
        case _:
            assert_never(job.status)


def decide_ended(job: Job, cost: Cost, owner: Owner | None, *, now: datetime, by: RecordedBy) -> Decision:
    """Decide about a job that ended: one row, and an alert where somebody should know.

    A provisional row keeps the job among the open ones, so that a sweep looks again. The row comes before the alert:
    a crash between the two repeats the event, and the alert's identity keeps it from being posted twice.
    """
    row = record_of(job, cost, owner, now=now, by=by)
    alert = job_alert(job, row)
    tells = tuple(Tell(told) for told in ((alert,) if alert else ()) + unpriced_alerts(row, cost.unpriced_types))
    if cost.pricing is Pricing.PROVISIONAL:
        return Decision(_sentence(row), (Watch(job), Record(row), *tells))
    return Decision(_sentence(row), (Record(row), *tells, Unwatch(job)))


def _sentence(row: CostRecord) -> str:
    amount = row.pricing if row.cost_usd is None else f"{row.pricing} ${row.cost_usd:f}"
    return f"{row.kind} job {row.resource_name} ended as {row.status}: {amount}, {row.pricing_reason}"
