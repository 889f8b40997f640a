"""Define jobs and their states as frozen values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import override

from sagewatch.errors import MalformedEventError
from sagewatch.sagemaker.kinds import ResourceKind

MAX_INSTANCES = 10_000  # of one group; above every quota, and few enough to list a cluster's hosts


class JobStatus(StrEnum):
    """Primary job statuses, in the API's spelling (botocore enums of all five kinds).

    A status that AWS adds later becomes ``UNKNOWN``, which is no end: the job stays open until its end is known.
    """

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    DELETING = "Deleting"
    DELETE_FAILED = "DeleteFailed"
    UNKNOWN = "Unknown"

    @classmethod
    @override
    def _missing_(cls, value: object) -> "JobStatus | None":
        return cls.UNKNOWN if isinstance(value, str) and value else None

    @property
    def ended(self) -> bool:
        """Whether a job in this status will not run again."""
        return self in _ENDED

    @property
    def deleting(self) -> bool:
        """Whether a job in this status had ended and is being deleted."""
        return self in {JobStatus.DELETING, JobStatus.DELETE_FAILED}


_ENDED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED})


@dataclass(frozen=True, slots=True)
class InstanceGroup:
    """A number of instances of one type, running for the whole of a job."""

    instance_type: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job, as read from an event or a Describe call. ``described`` is true for Describe.

    ``None`` always means "not known", never zero or empty. Times are aware and in UTC. ``arn`` is in lower case, as
    AWS writes it; ``name`` keeps its case. ``billable_seconds`` and ``training_seconds`` are wall clock per instance.
    """

    kind: ResourceKind
    name: str
    arn: str
    account: str
    region: str
    status: JobStatus
    secondary_status: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    modified_at: datetime | None = None
    groups: tuple[InstanceGroup, ...] = ()
    volume_gb: int | None = None
    billable_seconds: int | None = None
    training_seconds: int | None = None
    max_runtime_seconds: int | None = None
    keep_alive_seconds: int | None = None
    warm_pool_status: str | None = None
    warm_pool_seconds: int | None = None
    spot: bool | None = None
    serverless: bool = False
    training_plan_arn: str | None = None
    builtin_rule: bool = False
    failure_reason: str | None = None
    tags: Mapping[str, str] | None = None
    parent_arn: str | None = None
    role_arn: str | None = None
    output_uri: str | None = None
    progress: str | None = None
    described: bool = False

    @property
    def scope(self) -> str:
        """The job's account and region, as ``scopes`` names them."""
        return f"{self.account}/{self.region}"

    @property
    def elapsed_seconds(self) -> int | None:
        """Wall clock between start and end, in whole seconds; ``None`` if either is unknown or the end comes first."""
        return None if self.ended_at is None else seconds_between(self.started_at, self.ended_at)

    @property
    def dated_at(self) -> datetime | None:
        """The time that identifies this job among others of its name: its creation, else its start, end or change."""
        return self.created_at or self.started_at or self.ended_at or self.modified_at

    @property
    def never_launched(self) -> bool:
        """Whether the job ended before any instance ran: nothing is billed then.

        DescribeTrainingJob: depending on FailureReason the start, the end and the billable seconds may be absent.
        A Completed job without them was only read too early, and an event alone may have lost them.
        """
        return (
            self.described
            and self.status in {JobStatus.FAILED, JobStatus.STOPPED}
            and self.started_at is None
            and self.billable_seconds is None
        )

    @property
    def warm_pool_runs(self) -> bool:
        """Whether the job's warm pool is, or may be, still billed after the job's end.

        DescribeTrainingJob: WarmPoolStatus is Available, InUse, Reused or Terminated; the last two are its end.
        Without a status, a warm pool may still come if the job asked for a keep-alive.
        """
        if self.warm_pool_status is None:
            return bool(self.keep_alive_seconds)
        return self.warm_pool_status not in {"Reused", "Terminated"}

    @property
    def hit_its_limit(self) -> bool:
        """Whether the job's own time limit stopped it, which AWS reports as ``Stopped``.

        Training says so in its secondary status. The other kinds do not, so for them a run as long as
        ``MaxRuntimeInSeconds`` counts as one.
        """
        if self.status is not JobStatus.STOPPED:
            return False
        if self.kind is ResourceKind.TRAINING:
            return self.secondary_status in {"MaxRuntimeExceeded", "MaxWaitTimeExceeded"}
        ran, limit = self.elapsed_seconds, self.max_runtime_seconds
        return ran is not None and limit is not None and ran >= limit


OLDEST = datetime(2017, 11, 29, tzinfo=UTC)  # SageMaker's first day
_AHEAD = timedelta(days=1)  # of our clock


def refuse_impossible_times(name: str, moments: Mapping[str, datetime | None], now: datetime) -> None:
    """Raise ``MalformedEventError`` for a time before SageMaker existed or after tomorrow: it is no time of a job."""
    if wrong := [field for field, moment in moments.items() if moment and not OLDEST <= moment <= now + _AHEAD]:
        raise MalformedEventError(f"{name}: {', '.join(wrong)} is before {OLDEST:%Y-%m-%d} or after tomorrow")


def refuse_impossible_job(job: "Job", now: datetime) -> "Job":
    """Return the job. Raises what ``refuse_impossible_times`` does."""
    moments = {
        "the creation time": job.created_at,
        "the start": job.started_at,
        "the end": job.ended_at,
        "the last change": job.modified_at,
    }
    refuse_impossible_times(f"{job.kind} job {job.name}", moments, now)
    return job


def account_of(arn: str) -> str:
    """Return the account in an ARN. Raises ``MalformedEventError`` for a text that is no ARN of SageMaker."""
    if not re.fullmatch(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:[a-zA-Z-]+/.+", arn):
        raise MalformedEventError(f"{arn[:80]!r} is not an ARN of SageMaker")
    return arn.split(":")[4]


def refuse_foreign_arn(arn: str | None, account: str, region: str) -> None:
    """Raise ``MalformedEventError`` for an ARN of another account or region than the one that sent it."""
    if arn is not None and arn.lower().split(":")[3:5] != [region, account]:
        raise MalformedEventError(f"an ARN is not of account {account} and region {region}")


def job_to_describe(  # noqa: PLR0913 - the fields of an index
    *,
    kind: ResourceKind,
    name: str,
    arn: str,
    region: str,
    created_at: datetime,
    role_arn: str | None = None,
    groups: tuple[InstanceGroup, ...] = (),
) -> Job:
    """Make a job from an index or a listing. Only Describe says whether it is still running."""
    return Job(
        kind=kind,
        name=name,
        arn=arn,
        account=account_of(arn),
        region=region,
        status=JobStatus.IN_PROGRESS,
        created_at=created_at,
        role_arn=role_arn,
        groups=groups,
    )


def seconds_between(start: datetime | None, end: datetime) -> int | None:
    """Whole seconds from start to end; ``None`` if the start is unknown or later than the end, which is never 0."""
    seconds = None if start is None else round((end - start).total_seconds())
    return None if seconds is None or seconds < 0 else seconds


def partition_of(region: str) -> str:
    """Name the AWS partition of a region."""
    return next((partition for prefix, partition in _PARTITIONS.items() if region.startswith(prefix)), "aws")


_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}


# The ARN in lower case, and the creation time as the ledger writes it.
Key = tuple[str, str]
