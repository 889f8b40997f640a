"""What every alert about a job has, and how it is filled in from a ledger row."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from pydantic import AwareDatetime

from sagewatch.alerts.base import AlertBase, Usd, as_text, thread_key_of
from sagewatch.sagemaker.fields import Name
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.tags import route_of

if TYPE_CHECKING:
    from sagewatch.ledger.records import CostRecord
    from sagewatch.sagemaker.resources import Job


class JobAlertBase(AlertBase):
    """An alert about one job."""

    kind: ResourceKind
    name: Name


class EndedJobAlert(JobAlertBase):
    """An alert about a job that ended, filled in from its row. Amounts are USD after the discount."""

    ran_seconds: int | None
    ended_at: AwareDatetime
    pricing: str
    pricing_reason: str
    cost_usd: Usd | None
    prices: str | None

    @classmethod
    def from_record(cls, job: "Job", record: "CostRecord", **facts: object) -> Self:
        """Build an alert from the job, its row, and the ``facts`` that only this kind of alert has."""
        ended_at = datetime.fromisoformat(record.ended_at)
        return cls(
            account=record.account,
            region=record.region,
            instances=record.instances,
            thread_key=thread_key_of(record.resource_arn, record.created_at, record.parent_arn),
            parent_arn=record.parent_arn,
            route=route_of(job.tags),
            happened_at=ended_at,
            kind=record.kind,
            name=record.resource_name,
            owner=record.owner,
            ran_seconds=record.billable_seconds if job.elapsed_seconds is None else job.elapsed_seconds,
            ended_at=ended_at,
            pricing=record.pricing,
            pricing_reason=record.pricing_reason,
            cost_usd=as_text(record.cost_usd),
            prices=record.prices,
            **facts,
        )
