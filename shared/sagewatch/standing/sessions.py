"""Sessions of standing resources and what they cost: pure arithmetic, one row for each part and calendar month (UTC).

A session is a time in which a part of a resource, such as a variant, billed the same quantities. They are read at each
sweep, so a change of autoscaling is known to one sweep; the row says how much that may be. A session is split where a
month ends, because a GB-month is the price of a calendar month.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.clock import iso
from sagewatch.formatting import duration, money
from sagewatch.ledger.records import CostRecord, RecordedBy, cost_columns
from sagewatch.notebooks.session import SessionEnd, month_start, whole_second
from sagewatch.owners.owner import Owner
from sagewatch.pricing.book import Price, Rates
from sagewatch.pricing.job_cost import WITHOUT_VOLUMES, Cost, GroupCost, PricingStatus, month_seconds, stored
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, JobStatus
from sagewatch.standing.decision import Use
from sagewatch.standing.hourly import HourlyPrice, part_price, price_of
from sagewatch.standing.resources import BilledLine, BilledPart, StandingResource, Unit

_HOUR = Decimal(3600)
_ZERO = Decimal(0)
_BY_TIME = "its time at the on-demand list price"
_UNSEEN = "it was found running, and what it cost before is in no row"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingSession:
    """A time in which a part of a standing resource billed the same. ``arn`` is the part's, ``since`` a whole second.

    ``unseen`` means that it billed before. Rows of it exist up to ``booked_until``, the end of a month. ``use`` is
    what was decided at ``judged_at``.
    """

    arn: str
    name: str
    kind: ResourceKind
    account: str
    region: str
    owner: str | None = None
    owner_source: str | None = None
    lines: tuple[BilledLine, ...] = ()
    unpriced: str | None = None
    covered: str | None = None
    since: datetime
    unseen: bool = False
    booked_until: datetime | None = None
    use: Use | None = None
    last_use: datetime | None = None
    judged_at: datetime | None = None

    @property
    def scope(self) -> str:
        """Its account and region, as ``scopes`` names them."""
        return f"{self.account}/{self.region}"

    @property
    def unbooked_since(self) -> datetime:
        """The beginning of the part that no row contains yet."""
        return max(self.since, self.booked_until or self.since)

    @property
    def part(self) -> BilledPart:
        """What it bills."""
        return BilledPart(lines=self.lines, unpriced=self.unpriced, covered=self.covered)


def has_sessions(kind: ResourceKind) -> bool:
    """Whether rows of this kind come from its sessions; notebooks have sessions of their own, from events."""
    return KIND_FACTS[kind].component is not None and not KIND_FACTS[kind].is_job and kind is not ResourceKind.NOTEBOOK


def part_arn(resource: StandingResource, part: BilledPart) -> str:
    """Name a part: its rows have another key than those of the resource's other parts."""
    return f"{resource.arn}/{part.name}".lower() if part.name else resource.arn.lower()


def session_of(
    resource: StandingResource, part: BilledPart, owner: Owner | None, since: datetime, *, unseen: bool
) -> StandingSession:
    """Begin a session of one part."""
    return StandingSession(
        arn=part_arn(resource, part),
        name=f"{resource.name}/{part.name}" if part.name else resource.name,
        kind=resource.kind,
        account=resource.account,
        region=resource.region,
        owner=owner.name if owner else None,
        owner_source=owner.source if owner else None,
        lines=part.lines,
        unpriced=part.unpriced,
        covered=part.covered,
        since=whole_second(since),
        unseen=unseen,
    )


def hourly(session: StandingSession, rates: Rates, now: datetime) -> HourlyPrice:
    """Return what an hour of a session costs."""
    return part_price(session.part, rates, now, session.region)


def accrued(session: StandingSession, until: datetime, rates: Rates, since: datetime | None = None) -> Decimal | None:
    """Return what a session has cost by ``until`` and no row contains; ``None`` if that is not known or was prepaid."""
    begin = max(session.unbooked_since, since or session.unbooked_since)
    costs = [_cost(session, part, rates, None).usd for part in _months(begin, whole_second(until))]
    known = [usd for usd in costs if usd is not None]
    return sum(known, _ZERO) if len(known) == len(costs) else None


