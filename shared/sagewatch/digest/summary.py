"""The contents of a digest as values, computed from the totals of days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sagewatch.budgets.budget import BudgetState
from sagewatch.digest.periods import DateRange
from sagewatch.digest.savings import IdleStops
from sagewatch.formatting import money
from sagewatch.ledger.totals import NOTHING, UNOWNED, Cell, DayTotal, LedgerRow, Spend
from sagewatch.sagemaker.kinds import ResourceKind

TOP = 5
CHART_DAYS = 14
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """What an owner or a kind spent in USD, and in the period before."""

    name: str
    usd: Decimal
    before_usd: Decimal


@dataclass(frozen=True, slots=True)
class Ranking:
    """The largest shares, and how many others there are, taken together."""

    top: tuple[Share, ...]
    others: int
    rest: Share


@dataclass(frozen=True, slots=True)
class TopJob:
    """A job, or a session of a notebook, among the most expensive."""

    kind: ResourceKind
    name: str
    region: str
    owner: str | None
    usd: Decimal
    failed: bool
    account: str | None = None


@dataclass(frozen=True, slots=True)
class StandingPart:
    """A part of a standing resource, with the price of an hour."""

    kind: ResourceKind
    name: str
    owner: str | None
    usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What bills until a person ends it, in USD an hour, with the most expensive. ``idle`` of it are not used.

    ``unpriced`` of it have no known price and are in no sum.
    """

    count: int = 0
    usd: Decimal = _ZERO
    unpriced: int = 0
    idle: int = 0
    idle_usd: Decimal = _ZERO
    top: tuple[StandingPart, ...] = ()


NO_STANDING = Standing()
NO_RANKING = Ranking((), 0, Share("", _ZERO, _ZERO))


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What runs at this moment, in USD an hour. ``unpriced`` of it have no known price and are in no sum.

    ``idle`` notebooks of it have been announced as idle, and have cost ``idle_usd`` since they were last used.
    Everything together has cost ``so_far_usd``, which is in no row and in no total yet.
    """

    jobs: int = 0
    jobs_usd: Decimal = _ZERO
    notebooks: int = 0
    notebooks_usd: Decimal = _ZERO
    unpriced: int = 0
    idle: int = 0
    idle_usd: Decimal = _ZERO
    so_far_usd: Decimal = _ZERO
    standing: Standing = NO_STANDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Everything a digest says."""

    span: DateRange
    spend: Spend
    before: Spend
    by_owner: Ranking
    by_kind: Ranking
    top_jobs: tuple[TopJob, ...]
    idled: IdleStops
    running: Running
    budgets: tuple[BudgetState, ...]
    by_account: Ranking = NO_RANKING

    @property
    def quiet(self) -> bool:
        """Whether nothing has happened."""
        return self.spend.jobs == 0 and self.idled == IdleStops()


def digest_of(  # noqa: PLR0913 - what is known of the period
    span: DateRange,
    totals: Sequence[DayTotal],
    *,
    top_jobs: tuple[TopJob, ...],
    idled: IdleStops,
    running: Running,
    budgets: tuple[BudgetState, ...],
) -> Digest:
    """Write a digest. ``totals`` are those of the period, of the one before, and of whatever other days."""
    now, before = _cells(span, totals), _cells(span.before, totals)
    return Digest(
        span=span,
        spend=sum((spend for _, spend in now), NOTHING),
        before=sum((spend for _, spend in before), NOTHING),
        by_owner=_ranked(*(_sums((cell.owner or UNOWNED, spend) for cell, spend in cells) for cells in (now, before))),
        by_kind=_ranked(*(_sums((cell.kind.value, spend) for cell, spend in cells) for cells in (now, before))),
        top_jobs=top_jobs,
        idled=idled,
        running=running,
        budgets=budgets,
        by_account=_ranked(*(_sums(_accounts(days, totals)) for days in (span, span.before))),
    )


def top_jobs(rows: Iterable[LedgerRow]) -> tuple[TopJob, ...]:
    """Describe rows with a cost."""
    return tuple(
        TopJob(
            row.kind,
            row.resource_name,
            row.region,
            row.owner,
            row.cost_usd or _ZERO,
            row.failure_class is not None,
            row.account,
        )
        for row in rows
    )


