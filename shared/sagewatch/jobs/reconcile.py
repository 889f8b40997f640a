"""An event and a Describe answer of one job, joined: which knows more, and when it is too early to say."""

from dataclasses import replace
from datetime import datetime, timedelta

from sagewatch.errors import JobNotSettledError
from sagewatch.sagemaker.resources import Job, JobStatus, ResourceKind

_SETTLES_WITHIN = timedelta(hours=1)  # Describe is behind its event by seconds, when it is at all
_SKEW = timedelta(minutes=1)  # between the clocks that date an event and a Describe answer


def lacks_something(told: Job) -> bool:
    """Whether an ended job's event leaves out what its row needs, so that Describe has to be asked.

    Training events never carry the billed seconds, and processing events neither tags nor parents.
    """
    if told.kind in {ResourceKind.TRAINING, ResourceKind.PROCESSING}:
        return True
    measured = told.kind is ResourceKind.TUNING or (told.groups and told.elapsed_seconds is not None)
    return not measured or told.created_at is None or told.tags is None


def reconcile(told: Job, found: Job, now: datetime) -> Job:
    """Join an ended job's event with the Describe answer: Describe knows more, the event fills what it leaves out.

    A job created after this one ended has taken its name, and then the event is all there is of this one. Raises
    ``JobNotSettledError`` where Describe lags behind the event.
    """
    if told.ended_at and found.created_at and told.ended_at < found.created_at - _SKEW:
        return told
    if found.status.deleting:
        found = replace(found, status=told.status)
    if not found.status.ended:
        raise JobNotSettledError(f"{told.kind} job {told.name} ended, but Describe says {found.status}")
    joined = replace(
        found,
        created_at=found.created_at or told.created_at,
        started_at=found.started_at or told.started_at,
        ended_at=found.ended_at or told.ended_at,
        groups=found.groups or told.groups,
        failure_reason=found.failure_reason or told.failure_reason,
        tags=told.tags if found.tags is None else found.tags,
    )
    if lacks_billed_seconds(joined, now):
        raise JobNotSettledError(f"training job {told.name} ended, but its billed seconds are not there yet")
    return joined


def lacks_billed_seconds(job: Job, now: datetime) -> bool:
    """Whether a completed training job was read too early: only its own seconds are a price, and 0 is none.

    Serverless jobs and those under a training plan are not priced by them, failed ones may never have any, and what is
    not there an hour after the end will not come: start and end then have to do.
    """
    timed = job.kind is ResourceKind.TRAINING and not job.serverless and job.training_plan_arn is None
    recent = job.ended_at is None or now - job.ended_at < _SETTLES_WITHIN
    return timed and recent and job.status is JobStatus.COMPLETED and job.billable_seconds is None


def same_job(one: Job, other: Job) -> bool:
    """Whether two accounts of one ARN are of one job: names are used again, and clocks differ a little."""
    if one.dated_at is None or other.dated_at is None:
        return False
    return abs(one.dated_at - other.dated_at) <= _SKEW


def without_pool(job: Job, now: datetime) -> Job:
    """A warm pool that nobody has told of by the end of its keep-alive never was.

    DescribeTrainingJob leaves WarmPoolStatus out where no pool was kept.
    """
    if not job.keep_alive_seconds or job.warm_pool_status is not None or job.ended_at is None:
        return job
    kept_until = job.ended_at + timedelta(seconds=job.keep_alive_seconds) + _SETTLES_WITHIN
    return replace(job, keep_alive_seconds=None) if now >= kept_until else job
