"""What people are told of jobs: that they failed, run for long, or have no price."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sagewatch.alerts.base import AlertBase, GroupMember, Usd, alert_id, as_text, from_text, incident_of
from sagewatch.diagnostics.failure_context import UNKNOWN, FailureContext, failures_with
from sagewatch.ledger.families import family_name
from sagewatch.ledger.records import CostRecord
from sagewatch.sagemaker.failures import FailureClass
from sagewatch.sagemaker.fields import Name
from sagewatch.sagemaker.resources import Job, ResourceKind
from sagewatch.sagemaker.tags import route_of

JobFinding = Literal["job-failed", "job-never-started", "job-hit-limit"]


class FamilyFailures(BaseModel):
    """How often a job's family failed in seven days, this time included; see ``backgrounds.Failures``."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str
    count: int = Field(ge=1)
    cost_usd: Usd
    unknown: int = Field(ge=0)
    more: bool


class JobAlert(AlertBase):
    """A job failed, never started, or was stopped by its own time limit.

    ``reason`` and ``log`` are the job's text: untrusted. ``log_trouble`` is why its log may not be read.
    """

    finding: JobFinding
    kind: ResourceKind
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
    family: FamilyFailures | None = None
    log: str | None = None
    log_trouble: str | None = None

    @property
    def member(self) -> GroupMember | None:
        """See ``AlertBase.member``."""
        why = self.failure_class.replace("-", " ")
        how = {
            "job-failed": f"failed ({why})",
            "job-never-started": f"never started ({why})",
            "job-hit-limit": "hit their time limit",
        }[self.finding]
        return GroupMember(self.name, how, from_text(self.cost_usd))


class UnpricedAlert(AlertBase):
    """An instance type no price is known for, told once: its jobs have no cost in the ledger."""

    finding: Literal["unpriced-type"]
    kind: ResourceKind
    instance_type: str
    example: Name


def job_alert(job: Job, record: CostRecord, background: FailureContext = UNKNOWN) -> JobAlert | None:
    """The alert an ended job deserves, if any: it failed, or its own limit stopped it. A person's stop is none.

    Whether it ever started is for Describe to say, and a second event may come when it does not: the identity is of
    how it ended alone.
    """
    if record.failure_class is None:
        return None
    ended: JobFinding = "job-hit-limit" if job.hit_its_limit else "job-failed"
    return JobAlert(
        alert_id=alert_id(ended, record.resource_arn, record.created_at),
        incident=incident_of(record.resource_arn, record.created_at, record.parent_arn),
        parent_arn=record.parent_arn,
        route=route_of(job.tags),
        happened_at=datetime.fromisoformat(record.ended_at),
        finding="job-never-started" if job.never_launched else ended,
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
        cost_usd=as_text(record.cost_usd),
        prices=record.prices,
        family=_family(record, background),
        log=background.log.text,
        log_trouble=background.log.trouble,
    )


def _family(record: CostRecord, background: FailureContext) -> FamilyFailures | None:
    if record.family is None or background.runs is None:
        return None
    found = failures_with(record, background.runs)
    return FamilyFailures(
        name=family_name(record.family),
        count=found.count,
        cost_usd=f"{found.cost_usd:f}",
        unknown=found.unknown,
        more=found.more,
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


class JobRunsAlert(AlertBase):
    """A job runs for long, burns money, is about to be ended by its limit, or does not start: ``sentences`` say which.

    ``created_at`` is the time half of its key. Amounts are USD after the discount; ``price_note`` says why there are
    none, or how far they can be relied on. ``use`` is what is known of its instances' use, in a sentence. ``outcome``
    says what people have done about it since, and ``by`` who; ``open`` whether there is still something to press.
    """

    finding: Literal["job-long-running"] = "job-long-running"
    kind: ResourceKind
    name: Name
    arn: str
    created_at: str
    owner: str | None
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

    @property
    def member(self) -> GroupMember | None:
        """See ``AlertBase.member``."""
        return GroupMember(self.name, "ran for long", from_text(self.so_far_usd))

    @property
    def root(self) -> str:
        """The message that others edit."""
        return self.edits or self.alert_id
