"""What idling cost and what stopping saved, by hand. An hour of the notebook is $1.41."""

from datetime import date
from decimal import Decimal

import pytest

from sagewatch.digest.periods import DateRange, DigestPeriod
from sagewatch.digest.savings import IdleStops, IdleStopTally
from sagewatch.ledger.totals import LedgerRow
from tests.worlds.digest import DigestWorld

DAY = DateRange(DigestPeriod.DAILY, date(2026, 11, 18), date(2026, 11, 18))
WEEK = DateRange(DigestPeriod.WEEKLY, date(2026, 11, 12), date(2026, 11, 18))
BY_US: dict[str, str | None] = {"stopped_by": "sagewatch", "idle_since": "2026-11-18T03:00:00Z"}


def idled(world: DigestWorld, span: DateRange = DAY, price: str | None = "1.41") -> IdleStops:
    """What the rows of these days, and of the day before, come to."""

    def hourly(row: LedgerRow) -> Decimal | None:
        assert row.instances == "1 x ml.g5.xlarge"
        return price and Decimal(price)  # type: ignore[return-value] # no text is empty here

    tally = IdleStopTally(span, hourly)
    days = [date.fromordinal(span.first.toordinal() - 1 + number).isoformat() for number in range(9)]
    for day in days:
        list(tally.add(world.ledger.of_day(day)))
    return tally.sums()


def stopped(world: DigestWorld, at: str = "2026-11-18T08:00:00Z", **changes: str | None) -> DigestWorld:
    """A notebook that was stopped then."""
    world.notebook("2026-11-17T08:00:00Z", at, "1", **{**BY_US, **changes})
    return world


def test_idling_costs_from_the_last_use_to_the_stop() -> None:
    """5 hours at $1.41; it was started again after 2 hours, which saved 2 more."""
    world = stopped(DigestWorld())
    world.notebook("2026-11-18T08:00:00Z", "2026-11-18T10:00:00Z", instances=None)

    assert idled(world) == IdleStops(
        stops=1, idle_usd=Decimal("7.05"), saved_usd=Decimal("2.82"), saved_seconds=7200, unpriced=0
    )


def test_a_stop_saves_twelve_hours_at_most() -> None:
    """It was never started again, and the day has 16 hours left: 12 at $1.41."""
    assert idled(stopped(DigestWorld())).saved_usd == Decimal("16.92")


def test_days_add_up_to_their_week() -> None:
    """Stopped at 20:00: 4 hours in one day, 8 in the next, and none in the one after it."""
    world = stopped(DigestWorld(), at="2026-11-17T20:00:00Z", idle_since=None)
    days = [DateRange(DigestPeriod.DAILY, date(2026, 11, day), date(2026, 11, day)) for day in (17, 18, 19)]

    assert [idled(world, day).saved_seconds for day in days] == [4 * 3600, 8 * 3600, 0]
    assert [idled(world, day).stops for day in days] == [1, 0, 0]
    assert idled(world, WEEK).saved_seconds == 12 * 3600


@pytest.mark.parametrize("stopped_by", ["somebody", None, "not sagewatch"])
def test_stops_by_others_are_none_of_ours(stopped_by: str | None) -> None:
    """Whatever they save."""
    assert idled(stopped(DigestWorld(), stopped_by=stopped_by)) == IdleStops()


def test_a_button_counts_as_ours() -> None:
    """A user pressed the button because of SageWatch's message."""
    assert idled(stopped(DigestWorld(), stopped_by="sagewatch for U0ANA")).stops == 1


def test_without_a_price_a_stop_is_counted_and_in_no_sum() -> None:
    """Never 0 for unknown."""
    assert idled(stopped(DigestWorld()), price=None) == IdleStops(stops=1, unpriced=1)


def test_what_was_in_use_when_it_was_stopped_did_not_idle() -> None:
    """Stop now, confirmed: it saves, and no idling is counted."""
    told = idled(stopped(DigestWorld(), idle_since=None))

    assert (told.stops, told.idle_usd, told.saved_seconds) == (1, Decimal(0), 12 * 3600)


def test_the_end_of_a_month_is_no_start() -> None:
    """At the end of a month a stopped notebook's row ends and another begins."""
    span = DateRange(DigestPeriod.WEEKLY, date(2026, 11, 27), date(2026, 12, 3))
    world = stopped(DigestWorld(), at="2026-11-30T22:00:00Z", idle_since=None)
    world.notebook("2026-11-30T22:00:00Z", "2026-11-30T23:59:59Z", instances=None)
    world.notebook("2026-12-01T00:00:00Z", "2026-12-01T03:00:00Z", instances=None)

    assert idled(world, span).saved_seconds == 5 * 3600


def test_a_missing_row_between_saves_nothing_that_was_not() -> None:
    """A notebook in service again was started again, although no row shows the start."""
    world = stopped(DigestWorld(), idle_since=None)
    world.notebook("2026-11-18T09:00:00Z", "2026-11-18T18:00:00Z", stopped_by="somebody")

    assert idled(world).saved_seconds == 3600


def test_a_day_that_is_not_over_counts_so_far() -> None:
    """Stopped at 8, asked at 10."""
    world = stopped(DigestWorld(), idle_since=None)
    so_far = DateRange(DigestPeriod.DAILY, DAY.first, DAY.last, until=DAY.start.replace(hour=10))

    assert idled(world, so_far).saved_seconds == 2 * 3600


def test_every_row_is_passed_on_however_many_stops_there_are() -> None:
    """It holds notebooks that are stopped at that moment, and passes everything on."""
    world = stopped(DigestWorld(), idle_since=None)
    [row] = world.ledger.of_day("2026-11-18")
    tally = IdleStopTally(DAY, lambda _: Decimal("1.41"))

    assert sum(1 for _ in tally.add(row for _ in range(10_000))) == 10_000
    assert tally.sums().stops == 10_000