def close(  # noqa: PLR0913 - what is known of its end
    session: StandingSession,
    at: datetime,
    how: SessionEnd,
    *,
    now: datetime,
    rates: Rates,
    sampled: timedelta | None = None,
) -> tuple[CostRecord, ...]:
    """Return the rows that are not booked yet, one for each month. ``sampled`` is how exactly its end is known."""
    ended_at = whole_second(at)
    rows = []
    for part in _months(session.unbooked_since, ended_at):
        last = part[1] == ended_at
        cost = _cost(session, part, rates, sampled if last else None)
        rows.append(_row(session, part, cost, how if last else SessionEnd.CONTINUED, now))
    return tuple(rows)


def book(session: StandingSession, *, now: datetime, rates: Rates) -> tuple[StandingSession, tuple[CostRecord, ...]]:
    """Return an open session with the rows of the months that are over by now."""
    until = month_start(now)
    if session.unbooked_since >= until:
        return session, ()
    rows = close(session, until, SessionEnd.CONTINUED, now=now, rates=rates)
    return replace(session, booked_until=until), rows


def _months(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        next_month = month_start(month_start(start) + timedelta(days=32))
        yield start, min(end, next_month)
        start = next_month


def _cost(session: StandingSession, part: tuple[datetime, datetime], rates: Rates, sampled: timedelta | None) -> Cost:
    seconds = int((part[1] - part[0]).total_seconds())
    found = [(line, price_of(line, rates)) for line in session.lines if line.quantity]
    groups = tuple(_groups(found))
    if session.covered:
        return Cost(pricing=PricingStatus.COVERED, reason=session.covered, seconds=seconds, groups=groups)
    price = hourly(session, rates, part[0])
    if price.usd is None:
        return Cost(pricing=PricingStatus.UNPRICED, reason=price.reason or "", seconds=seconds, groups=groups)
    compute, storage = (_amount(found, unit, seconds, part[0]) for unit in (Unit.HOUR, Unit.GB_MONTH))
    volumes = [known for line, known in found if line.unit is Unit.GB_MONTH and known]
    listed = compute + storage
    return Cost(
        pricing=PricingStatus.PRICED,
        reason=_reason(session, price, sampled),
        seconds=seconds,
        groups=groups,
        volume_price=volumes[0] if volumes else None,
        usd=stored(listed * rates.share_paid),
        list_usd=stored(listed),
        compute_usd=stored(compute),
        storage_usd=stored(storage) if volumes else None,
    )


def _groups(found: list[tuple[BilledLine, Price | None]]) -> Iterator[GroupCost]:
    for line, price in found:
        if line.unit is Unit.HOUR:
            yield GroupCost(InstanceGroup(line.item, int(line.quantity)), price)


def _amount(found: list[tuple[BilledLine, Price | None]], unit: Unit, seconds: int, month: datetime) -> Decimal:
    length = _HOUR if unit is Unit.HOUR else Decimal(month_seconds(month))
    return sum(
        (line.quantity * price.usd * seconds / length for line, price in found if price and line.unit is unit), _ZERO
    )


def _reason(session: StandingSession, price: HourlyPrice, sampled: timedelta | None) -> str:
    clauses = [_BY_TIME]
    if price.reason == WITHOUT_VOLUMES:
        clauses.append(WITHOUT_VOLUMES)
    if session.unseen:
        clauses.append(_UNSEEN)
    if sampled and price.usd is not None:
        seconds = int(sampled.total_seconds())
        clauses.append(f"its end is known to {duration(seconds)}, or {money(price.usd * seconds / _HOUR)}")
    return "; ".join(clauses)


def _row(
    session: StandingSession, part: tuple[datetime, datetime], cost: Cost, how: SessionEnd, now: datetime
) -> CostRecord:
    """An end at midnight of the first day is moved into the month before, because a row counts on the day it ends."""
    end = part[1] - timedelta(seconds=1) if part[1] == month_start(part[1]) else part[1]
    instances = [f"{line.group.count} x {line.group.instance_type}" for line in cost.groups]
    return CostRecord(
        resource_arn=session.arn,
        created_at=iso(part[0]),
        resource_name=session.name,
        kind=session.kind,
        status=JobStatus(how),
        account=session.account,
        region=session.region,
        owner=session.owner,
        owner_source=session.owner_source,
        started_at=iso(part[0]),
        ended_at=iso(end),
        ended_on=iso(end)[:10],
        recorded_at=iso(now),
        recorded_by=RecordedBy.SWEEP,
        instances=" + ".join(instances) or None,
        **cost_columns(cost),
    )
