"""Sessions of notebook instances and what they cost: pure arithmetic, one row for each calendar month (UTC).

A notebook's instance is billed from the moment it is in service to the StopNotebookInstance call, its volume for as
long as the notebook exists ("Billing" of notebook instances in the SageMaker developer guide). So there are two kinds
of session: in service, where both are billed, and stopped, where the volume alone is. A GB-month is a price for a
calendar month, whatever its length, so a session is split where a month ends, and every part is priced by its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from sagewatch.clock import iso
from sagewatch.ledger.records import CostRecord, RecordedBy, cost_columns
from sagewatch.pricing.book import Price, PriceBook, Rates
from sagewatch.pricing.job_cost import Cost, GroupCost, PricingStatus, month_seconds, stored
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, JobStatus

OURSELVES = "sagewatch"  # how ``stopped_by`` begins if SageWatch made the call, alone or for a user
_HOUR = Decimal(3600)
_STOPPED = "stopped: only its volume is billed"
_IN_SERVICE = "its time in service at the on-demand list price"


class SessionKind(StrEnum):
    """The kinds of session: the instance and its volume are billed, or the volume alone."""

    IN_SERVICE = "in service"
    STOPPED = "stopped"


class SessionEnd(StrEnum):
    """How a session ended. The values are those that rows have: a job's statuses."""

    STOPPED = "Stopped"
    FAILED = "Failed"
    DELETED = "Deleting"
    CONTINUED = "Completed"  # as another row: the next month's, or the next session's


@dataclass(frozen=True, slots=True)
class StopCall:
    """A StopNotebookInstance call that SageWatch was about to make; ``by`` is the actor, as rows name it.

    ``idle_since`` is the notebook's last activity, if that was the reason.
    """

    by: str
    at: datetime
    idle_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A time in which a notebook was in service, or stopped, and nothing changed that affects its price.

    ``since`` is aware, in UTC and a whole second, as rows are. ``instance_type`` is ``None`` in a stopped session.
    ``unseen`` means that the time before is unknown; ``stop_call`` is a stop SageWatch was about to make.
    ``stopped_by`` of a stopped session names who ended the run before, as rows do. Rows of the session exist up to
    ``booked_until``, the end of a month.
    """

    arn: str
    name: str
    account: str
    region: str
    owner: str | None
    owner_source: str | None
    instance_type: str | None
    volume_gb: int | None
    since: datetime
    kind: SessionKind = SessionKind.IN_SERVICE
    unseen: bool = False
    stop_call: StopCall | None = None
    stopped_by: str | None = None
    booked_until: datetime | None = None

    @property
    def unbooked_since(self) -> datetime:
        """The beginning of the part that no row contains yet."""
        return max(self.since, self.booked_until or self.since)

    @property
    def scope(self) -> str:
        """The notebook's account and region, as ``scopes`` names them."""
        return f"{self.account}/{self.region}"

    @property
    def in_service(self) -> bool:
        """Whether the instance is billed."""
        return self.kind is SessionKind.IN_SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """When and how a session ended. If the time is only an upper bound, ``doubt`` says why in one sentence.

    ``idle_since`` is the notebook's last activity, where SageWatch stopped it for that.
    """

    at: datetime
    how: SessionEnd = SessionEnd.STOPPED
    stopped_by: str | None = None
    failure_reason: str | None = None
    doubt: str | None = None
    idle_since: datetime | None = None


def caller(user: str | None) -> str:
    """Name who makes a stop call, as rows do: SageWatch by itself, or for a Slack user."""
    return f"{OURSELVES} for {user}" if user else OURSELVES


def asked_by(stopped_by: str | None) -> str | None:
    """Return the Slack user for whom SageWatch stopped it, if it did that for one."""
    return (stopped_by or "").partition(f"{OURSELVES} for ")[2] or None


def accrued(session: Session, until: datetime, rates: Rates) -> Cost:
    """Return what a session has cost by ``until`` and no row contains: the total of its next rows if it ended then."""
    begin, end = session.unbooked_since, whole_second(until)
    parts = tuple(_months(begin, end)) or ((begin, begin),)
    return _together([_cost(session, part, rates) for part in parts])


def close(session: Session, end: End, *, now: datetime, by: RecordedBy, rates: Rates) -> tuple[CostRecord, ...]:
    """Return the rows of an ended session that are not booked yet, one for each month; none for less than a second."""
    ended_at = whole_second(end.at)
    rows = []
    for part in _months(session.unbooked_since, ended_at):
        cost = _doubted(_cost(session, part, rates), end.doubt)
        how = end if part[1] == ended_at else End(at=part[1], how=SessionEnd.CONTINUED)
        rows.append(_row(session, part, cost, how, now=now, by=by))
    return tuple(rows)


def whole_second(moment: datetime) -> datetime:
    """Cut a time to its second, as rows have it, so that parts add up to the whole."""
    return moment.replace(microsecond=0)


