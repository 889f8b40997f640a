"""Alerts about jobs: one failed, runs for long, or has no price."""

from typing import ClassVar, Literal, override

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from sagewatch.alerts.base import AlertBase, GroupMember, Usd, from_text
from sagewatch.alerts.jobs import EndedJobAlert, JobAlertBase
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.models import LazyModel
from sagewatch.sagemaker.fields import Name
from sagewatch.sagemaker.kinds import ResourceKind

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
