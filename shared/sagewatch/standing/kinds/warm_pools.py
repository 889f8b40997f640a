"""Warm pools: instances that a training job left running for the next one. Their cost is in the job's row."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.errors import MalformedEventError, SageWatchError
from sagewatch.idle.evidence import Idle, Source
from sagewatch.owners.owner import role_owner
from sagewatch.pricing.book import component_of
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job
from sagewatch.standing.evidence import Answered
from sagewatch.standing.ports import Fields, SageMakerReads, StandingKind
from sagewatch.standing.resources import BilledLine, BilledPart, EndCall, StandingResource

_STOPPING = "UpdateTrainingJob with KeepAlivePeriodInSeconds 0: nothing is lost, and the next job starts slower"
_RECENT = timedelta(days=30)  # a training job runs for at most 28
_GRACE = timedelta(minutes=30)  # a pool is there to wait


@dataclass(frozen=True, slots=True)
class WarmPools(StandingKind):
    """The warm pools of a region that wait for a job."""

    kind: ResourceKind = ResourceKind.WARM_POOL
    reads: tuple[str, ...] = ("ListTrainingJobs", "DescribeTrainingJob")

    def find(self, api: SageMakerReads, now: datetime) -> Iterator[StandingResource | SageWatchError]:
        """SageMaker filters by creation time before it cuts pages, so older jobs cost no calls."""
        asked = {"WarmPoolStatusEquals": "Available", "CreationTimeAfter": now - _RECENT}
        names = [job["TrainingJobName"] for job in api.pages("ListTrainingJobs", "TrainingJobSummaries", asked)]
        answers = api.each("DescribeTrainingJob", [{"TrainingJobName": name} for name in names])
        for name, answer in zip(names, answers, strict=True):
            found = _read(name, answer) if answer is not None else None
            if found is not None:
                yield found


def _read(name: str, answer: Fields | SageWatchError) -> StandingResource | SageWatchError | None:
    if isinstance(answer, SageWatchError):
        return answer
    arn = str(answer.get("TrainingJobArn", "")).split(":")
    try:
        job = read_job(ResourceKind.TRAINING, answer, account=arn[4], region=arn[3], described=True)
    except MalformedEventError as exc:
        return exc
    except IndexError:
        return MalformedEventError(f"training job {name}: its ARN is not one")
    return _resource(job) if job.warm_pool_status == "Available" else None


def _resource(job: Job) -> StandingResource:
    component = component_of(ResourceKind.TRAINING)
    lines = tuple(BilledLine(component, group.instance_type, Decimal(group.count)) for group in job.groups)
    keep = f", kept for up to {job.keep_alive_seconds} s" if job.keep_alive_seconds else ""
    return StandingResource(
        kind=ResourceKind.WARM_POOL,
        arn=job.arn,
        name=job.name,
        status=str(job.warm_pool_status),
        since=job.ended_at,
        configuration=" + ".join(f"{group.count} x {group.instance_type}" for group in job.groups) + keep,
        parts=(BilledPart(lines=lines) if lines else BilledPart(unpriced="nothing says what it runs on"),),
        evidence=Answered(Idle(Source.DESCRIBE, job.ended_at, "it waits for a next job"), window=_GRACE),
        stopping=_STOPPING,
        end=EndCall(
            "UpdateTrainingJob",
            {"TrainingJobName": job.name, "ResourceConfig": {"KeepAlivePeriodInSeconds": 0}},
        ),
        owner=role_owner(job.role_arn),
    )