def _cells(span: DateRange, totals: Iterable[DayTotal]) -> list[tuple[Cell, Spend]]:
    days = (total for total in totals if span.holds(date.fromisoformat(total.day)))
    return [entry for total in days for entry in total.cells.items()]


def _accounts(span: DateRange, totals: Iterable[DayTotal]) -> list[tuple[str, Spend]]:
    days = (total for total in totals if span.holds(date.fromisoformat(total.day)))
    return [entry for total in days for entry in total.accounts.items()]


def _sums(named: Iterable[tuple[str, Spend]]) -> Mapping[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for name, spend in named:
        sums[name] = sums.get(name, _ZERO) + spend.cost_usd
    return sums


def _ranked(now: Mapping[str, Decimal], before: Mapping[str, Decimal]) -> Ranking:
    """Order by the amount now. A name without an amount now is among the others, with its amount before."""
    shares = [Share(name, now.get(name, _ZERO), before.get(name, _ZERO)) for name in {*now, *before}]
    shares.sort(key=lambda share: (-share.usd, share.name))
    top = tuple(share for share in shares[:TOP] if share.usd)
    left = [share for share in shares[len(top) :] if share.usd or share.before_usd]
    rest = Share("", sum((share.usd for share in left), _ZERO), sum((share.before_usd for share in left), _ZERO))
    return Ranking(top, len(left), rest)


@dataclass(frozen=True, slots=True)
class ChartBar:
    """What one day cost, by kind."""

    day: date
    usd: Mapping[ResourceKind, Decimal]

    @property
    def whole(self) -> Decimal:
        """All of it."""
        return sum(self.usd.values(), _ZERO)


@dataclass(frozen=True, slots=True)
class Chart:
    """The days that end with a period, oldest first; those before it are there to compare."""

    span: DateRange
    bars: tuple[ChartBar, ...]

    @property
    def kinds(self) -> tuple[ResourceKind, ...]:
        """The kinds with a cost, in their fixed order."""
        return tuple(kind for kind in ResourceKind if any(bar.usd.get(kind) for bar in self.bars))

    def whole(self, *, within: bool) -> Decimal:
        """Return the total of the days of the period, or of the days before it."""
        return sum((bar.whole for bar in self.bars if self.span.holds(bar.day) is within), _ZERO)


def chart_of(span: DateRange, totals: Iterable[DayTotal]) -> Chart:
    """Return the bars; a day without a total cost nothing."""
    sums: dict[str, Mapping[ResourceKind, Decimal]] = {total.day: _by_kind(total) for total in totals}
    days = [date.fromordinal(span.last.toordinal() - back) for back in reversed(range(CHART_DAYS))]
    return Chart(span, tuple(ChartBar(day, sums.get(day.isoformat(), {})) for day in days))


def alt_text(chart: Chart) -> str:
    """Describe a chart in words, for readers who cannot see it."""
    first, last = chart.bars[0].day, chart.bars[-1].day
    before = sum(not chart.span.holds(bar.day) for bar in chart.bars)
    expensive = max(chart.bars, key=lambda bar: bar.whole)
    kinds = {kind: sum((bar.usd.get(kind, _ZERO) for bar in chart.bars), _ZERO) for kind in chart.kinds}
    split = ", ".join(f"{kind.value} {money(usd)}" for kind, usd in kinds.items())
    return (
        f"Bar chart of the cost per day from {first} to {last} (UTC), stacked by kind: "
        f"{money(chart.whole(within=True))} in the period of this digest, {money(chart.whole(within=False))} in the "
        f"{before} days before. The most expensive day was {expensive.day} with {money(expensive.whole)}. "
        f"By kind: {split}."
    )


def _by_kind(total: DayTotal) -> Mapping[ResourceKind, Decimal]:
    sums: dict[ResourceKind, Decimal] = {}
    for cell, spend in total.cells.items():
        sums[cell.kind] = sums.get(cell.kind, _ZERO) + spend.cost_usd
    return sums
