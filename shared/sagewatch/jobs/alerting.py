"""Fills in the alerts of jobs from their rows, and from what is known of a running one."""

from sagewatch.alerts.base import alert_id, as_text, thread_key_of
from sagewatch.diagnostics.failure_context import UNKNOWN, FailureContext, failures_with
from sagewatch.jobs.alerts import FamilyFailures, JobAlert, JobFinding, JobRunsAlert, UnpricedAlert
from sagewatch.ledger.families import family_name
from sagewatch.ledger.records import CostRecord, describe_instances, key_time
from sagewatch.owners.owner import Owner
from sagewatch.pricing.accrual import Accrual
from sagewatch.sagemaker.resources import Job
from sagewatch.sagemaker.tags import route_of


def job_alert(job: Job, record: CostRecord, context: FailureContext = UNKNOWN) -> JobAlert | None:
    """Return the alert of a job that failed or hit its own limit; ``None`` for others, and for a person's stop.

    Only Describe says whether the job ever started, and a second event may come without it. So the alert's identity
    depends on how the job ended alone.
    """
    if record.failure_class is None:
        return None
    ended: JobFinding = "job-hit-limit" if job.hit_its_limit else "job-failed"
    return JobAlert.from_record(
        job,
        record,
        alert_id=alert_id(ended, record.resource_arn, record.created_at),
        finding="job-never-started" if job.never_launched else ended,
        failure_class=record.failure_class,
        reason=record.failure_reason,
        secondary_status=record.secondary_status,
        family=_family(record, context),
        log=context.log.text,
        log_trouble=context.log.trouble,
        worked=context.worked,
    )


def _family(record: CostRecord, context: FailureContext) -> FamilyFailures | None:
    if record.family is None or context.runs is None:
        return None
    found = failures_with(record, context.runs)
    return FamilyFailures(
        name=family_name(record.family),
        count=found.count,
        cost_usd=f"{found.cost_usd:f}",
        unknown=found.unknown,
        more=found.more,
    )


def unpriced_alerts(record: CostRecord, instance_types: tuple[str, ...]) -> tuple[UnpricedAlert, ...]:
    """Return one alert for each type without a price. Every job of that type gives the same alert."""
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


def job_runs_alert(job: Job, created_at: str, owner: Owner | None, accrual: Accrual, **facts: object) -> JobRunsAlert:
    """Return the alert of a running job from what it has cost, and the other ``facts``."""
    return JobRunsAlert(
        account=job.account,
        region=job.region,
        instances=describe_instances(job),
        thread_key=thread_key_of(job.arn, key_time(job), job.parent_arn),
        route=route_of(job.tags),
        kind=job.kind,
        name=job.name,
        arn=job.arn,
        created_at=created_at,
        owner=owner.name if owner else None,
        started_at=job.started_at,
        limit_seconds=job.max_runtime_seconds,
        hourly_usd=as_text(accrual.hourly),
        so_far_usd=as_text(accrual.so_far),
        at_limit_usd=as_text(accrual.at_limit),
        price_note=accrual.note,
        spot=bool(job.spot),
        **facts,
    )
