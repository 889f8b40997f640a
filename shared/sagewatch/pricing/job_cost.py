"""Compute the cost of a job: pure arithmetic on a ``Job`` and a ``PriceBook``, in USD as ``Decimal``.

Every figure is the on-demand list price. Formulas: "Billing" in the SageMaker developer guide and the Describe
calls' documentation; each is cited where it is used.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sagewatch.pricing.book import Price, PriceBook, has_ml_volume, share_paid
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus

_HOUR = Decimal(3600)
# How the reason of an amount ends that is a lower bound.
WITHOUT_VOLUMES = "its volumes have no known price and are left out"
_DAY_SECONDS = 86400
# Ten decimals keep a second of one GB exact enough to add up a year of them, within DynamoDB's 38 digits.
_STORED = Decimal("1e-10")


class PricingStatus(StrEnum):
    """How certain a row's cost is. Only ``priced`` and ``provisional`` rows have a cost in USD."""

    PRICED = "priced"
    PROVISIONAL = "provisional"
    UNPRICED = "unpriced"
    COVERED = "covered"
    FREE = "free"
    NOT_INSTANCE_PRICED = "not-instance-priced"

    def outranks(self, other: "PricingStatus") -> bool:
        """Return whether a row with this status replaces one with the other.

        A provisional row replaces an unpriced one. A final row replaces both, and nothing replaces it.
        """
        return _RANKS.get(self, 2) > _RANKS.get(other, 2)


_RANKS = {PricingStatus.UNPRICED: 0, PricingStatus.PROVISIONAL: 1}


@dataclass(frozen=True, slots=True)
class GroupCost:
    """One instance group with the price it was charged at; ``None`` where the price book has none."""

    group: InstanceGroup
    price: Price | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost of a job and how it was computed. ``reason`` is one sentence for people; amounts are USD."""

    pricing: PricingStatus
    reason: str
    seconds: int | None = None
    groups: tuple[GroupCost, ...] = ()
    volume_price: Price | None = None
    usd: Decimal | None = None
    list_usd: Decimal | None = None
    compute_usd: Decimal | None = None
    storage_usd: Decimal | None = None
    spot_savings_usd: Decimal | None = None
    warm_pool_usd: Decimal | None = None

    @property
    def unpriced_types(self) -> tuple[str, ...]:
        """The instance types without a known price."""
        return tuple(line.group.instance_type for line in self.groups if line.price is None)


def cost_of(job: Job, book: PriceBook, discount_percent: Decimal = Decimal(0)) -> Cost:
    """Return the cost of an ended job. Every job gets a ``Cost``; an unknown amount is ``None``, never 0."""
    return without_instances(job) or _by_the_hour(job, book, discount_percent)


def is_lower_bound(reason: str) -> bool:
    """Whether an amount with that reason lacks its volumes: it is at least so much."""
    return WITHOUT_VOLUMES in reason


def at_later_prices(cost: Cost, ended_on: str) -> Cost:
    """Return the cost of a job of the past: provisional, if a price it was calculated with is dated after its end.

    AWS changes prices, and the list only has today's.
    """
    prices = [line.price for line in cost.groups] + [cost.volume_price]
    later = max((price.as_of for price in prices if price and price.as_of > ended_on), default=None)
    if cost.pricing is not PricingStatus.PRICED or later is None:
        return cost
    reason = f"{cost.reason}; at prices of {later}, which may not be those of {ended_on}"
    return replace(cost, pricing=PricingStatus.PROVISIONAL, reason=reason)


def without_instances(job: Job) -> Cost | None:
    """Return the cost of a job without billed instance hours, ended or not; ``None`` for every other job."""
    if job.kind.is_rollup:
        return Cost(pricing=PricingStatus.NOT_INSTANCE_PRICED, reason="the jobs it started have rows of their own")
    if job.serverless:
        return Cost(pricing=PricingStatus.NOT_INSTANCE_PRICED, reason="serverless training is billed by the token")
    if job.builtin_rule and (":training-job/" in (job.parent_arn or "") or not job.described):
        return Cost(pricing=PricingStatus.FREE, reason="AWS charges nothing for its built-in Debugger rules")
    if job.training_plan_arn is not None:
        return Cost(pricing=PricingStatus.COVERED, reason="a prepaid training plan covers it", seconds=_seconds(job))
    return None


def unbilled_as(job: Job) -> PricingStatus | None:
    """Say why no instance hours of a job are billed, if that is known; a roll-up has the jobs it started."""
    unbilled = None if job.kind.is_rollup else without_instances(job)
    return unbilled.pricing if unbilled else None


def _by_the_hour(job: Job, book: PriceBook, discount_percent: Decimal) -> Cost:
    if job.never_launched:
        return _nothing()
    seconds = _seconds(job)
    lines = tuple(GroupCost(group, book.instance_hour(job.kind, group.instance_type)) for group in job.groups)
    problem = _problem(job, lines)
    if problem or seconds is None:
        reason = problem or "nothing says how long it ran"
        return Cost(pricing=PricingStatus.UNPRICED, reason=reason, seconds=seconds, groups=lines)
    compute = _compute(lines, seconds)
    volume_price = book.gb_month(job.kind) if _volumes(job) else None
    storage = _storage(job, volume_price, seconds)
    warm_pool = _warm_pool(job, lines, volume_price)
    listed = compute + (storage or Decimal(0)) + (warm_pool or Decimal(0))
    paid = share_paid(discount_percent)
    pricing, reason = _certainty(job)
    return Cost(
        pricing=pricing,
        reason=reason if storage is not None else f"{reason}; {WITHOUT_VOLUMES}",
        seconds=seconds,
        groups=lines,
        volume_price=volume_price,
        usd=stored(listed * paid),
        list_usd=stored(listed),
        compute_usd=stored(compute),
        storage_usd=None if storage is None else stored(storage),
        spot_savings_usd=_spot_savings(job, lines, paid),
        warm_pool_usd=None if warm_pool is None else stored(warm_pool),
    )


def _nothing() -> Cost:
    zero = Decimal(0)
    return Cost(
        pricing=PricingStatus.PRICED,
        reason="it never launched, so nothing is billed",
        seconds=0,
        usd=zero,
        list_usd=zero,
    )


def _seconds(job: Job) -> int | None:
    """BillableTimeInSeconds, else end minus start, else unknown. Queueing and launching are not billed."""
    return job.elapsed_seconds if job.billable_seconds is None else job.billable_seconds


def _problem(job: Job, lines: tuple[GroupCost, ...]) -> str | None:
    if not lines:
        return "nothing says which instances it ran on"
    missing = ", ".join(line.group.instance_type for line in lines if line.price is None)
    return f"no price is known for {missing} ({job.kind}) in {job.region}" if missing else None


def _compute(lines: tuple[GroupCost, ...], seconds: int) -> Decimal:
    """DescribeTrainingJob: billable seconds are wall clock per instance, whatever the number of instances."""
    hourly = sum((line.price.usd * line.group.count for line in lines if line.price), Decimal(0))
    return hourly * seconds / _HOUR


def _volumes(job: Job) -> int:
    """Return the total size of the job's ML volumes in GB."""
    return (job.volume_gb or 0) * sum(group.count for group in job.groups if has_ml_volume(group))


