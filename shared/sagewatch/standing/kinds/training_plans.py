"""Training plans: capacity that was paid for in advance and is lost while nothing runs on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from pydantic import Field

from sagewatch.errors import SageWatchError
from sagewatch.formatting import money
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from sagewatch.sagemaker.fields import Arn, Timestamp
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.model_parts import AwsModel
from sagewatch.standing.evidence import Answered
from sagewatch.standing.kinds.reading import read
from sagewatch.standing.ports import SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledLine, BilledPart, StandingResource

_STOPPING = "Nothing ends it: use it for jobs, clusters or endpoints"
_GRACE = timedelta(hours=6)


class PlanSummary(AwsModel):
    """One of ListTrainingPlans."""

    arn: Arn = Field(alias="TrainingPlanArn")
    name: str = Field(alias="TrainingPlanName")
    status: str
    start_time: Timestamp = None
    end_time: Timestamp = None
    upfront_fee: str | None = None
    total_instance_count: int | None = None
    available_instance_count: int | None = None
    in_use_instance_count: int | None = None

    @property
    def fee(self) -> Decimal | None:
        """The fee in USD."""
        try:
            return Decimal(self.upfront_fee or "")
        except InvalidOperation:
            return None


@dataclass(frozen=True, slots=True)
class TrainingPlans(StandingKind):
    """The active training plans of a region."""

    kind: ResourceKind = ResourceKind.TRAINING_PLAN
    reads: tuple[str, ...] = ("ListTrainingPlans",)

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """The listing says everything."""
        del now
        for fields in api.pages("ListTrainingPlans", "TrainingPlanSummaries"):
            plan = read(PlanSummary, fields, "training plan")
            if isinstance(plan, SageWatchError):
                yield plan
            elif plan.status == "Active":
                yield _resource(plan)


def _resource(plan: PlanSummary) -> StandingResource:
    total = plan.total_instance_count or 0
    until = f" until {plan.end_time:%Y-%m-%d %H:%M} UTC" if plan.end_time else ""
    fee = f", {money(plan.fee)} paid" if plan.fee is not None else ""
    return StandingResource(
        kind=ResourceKind.TRAINING_PLAN,
        arn=plan.arn,
        name=plan.name,
        status=plan.status,
        since=plan.start_time,
        configuration=f"{total} instances{until}{fee}",
        parts=(
            BilledPart(
                lines=(BilledLine("TrainingPlan", plan.name, Decimal(total)),), covered=f"prepaid{fee}{_lost(plan)}"
            ),
        ),
        evidence=Answered(_reading(plan), window=_GRACE),
        stopping=_STOPPING,
    )


def _reading(plan: PlanSummary) -> Reading:
    total, free, used = plan.total_instance_count, plan.available_instance_count, plan.in_use_instance_count
    if not total or free is None or used is None:
        return Unknown(Source.DESCRIBE, "the listing does not say how much of it is in use")
    if used:
        return Active(Source.DESCRIBE, None, f"{used} of {total} instances are in use, {free} wait for work")
    return Idle(Source.DESCRIBE, None, f"none of its {total} instances is in use")


def _lost(plan: PlanSummary) -> str:
    """The part of the fee that an hour without work loses."""
    if plan.fee is None or not plan.start_time or not plan.end_time or not plan.total_instance_count:
        return ""
    hours = Decimal((plan.end_time - plan.start_time) / timedelta(hours=1))
    if hours <= 0 or not plan.available_instance_count:
        return ""
    unused = plan.fee / hours * plan.available_instance_count / plan.total_instance_count
    return f"; its {plan.available_instance_count} unused instances lose {money(unused)}/h"
