"""Define the ledger's rows: what is known of an ended job, and its cost."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sagewatch.clock import iso
from sagewatch.errors import MalformedEventError
from sagewatch.failures.diagnosis import FailureClass, classify
from sagewatch.ledger.families import PastRun, family_of, ran_seconds
from sagewatch.owners.owner import Owner
from sagewatch.pricing.book import Price
from sagewatch.pricing.job_cost import Cost, PricingStatus
from sagewatch.redaction import without_addresses
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job, JobStatus, Key


class RecordedBy(StrEnum):
    """The source that wrote a row."""

    EVENT = "event"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRecord:
    """One row of the ledger. Keyed by ``resource_arn`` and ``created_at``, because job names can be used again.

    A notebook instance has a row for each calendar month of each session, keyed by when that began; ``stopped_by``
    says who ended the session. ``family`` is of jobs alone (see ``families``).

    Times are ISO 8601 in UTC, to the second. ``cost_usd`` and ``spot_savings_usd`` are USD after the discount; the
    parts (compute, storage, warm pool) and their sum ``list_cost_usd`` are at list prices. ``None`` means not known or
    not applicable, and is not stored.
    """

    resource_arn: str
    created_at: str
    resource_name: str
    kind: ResourceKind
    status: JobStatus
    secondary_status: str | None = None
    account: str
    region: str
    owner: str | None = None
    owner_source: str | None = None
    started_at: str | None = None
    ended_at: str
    ended_on: str
    recorded_at: str
    recorded_by: RecordedBy
    instances: str | None = None
    billable_seconds: int | None = None
    pricing: PricingStatus
    pricing_reason: str
    cost_usd: Decimal | None = None
    list_cost_usd: Decimal | None = None
    compute_usd: Decimal | None = None
    storage_usd: Decimal | None = None
    spot_savings_usd: Decimal | None = None
    warm_pool_seconds: int | None = None
    warm_pool_usd: Decimal | None = None
    prices: str | None = None
    failure_class: FailureClass | None = None
    failure_reason: str | None = None
    parent_arn: str | None = None
    output_uri: str | None = None
    stopped_by: str | None = None
    family: str | None = None
    idle_since: str | None = None


def record_of(job: Job, cost: Cost, owner: Owner | None, *, now: datetime, by: RecordedBy) -> CostRecord:
    """Make the row of an ended job. A job without an end time is dated by its other times.

    Raises ``MalformedEventError`` for a job without any time.
    """
    created_at, ended = key_time(job), job.ended_at or job.modified_at
    ended_at = iso(ended) if ended else created_at
    return CostRecord(
        resource_arn=job.arn,
        created_at=created_at,
        resource_name=job.name,
        kind=job.kind,
        status=job.status,
        secondary_status=job.secondary_status,
        account=job.account,
        region=job.region,
        owner=owner.name if owner else None,
        owner_source=owner.source if owner else None,
        started_at=iso(job.started_at) if job.started_at else None,
        ended_at=ended_at,
        ended_on=ended_at[:10],
        recorded_at=iso(now),
        recorded_by=by,
        instances=describe_instances(job),
        warm_pool_seconds=job.warm_pool_seconds,
        failure_class=classify(job),
        failure_reason=job.failure_reason and without_addresses(job.failure_reason, owner.name if owner else None),
        parent_arn=job.parent_arn,
        output_uri=job.output_uri,
        family=family_of(job.kind, job.name),
        **cost_columns(cost),
    )


def cost_columns(cost: Cost) -> dict[str, Any]:
    """Return the columns of a row that say what it cost."""
    return {
        "billable_seconds": cost.seconds,
        "pricing": cost.pricing,
        "pricing_reason": cost.reason,
        "cost_usd": cost.usd,
        "list_cost_usd": cost.list_usd,
        "compute_usd": cost.compute_usd,
        "storage_usd": cost.storage_usd,
        "spot_savings_usd": cost.spot_savings_usd,
        "warm_pool_usd": cost.warm_pool_usd,
        "prices": describe_prices(cost),
    }


def supersedes(row: CostRecord, before: CostRecord) -> bool:
    """Whether a row takes the place of another: it is more certain, or as provisional and knows a longer warm pool."""
    provisional = row.pricing is before.pricing is PricingStatus.PROVISIONAL
    longer = (row.warm_pool_seconds or 0) > (before.warm_pool_seconds or 0)
    return row.pricing.outranks(before.pricing) or (provisional and longer)


def past_run(row: CostRecord) -> PastRun:
    """Return the row as a past run of its family."""
    started = datetime.fromisoformat(row.started_at) if row.started_at else None
    ended = datetime.fromisoformat(row.ended_at)
    return PastRun(
        ended_at=ended,
        status=row.status,
        ran_seconds=ran_seconds(started, ended, row.billable_seconds),
        cost_usd=row.cost_usd,
        failure_class=row.failure_class,
        key=(row.resource_arn, row.created_at),
    )


def describe_instances(job: Job) -> str | None:
    """Write the fleet as people do: ``2 x ml.m5.xlarge + 1 x ml.g5.xlarge``."""
    return " + ".join(f"{group.count} x {group.instance_type}" for group in job.groups) or None


def describe_prices(cost: Cost) -> str | None:
    """Write the prices used, with their provenance; ``None`` where none was."""
    hourly = [
        f"{line.group.instance_type} ${line.price.usd}/h {_origin(line.price)}" for line in cost.groups if line.price
    ]
    volume = [f"volumes ${cost.volume_price.usd}/GB-month {_origin(cost.volume_price)}"] if cost.volume_price else []
    return "; ".join(hourly + volume) or None


def _origin(price: Price) -> str:
    borrowed = " as an estimate" if price.borrowed else ""
    return f"({price.component}{borrowed}, {price.region}, {price.source} of {price.as_of})"


def key_of(job: Job) -> Key:
    """The key of a job's row. Raises what ``key_time`` does."""
    return job.arn, key_time(job)


def key_time(job: Job) -> str:
    """Return the time half of a job's key. Raises ``MalformedEventError`` for a job without any time."""
    if job.dated_at is None:
        raise MalformedEventError(f"{job.kind} job {job.name}: nothing says when it was created, started or ended")
    return iso(job.dated_at)
