"""What is said of a job at its end that cost more than a little, or that something was told of before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from sagewatch.alert_base import AlertBase, Member, Usd, alert_id, as_text, from_text, incident_of
from sagewatch.fields import Name
from sagewatch.owners import route_of
from sagewatch.records import CostRecord
from sagewatch.resources import Job, JobKind, JobStatus

_MOST_LINES = 20
_Line = Annotated[str, Field(max_length=400)]


class JobReport(AlertBase):
    """A job ended and cost that much. ``use`` are lines on how its hosts were used, none where nobody asked."""

    finding: Literal["job-report"] = "job-report"
    kind: JobKind
    name: Name
    status: JobStatus
    failed: bool = False
    owner: str | None
    ran_seconds: int | None
    ended_at: AwareDatetime
    pricing: str
    pricing_reason: str
    cost_usd: Usd | None
    spot_savings_usd: Usd | None
    prices: str | None
    use: tuple[_Line, ...] = Field(default=(), max_length=_MOST_LINES)
    suggestion: str | None = Field(default=None, max_length=600)

    @property
    def member(self) -> Member | None:
        """See ``AlertBase.member``."""
        return Member(self.name, f"ended as {self.status}", from_text(self.cost_usd), again=self.failed)


def job_report(job: Job, row: CostRecord, use: Sequence[str] = (), suggestion: str | None = None) -> JobReport:
    """Write the report of an ended job from its row; the same job always gets the same ``alert_id``."""
    ended_at = datetime.fromisoformat(row.ended_at)
    return JobReport(
        alert_id=alert_id("job-report", row.resource_arn, row.created_at),
        account=row.account,
        region=row.region,
        instances=row.instances,
        incident=incident_of(row.resource_arn, row.created_at, row.parent_arn),
        parent_arn=row.parent_arn,
        route=route_of(job.tags),
        happened_at=ended_at,
        kind=row.kind,
        name=row.resource_name,
        status=row.status,
        failed=row.failure_class is not None,
        owner=row.owner,
        ran_seconds=row.billable_seconds if job.elapsed_seconds is None else job.elapsed_seconds,
        ended_at=ended_at,
        pricing=row.pricing,
        pricing_reason=row.pricing_reason,
        cost_usd=as_text(row.cost_usd),
        spot_savings_usd=f"{row.spot_savings_usd:f}" if row.spot_savings_usd else None,
        prices=row.prices,
        use=tuple(use),
        suggestion=suggestion,
    )
