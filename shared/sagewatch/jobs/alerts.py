"""Alerts about jobs: one failed, runs for long, or has no price."""

from typing import ClassVar, Literal, Self, override

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from sagewatch.alerts.base import AlertBase, GroupMember, Usd, alert_id, as_text, from_text, thread_key_of
from sagewatch.alerts.jobs import EndedJobAlert, JobAlertBase
from sagewatch.diagnostics.failure_context import UNKNOWN, FailureContext, failures_with
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.ledger.families import family_name
from sagewatch.ledger.records import CostRecord, describe_instances, key_time
from sagewatch.models import LazyModel
from sagewatch.owners.owner import Owner
from sagewatch.pricing.accrual import Accrual
from sagewatch.sagemaker.fields import Name
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job
from sagewatch.sagemaker.tags import route_of

JobFinding = Literal["job-failed", "job-never-started", "job-hit-limit"]


class FamilyFailures(LazyModel):
    """How often a job's family failed in seven days, this time included; see ``failure_context.Failures``."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    name: str
    count: int = Field(ge=1)
    cost_usd: Usd
    unknown: int = Field(ge=0)
    more: bool


class JobAlert(EndedJobAlert):
    """A job failed, never started, or was stopped by its own time limit.

    ``reason`` and ``log`` are the job's text: untrusted. ``log_trouble`` says why SageWatch cannot read its log, and
    ``worked`` what the family's successful runs used or took.
    """

    finding: JobFinding
    failure_class: FailureClass
    reason: str | None
    secondary_status: str | None
    family: FamilyFailures | None = None
    log: str | None = None
    log_trouble: str | None = None
    worked: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _split(cls, values: object) -> object:
        """In JSON, ``worked`` is the second line of ``pricing_reason``: earlier versions forbid unknown fields."""
        if not isinstance(values, dict) or "\n" not in str(values.get("pricing_reason", "")):
            return values
        reason, _, worked = values["pricing_reason"].partition("\n")
        return {**values, "pricing_reason": reason, "worked": worked}

    @model_serializer(mode="wrap")
    def _join(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        values: dict[str, object] = handler(self)
        worked = values.pop("worked", None)
        return {**values, "pricing_reason": f"{self.pricing_reason}\n{worked}"} if worked else values

    @property
    @override
    def member(self) -> GroupMember | None:
        why = self.failure_class.replace("-", " ")
        how = {
            "job-failed": f"failed ({why})",
            "job-never-started": f"never started ({why})",
            "job-hit-limit": "hit their time limit",
        }[self.finding]
        return GroupMember(self.name, how, from_text(self.cost_usd))


class UnpricedAlert(AlertBase):
    """SageWatch knows no price for an instance type. Its jobs have no cost in the ledger. Alerted once per type."""

    finding: Literal["unpriced-type"]
    kind: ResourceKind
    instance_type: str
    example: Name


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


class JobRunsAlert(JobAlertBase):
    """A job runs for long, costs a lot, is near its limit, or does not start: ``sentences`` say which.

    ``created_at`` is the time half of its key. Amounts are USD after the discount. ``price_note`` says why an amount is
    missing, or how far to rely on it. ``use`` is one sentence on the utilization of its instances. ``outcome`` says
    what people have done about it since, ``by`` who did, and ``open`` whether its buttons still work.
    """

    finding: Literal["job-long-running"] = "job-long-running"
    arn: str
    created_at: str
    sentences: tuple[str, ...] = Field(min_length=1)
    started_at: AwareDatetime | None
    limit_seconds: int | None
    hourly_usd: Usd | None
    so_far_usd: Usd | None
    at_limit_usd: Usd | None
    price_note: str | None
    spot: bool = False
    use: str | None = None
    outcome: str | None = None
    by: str | None = None
    open: bool = True

    stands_alone: ClassVar[bool] = True  # it has buttons of its own

    @classmethod
    def from_job(cls, job: Job, created_at: str, owner: Owner | None, accrual: Accrual, **facts: object) -> Self:
        """Build the alert from a running job, what it has cost, and the other ``facts``."""
        return cls(
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

    @property
    @override
    def member(self) -> GroupMember | None:
        return GroupMember(self.name, "ran for long", from_text(self.so_far_usd))

    @property
    @override
    def closed(self) -> bool:
        return not self.open

    @property
    def root(self) -> str:
        """Return the ``alert_id`` of the message that others edit."""
        return self.edits or self.alert_id
