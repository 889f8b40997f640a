"""Merges an event and a Describe answer about one job, or says that Describe is behind the event."""

from dataclasses import replace
from datetime import datetime, timedelta

from sagewatch.errors import JobNotSettledError
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.sagemaker.resources import Job, JobStatus

_SETTLES_WITHIN = timedelta(hours=1)  # Describe is behind its event by seconds, when it is at all
_SKEW = timedelta(minutes=1)  # between the clocks that date an event and a Describe answer


def lacks_something(reported: Job) -> bool:
    """Whether an ended job's event leaves out what its row needs, so that Describe has to be asked.

    Training events never carry the billed seconds, processing events neither tags nor parents, and transform events
    no AutoML job. A tuning job's event carries everything.
    """
    return not KIND_FACTS[reported.kind].event_is_complete or reported.created_at is None or reported.tags is None


def reconcile(reported: Job, found: Job, now: datetime) -> Job:
    """Join an ended job's event with the Describe answer: Describe knows more, the event fills the gaps.

    If Describe answers with a later job, that job has taken the name. Then the event is all there is. Raises
    ``JobNotSettledError`` where Describe lags behind the event.
    """
    if _has_taken_the_name(found, reported):
        return reported
    if not same_job(reported, found):
        raise JobNotSettledError(f"Describe still answers with an earlier {reported.kind} job named {reported.name}")
    if found.status.deleting:
        found = replace(found, status=reported.status)
    if not found.status.ended:
        raise JobNotSettledError(f"{reported.kind} job {reported.name} ended, but Describe says {found.status}")
    joined = replace(
        found,
        created_at=found.created_at or reported.created_at,
        started_at=found.started_at or reported.started_at,
        ended_at=found.ended_at or reported.ended_at,
        groups=found.groups or reported.groups,
        failure_reason=found.failure_reason or reported.failure_reason,
        tags=reported.tags if found.tags is None else found.tags,
    )
    if lacks_billed_seconds(joined, now):
        raise JobNotSettledError(f"training job {reported.name} ended, but its billed seconds are not there yet")
    return joined


def lacks_billed_seconds(job: Job, now: datetime) -> bool:
    """Whether a completed training job was read too early: only its own seconds are a price, and 0 is none.

    Serverless jobs and those under a training plan are not priced by them. Failed ones may never have any. An hour
    after the end SageWatch stops waiting, and start and end have to do.
    """
    timed = KIND_FACTS[job.kind].has_billed_seconds and not job.serverless and job.training_plan_arn is None
    recent = job.ended_at is None or now - job.ended_at < _SETTLES_WITHIN
    return timed and recent and job.status is JobStatus.COMPLETED and job.billable_seconds is None


def same_job(one: Job, other: Job) -> bool:
    """Whether two reports of one ARN are of one job: names are used again, and clocks differ a little.

    Creation times a minute apart are one job, unless their ends tell them apart. Where a report has no creation time,
    the job may not have been created after the other one's end.
    """
    if one.dated_at is None or other.dated_at is None:
        return False
    return not (_has_taken_the_name(one, other) or _has_taken_the_name(other, one))


def _has_taken_the_name(later: Job, earlier: Job) -> bool:
    """Whether a report is of a job that was created after the other job, or after the other job's last sign of life."""
    if later.created_at is None:
        return False
    seen = earlier.created_at or earlier.ended_at or earlier.modified_at
    if seen is None or _second(later.created_at) <= _second(seen):
        return False
    return later.created_at - seen > _SKEW or _ended_apart(earlier, later)


def _ended_apart(earlier: Job, later: Job) -> bool:
    """Whether ends show that they are two: they differ by more than clocks do, or the later one still runs after it."""
    if earlier.ended_at and later.ended_at:
        return abs(later.ended_at - earlier.ended_at) > _SKEW
    end = earlier.ended_at or (earlier.modified_at if earlier.status.ended else None)
    runs = later.ended_at is None and not later.status.ended
    return runs and end is not None and later.created_at is not None and _second(later.created_at) > _second(end)


def _second(moment: datetime) -> datetime:
    """Cut a time to its second, as rows have it."""
    return moment.replace(microsecond=0)


def without_pool(job: Job, now: datetime) -> Job:
    """Drop the keep-alive of a job whose warm pool was not reported by the end of it: none existed.

    DescribeTrainingJob leaves WarmPoolStatus out where no pool was kept.
    """
    if not job.keep_alive_seconds or job.warm_pool_status is not None or job.ended_at is None:
        return job
    kept_until = job.ended_at + timedelta(seconds=job.keep_alive_seconds) + _SETTLES_WITHIN
    return replace(job, keep_alive_seconds=None) if now >= kept_until else job
