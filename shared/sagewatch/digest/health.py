"""Says in one sentence of a digest whether SageWatch itself works: every week, and each day that needs it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from sagewatch.clock import Clock
from sagewatch.digest.ports import DeadLetters, SweepTimes
from sagewatch.errors import SageWatchError
from sagewatch.formatting import clock_time, utc_once
from sagewatch.pricing.book import STALE_AFTER
from sagewatch.pricing.ports import PriceDates
from sagewatch.sagemaker.ports import RegionReader, priced_regions
from sagewatch.sweeps import Sweep

SWEEPS: tuple[str, ...] = tuple(Sweep)
EVERY = timedelta(minutes=15)  # both schedules; a test holds the template to it
_SHOWN = 3  # gaps, the longest


@dataclass(frozen=True, slots=True)
class SweepGap:
    """Missed sweeps of a function, between two times when a sweep finished or could have."""

    function: str
    after: datetime
    before: datetime
    missed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of SageWatch between ``since`` and ``now``. ``unread`` says what could not be read, and why.

    ``sweeps`` are the beginnings of those that finished, by function, older ones too; ``buried`` counts messages by
    dead-letter queue; ``prices`` says when each region's were refreshed. ``None`` is not known.
    """

    since: datetime
    now: datetime
    sweeps: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    buried: Mapping[str, int] | None = None
    prices: Mapping[str, datetime | None] | None = None
    unread: Sequence[str] = ()

    @property
    def unannounced(self) -> bool:
        """Whether prices are old or dead letters wait, which may be without an alarm. Missed sweeps have one."""
        clauses = _dead_lettered(self.buried), _priced(self)
        return any(not well for well, _ in filter(None, clauses))


def sentence(health: Health) -> str:
    """Say whether SageWatch is well, or what it missed."""
    clauses = [clause for clause in (_swept(health), _dead_lettered(health.buried), _priced(health)) if clause]
    clauses += [(False, f"it could not be read {reason}") for reason in health.unread]
    good, bad = (", ".join(words for well, words in clauses if well is wanted) for wanted in (True, False))
    if not bad:
        return f"SageWatch is well: {good}."
    return f"For SageWatch's operator: {bad}.{f' {good[:1].upper()}{good[1:]}.' if good else ''}"


def gaps(function: str, times: Sequence[datetime], since: datetime, now: datetime) -> Sequence[SweepGap]:
    """Return where sweeps were missed since a time. Nothing counts as missed before the first known sweep.

    ``times`` are in order. The last sweep may still be running, so at the end only whole intervals count.
    """
    before = [time for time in times if time < since][-1:]
    inside = [time for time in times if since <= time <= now]
    known = [max(time, since - EVERY) for time in before] + inside
    found = [SweepGap(function, one, other, round((other - one) / EVERY) - 1) for one, other in pairwise(known)]
    if known:
        found.append(SweepGap(function, known[-1], now, (now - known[-1]) // EVERY - 1))
    return [gap for gap in found if gap.missed > 0]


def _swept(health: Health) -> tuple[bool, str] | None:
    if not health.sweeps:
        return None
    never = [function for function, times in health.sweeps.items() if not times]
    if never:
        return False, f"no sweep of {' or '.join(never)} has finished in five weeks"
    found = [gap for name, times in health.sweeps.items() for gap in gaps(name, times, health.since, health.now)]
    ran = sum(health.since <= time <= health.now for times in health.sweeps.values() for time in times)
    missed = sum(gap.missed for gap in found)
    if not missed:
        return True, f"all {ran:,} sweeps over jobs, notebooks and resources finished"
    where = _where(found, health.now)
    return False, f"{missed:,} of {ran + missed:,} sweeps over jobs, notebooks and resources did not finish ({where})"


def _where(found: Sequence[SweepGap], now: datetime) -> str:
    longest = sorted(found, key=lambda gap: gap.missed, reverse=True)[:_SHOWN]
    listed = [f"{g.function} between {clock_time(g.after, now)} and {clock_time(g.before, now)}" for g in longest]
    more = len(found) - len(listed)
    return utc_once("; ".join([*listed, f"and {more} more {'gap' if more == 1 else 'gaps'}"] if more else listed))


def _dead_lettered(depths: Mapping[str, int] | None) -> tuple[bool, str] | None:
    if depths is None:
        return None
    listed = [f"{_messages(depth)} in {queue}" for queue, depth in depths.items() if depth]
    if not listed:
        return True, "nothing is in the dead-letter queues"
    return False, f"{' and '.join(listed)} (make redrive lists the reasons)"


def _messages(depth: int) -> str:
    return "1 message is" if depth == 1 else f"{depth:,} messages are"


def _priced(health: Health) -> tuple[bool, str] | None:
    if health.prices is None:
        return None
    never = sorted(region for region, date in health.prices.items() if date is None)
    if never:
        return False, f"no live prices of {', '.join(never)} have been read"
    region, oldest = min(((region, date) for region, date in health.prices.items() if date), key=lambda found: found[1])
    if health.now - oldest > STALE_AFTER:
        return False, f"prices of {region} are from {oldest:%Y-%m-%d}"
    return True, f"prices are from {oldest:%Y-%m-%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReader:
    """Reads what is cheap to read: an item a day and function, two queues' depths, a partition of prices per region.

    ``prices`` is ``None`` where AWS has no price list that can be read: the shipped prices have no date.
    """

    sweeps: SweepTimes
    dead_letters: DeadLetters
    prices: PriceDates | None
    regions: RegionReader
    clock: Clock
    home_region: str

    def read(self, since: datetime) -> Health:
        """Read how SageWatch did since a time. What cannot be read is reported in the result."""
        unread: list[str] = []
        sweeps: dict[str, Sequence[datetime]] = {}
        buried: Mapping[str, int] | None = None
        prices: dict[str, datetime | None] | None = None
        with _noted(unread, "whether sweeps finished"):
            sweeps = {function: self.sweeps.of(function) for function in SWEEPS}
        with _noted(unread, "what is in the dead-letter queues"):
            buried = self.dead_letters.waiting()
        if self.prices:
            with _noted(unread, "how old the prices are"):
                regions = priced_regions(self.home_region, self.regions)
                prices = {region: self.prices.refreshed_at(region) for region in regions}
        return Health(since=since, now=self.clock(), sweeps=sweeps, buried=buried, prices=prices, unread=unread)


@contextmanager
def _noted(unread: list[str], what: str) -> Iterator[None]:
    try:
        yield
    except SageWatchError as exc:
        unread.append(f"{what} ({exc})")