def month_start(moment: datetime) -> datetime:
    """Return the first moment of that time's month."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _months(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Split a time at the ends of months."""
    while start < end:
        first = month_start(start)
        next_month = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        yield start, min(end, next_month)
        start = next_month


def _within_its_month(end: datetime) -> datetime:
    """Move an end at midnight of the first day into the month before, because a row counts on the day of its end."""
    at_month_end = (end.day, end.hour, end.minute, end.second) == (1, 0, 0, 0)
    return end - timedelta(seconds=1) if at_month_end else end


def _cost(session: Session, part: tuple[datetime, datetime], rates: Rates) -> Cost:
    """Return what a session cost within one month."""
    start, end = part
    seconds = int((end - start).total_seconds())
    groups = _groups(session, rates.book)
    volume_price = rates.book.gb_month(ResourceKind.NOTEBOOK)
    problem = _problem(session, groups, volume_price)
    if problem:
        return Cost(pricing=PricingStatus.UNPRICED, reason=problem, seconds=seconds, groups=groups)
    compute = sum((line.price.usd * seconds / _HOUR for line in groups if line.price), Decimal(0))
    storage = _storage(session, volume_price, seconds, start)
    listed = compute + (storage or Decimal(0))
    return Cost(
        pricing=PricingStatus.PRICED,
        reason=_reason(session, volume_price),
        seconds=seconds,
        groups=groups,
        volume_price=None if storage is None else volume_price,
        usd=stored(listed * rates.share_paid),
        list_usd=stored(listed),
        compute_usd=stored(compute),
        storage_usd=None if storage is None else stored(storage),
    )


def _groups(session: Session, book: PriceBook) -> tuple[GroupCost, ...]:
    instance_type = session.instance_type
    if instance_type is None:
        return ()
    return (GroupCost(InstanceGroup(instance_type, 1), book.instance_hour(ResourceKind.NOTEBOOK, instance_type)),)


def _problem(session: Session, groups: Sequence[GroupCost], volume_price: Price | None) -> str | None:
    if any(line.price is None for line in groups):
        return f"no price is known for {session.instance_type} ({ResourceKind.NOTEBOOK}) in {session.region}"
    if groups:
        return None
    if session.volume_gb is None:
        return f"{_STOPPED}, and its size is not known"
    return f"{_STOPPED}, and no price is known for it in {session.region}" if volume_price is None else None


def _storage(session: Session, price: Price | None, seconds: int, start: datetime) -> Decimal | None:
    """GB x GB-month price x the part of the month; ``None`` if one of them is unknown.

    A notebook has a volume whatever disks its instance type brings, because only the volume outlives a stop.
    """
    if session.volume_gb is None or price is None:
        return None
    return price.usd * session.volume_gb * seconds / month_seconds(start)


def _reason(session: Session, volume_price: Price | None) -> str:
    if not session.in_service:
        return _STOPPED
    if session.volume_gb is None:
        return f"{_IN_SERVICE}; the size of its volume is not known, and it is left out"
    return _IN_SERVICE if volume_price else f"{_IN_SERVICE}; its volume has no known price and is left out"


def _doubted(cost: Cost, doubt: str | None) -> Cost:
    if doubt is None or cost.pricing is not PricingStatus.PRICED:
        return cost
    return replace(cost, pricing=PricingStatus.PROVISIONAL, reason=f"{cost.reason}; {doubt}")


def _together(costs: Sequence[Cost]) -> Cost:
    return replace(
        costs[0],
        seconds=sum(cost.seconds or 0 for cost in costs),
        usd=_sum([cost.usd for cost in costs]),
        list_usd=_sum([cost.list_usd for cost in costs]),
        compute_usd=_sum([cost.compute_usd for cost in costs]),
        storage_usd=_sum([cost.storage_usd for cost in costs]),
    )


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _row(  # noqa: PLR0913 - each is one thing known of the session
    session: Session, part: tuple[datetime, datetime], cost: Cost, end: End, *, now: datetime, by: RecordedBy
) -> CostRecord:
    """Build one row. It has no failure class: a notebook that fails at its end was of use before."""
    started_at, ended_at = iso(part[0]), iso(_within_its_month(part[1]))
    return CostRecord(
        resource_arn=session.arn,
        created_at=started_at,
        resource_name=session.name,
        kind=ResourceKind.NOTEBOOK,
        status=JobStatus(end.how),
        account=session.account,
        region=session.region,
        owner=session.owner,
        owner_source=session.owner_source,
        started_at=started_at,
        ended_at=ended_at,
        ended_on=ended_at[:10],
        recorded_at=iso(now),
        recorded_by=by,
        instances=f"1 x {session.instance_type}" if session.instance_type else None,
        failure_reason=end.failure_reason,
        stopped_by=end.stopped_by,
        idle_since=iso(end.idle_since) if end.idle_since else None,
        **cost_columns(cost),
    )
