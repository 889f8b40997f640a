"""Decide whether an open job's end is worth recording now, and whether it is still news."""

from datetime import UTC, datetime, timedelta

from sagewatch.jobs.ports import OpenJob
from sagewatch.jobs.reconcile import lacks_billed_seconds
from sagewatch.pricing.job_cost import in_doubt
from sagewatch.sagemaker.resources import Job

_NEWS_FOR = timedelta(days=1)  # an older end is no news
_PROVISIONAL_FOR = timedelta(days=8)  # a warm pool lives for 7 days at most; what is unknown by then stays so


def is_unsettled(entry: OpenJob, found: Job, now: datetime) -> bool:
    """Whether there is nothing to write yet: it runs, was read too early, or its row is as certain already."""
    if not (found.status.ended or found.status.deleting) or lacks_billed_seconds(found, now):
        return True
    more_is_known = (found.warm_pool_seconds or 0) > entry.warm_pool_seconds
    return entry.provisional and is_recent(found, now) and in_doubt(found) and not more_is_known


def is_recent(job: Job, now: datetime) -> bool:
    """Whether Describe may still tell more of an ended job's cost."""
    return job.ended_at is None or now - job.ended_at < _PROVISIONAL_FOR


def is_news(entry: OpenJob, job: Job, now: datetime) -> bool:
    """Whether people should still be alerted to the job's end."""
    ended = job.ended_at or job.modified_at or job.created_at  # not every Describe dates a job that never launched
    past = max(now - _NEWS_FOR, entry.backfilled_at or datetime.min.replace(tzinfo=UTC))
    return ended is not None and ended >= past
