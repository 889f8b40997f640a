"""What a running job has cost so far, and may cost: pure arithmetic on on-demand prices, in USD as ``Decimal``."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.pricing.book import Rates, for_time
from sagewatch.pricing.job_cost import stored, without_instances
from sagewatch.sagemaker.resources import Job

_SPOT = "these are the highest possible costs: it runs on spot, so its real cost is known only when it ends"


@dataclass(frozen=True, slots=True)
class Accrual:
    """Amounts after the discount: per hour of all instances, so far, and at the job's own time limit.

    ``None`` is not known, or nothing that instances are billed for; ``note`` then says which. Volumes are left out.
    """

    hourly: Decimal | None = None
    so_far: Decimal | None = None
    at_limit: Decimal | None = None
    note: str | None = None


def accrual_of(job: Job, rates: Rates, now: datetime) -> Accrual:
    """Return a running job's accrual. Pending is not billed, so a job that has not started has cost nothing."""
    unbilled = without_instances(job)
    if unbilled:
        return Accrual(note=unbilled.reason)
    hourly = rates.of_job(job)
    if hourly is None:
        return Accrual(note=_why_unpriced(job, rates))
    ran, limit = running_for(job, now) or timedelta(0), job.max_runtime_seconds
    return Accrual(
        hourly=hourly,
        so_far=accrued(hourly, ran),
        at_limit=None if limit is None else accrued(hourly, timedelta(seconds=limit)),
        note=_SPOT if job.spot else None,
    )


def accrued(hourly: Decimal, ran: timedelta) -> Decimal:
    """Return the cost of a time at an hourly price."""
    return stored(for_time(hourly, ran))


def running_for(job: Job, now: datetime) -> timedelta | None:
    """Return how long a job has been running; ``None`` for one that has not started."""
    return None if job.started_at is None else max(timedelta(0), now - job.started_at)


def _why_unpriced(job: Job, rates: Rates) -> str:
    types = (group.instance_type for group in job.groups)
    missing = ", ".join(name for name in types if rates.of_type(job.kind, name) is None)
    return f"no price is known for {missing} in {job.region}" if missing else "nothing says which instances it runs on"
