"""Monitoring schedules: each run is a processing job, which has a row of its own in the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import Field

from sagewatch.errors import SageWatchError
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from sagewatch.sagemaker.fields import Arn, Timestamp
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.model_parts import AwsModel
from sagewatch.standing.evidence import Answered
from sagewatch.standing.kinds.reading import found
from sagewatch.standing.ports import SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledLine, BilledPart, EndCall, StandingResource

_STOPPING = "StopMonitoringSchedule: it can be started again"
_RUNS = "each of its runs is a processing job, with a row of its own"


class Execution(AwsModel):
    """The last run."""

    status: str | None = Field(None, alias="MonitoringExecutionStatus")
    scheduled_time: Timestamp = None


class Expression(AwsModel):
    """When it runs."""

    schedule_expression: str | None = None


class Config(AwsModel):
    """What it runs."""

    schedule_config: Expression | None = None


class ScheduleModel(AwsModel):
    """DescribeMonitoringSchedule."""

    arn: Arn = Field(alias="MonitoringScheduleArn")
    name: str = Field(alias="MonitoringScheduleName")
    status: str = Field(alias="MonitoringScheduleStatus")
    monitoring_type: str | None = None
    endpoint_name: str | None = None
    creation_time: Timestamp = None
    last_modified_time: Timestamp = None
    config: Config | None = Field(None, alias="MonitoringScheduleConfig")
    last_run: Execution | None = Field(None, alias="LastMonitoringExecutionSummary")


@dataclass(frozen=True, slots=True)
class MonitoringSchedules(StandingKind):
    """The schedules of a region that are not stopped."""

    kind: ResourceKind = ResourceKind.MONITORING_SCHEDULE
    reads: tuple[str, ...] = ("ListMonitoringSchedules", "DescribeMonitoringSchedule", "ListEndpoints")

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """Endpoints are listed once, to find schedules that monitor none."""
        del now
        asked = {"StatusEquals": "Scheduled"}
        schedules = api.pages("ListMonitoringSchedules", "MonitoringScheduleSummaries", asked)
        names = [schedule["MonitoringScheduleName"] for schedule in schedules]
        if not names:
            return
        endpoints = {endpoint["EndpointName"] for endpoint in api.pages("ListEndpoints", "Endpoints")}
        answers = api.each("DescribeMonitoringSchedule", [{"MonitoringScheduleName": name} for name in names])
        yield from found(ScheduleModel, names, answers, lambda schedule: _resource(schedule, endpoints))


def _resource(schedule: ScheduleModel, endpoints: set[str]) -> StandingResource:
    when = schedule.config and schedule.config.schedule_config and schedule.config.schedule_config.schedule_expression
    monitored = f" of endpoint {schedule.endpoint_name}" if schedule.endpoint_name else ""
    return StandingResource(
        kind=ResourceKind.MONITORING_SCHEDULE,
        arn=schedule.arn,
        name=schedule.name,
        status=schedule.status,
        since=schedule.creation_time,
        changed_at=schedule.last_modified_time,
        configuration=f"{schedule.monitoring_type or 'monitoring'}{monitored}, {when or 'unknown times'}",
        parts=(BilledPart(lines=(BilledLine("Processing", "run", Decimal(1)),), covered=_RUNS),),
        evidence=Answered(_reading(schedule, endpoints)),
        stopping=_STOPPING,
        end=EndCall("StopMonitoringSchedule", {"MonitoringScheduleName": schedule.name}),
    )


def _reading(schedule: ScheduleModel, endpoints: set[str]) -> Reading:
    if schedule.endpoint_name and schedule.endpoint_name not in endpoints:
        return Idle(Source.DESCRIBE, None, f"it monitors endpoint {schedule.endpoint_name}, which does not exist")
    run = schedule.last_run
    if run and run.status and run.status.startswith(("Completed", "InProgress", "Pending")):
        return Active(Source.DESCRIBE, run.scheduled_time, f"its last run is {run.status}")
    return Unknown(Source.DESCRIBE, f"its last run is {run.status}" if run else "it has not run yet")