def _storage(job: Job, price: Price | None, seconds: int) -> Decimal | None:
    """GB x GB-month price x the part of the month it ran; ``None`` where there is a volume and no price."""
    if not _volumes(job):
        return Decimal(0)
    start = job.started_at or job.dated_at
    if price is None or start is None:
        return None
    return price.usd * _volumes(job) * seconds / month_seconds(start)


def _warm_pool(job: Job, lines: tuple[GroupCost, ...], volume_price: Price | None) -> Decimal | None:
    """The time its instances were kept after the job, at the training rate, with their volumes; ``None`` without one.

    DescribeTrainingJob: ResourceRetainedBillableTimeInSeconds x InstanceCount. A bill has a line for each of the two.
    """
    if not job.warm_pool_seconds:
        return None
    return _compute(lines, job.warm_pool_seconds) + (_storage(job, volume_price, job.warm_pool_seconds) or Decimal(0))


def _spot_savings(job: Job, lines: tuple[GroupCost, ...], paid: Decimal) -> Decimal | None:
    """What the seconds that spot did not bill would have cost (DescribeTrainingJob: 1 - billable / training)."""
    if not job.spot or job.training_seconds is None or job.billable_seconds is None:
        return None
    return stored(_compute(lines, max(0, job.training_seconds - job.billable_seconds)) * paid)


def in_doubt(job: Job) -> bool:
    """Whether the job's cost may still change."""
    return any(doubtful(job) for doubtful, _ in _DOUBTS)


def _certainty(job: Job) -> tuple[PricingStatus, str]:
    for doubtful, reason in _DOUBTS:
        if doubtful(job):
            return PricingStatus.PROVISIONAL, reason
    verb = _VERBS.get(job.status)
    return PricingStatus.PRICED, f"{_BY_TIME}; a job that {verb} is billed too" if verb else _BY_TIME


_BY_TIME = "calculated from its billed time at the on-demand list price"
_VERBS = {JobStatus.FAILED: "failed", JobStatus.STOPPED: "was stopped"}
_DOUBTS: tuple[tuple[Callable[[Job], bool], str], ...] = (
    (
        lambda job: KIND_FACTS[job.kind].has_billed_seconds and job.billable_seconds is None,
        "calculated from its start and end, because SageMaker has not reported its billed seconds",
    ),
    (lambda job: job.warm_pool_runs, "its warm pool is still billed"),
)


def month_seconds(moment: datetime) -> int:
    """Return the length of that time's calendar month: the price of a GB-month covers one calendar month."""
    return monthrange(moment.year, moment.month)[1] * _DAY_SECONDS


def stored(usd: Decimal) -> Decimal:
    """Round an amount for storage, without trailing zeros and never in exponent form."""
    return Decimal(f"{usd.quantize(_STORED).normalize():f}")
