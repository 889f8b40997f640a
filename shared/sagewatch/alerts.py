"""What people are told: alerts as they travel through the queue, and the rule that gives each its identity."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from sagewatch.alert_base import AlertBase, Usd, alert_id
from sagewatch.errors import MalformedAlertError
from sagewatch.failures import FailureClass
from sagewatch.fields import Name
from sagewatch.notebook_alerts import NotebookAlert, NotebookNews
from sagewatch.records import CostRecord
from sagewatch.resources import Job, JobKind
from sagewatch.running_alerts import JobRunsAlert
from sagewatch.shapes import faults


class JobAlert(AlertBase):
    """A job failed, or its own time limit stopped it. ``reason`` is the job's text: untrusted."""

    finding: Literal["job-failed", "job-hit-limit"]
    kind: JobKind
    name: Name
    owner: str | None
    failure_class: FailureClass
    reason: str | None
    secondary_status: str | None
    ran_seconds: int | None
    ended_at: AwareDatetime
    pricing: str
    pricing_reason: str
    cost_usd: Usd | None
    prices: str | None


class UnpricedAlert(AlertBase):
    """An instance type no price is known for, told once: its jobs have no cost in the ledger."""

    finding: Literal["unpriced-type"]
    kind: JobKind
    instance_type: str
    example: Name


Alert = JobAlert | UnpricedAlert | NotebookAlert | NotebookNews | JobRunsAlert
_ALERT: TypeAdapter[Alert] = TypeAdapter(Annotated[Alert, Field(discriminator="finding")])


def read_alert(body: str) -> Alert:
    """Read an alert from a queue message. Raises ``MalformedAlertError``, which names the fields at fault."""
    try:
        return _ALERT.validate_json(body)
    except ValidationError as exc:
        raise MalformedAlertError(f"alert: {faults(exc)}") from exc


def job_alert(job: Job, record: CostRecord) -> JobAlert | None:
    """The alert an ended job deserves, if any: it failed, or its own limit stopped it. A person's stop is none."""
    if record.failure_class is None:
        return None
    finding: Literal["job-failed", "job-hit-limit"] = "job-hit-limit" if job.hit_its_limit else "job-failed"
    return JobAlert(
        alert_id=alert_id(finding, record.resource_arn, record.created_at),
        finding=finding,
        account=record.account,
        region=record.region,
        instances=record.instances,
        kind=record.kind,
        name=record.resource_name,
        owner=record.owner,
        failure_class=record.failure_class,
        reason=record.failure_reason,
        secondary_status=record.secondary_status,
        ran_seconds=record.billable_seconds if job.elapsed_seconds is None else job.elapsed_seconds,
        ended_at=datetime.fromisoformat(record.ended_at),
        pricing=record.pricing,
        pricing_reason=record.pricing_reason,
        cost_usd=None if record.cost_usd is None else f"{record.cost_usd:f}",
        prices=record.prices,
    )


def unpriced_alerts(record: CostRecord, instance_types: tuple[str, ...]) -> tuple[UnpricedAlert, ...]:
    """One alert for each type without a price, the same for every job that meets it."""
    return tuple(
        UnpricedAlert(
            alert_id=alert_id("unpriced-type", record.account, record.region, record.kind, instance_type),
            finding="unpriced-type",
            account=record.account,
            region=record.region,
            instances=record.instances,
            kind=record.kind,
            instance_type=instance_type,
            example=record.resource_name,
        )
        for instance_type in sorted(set(instance_types))
    )
