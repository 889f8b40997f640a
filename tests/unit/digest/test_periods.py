"""Which days a digest is about, and who may ask for what."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagewatch.digest.periods import DateRange, DigestPeriod, DigestRequest, InvalidRequest, read_request

TUESDAY = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def span(event: object, now: datetime = TUESDAY, zone: str = "Europe/Berlin") -> DateRange:
    """What was asked for."""
    asked = read_request(event, now, ZoneInfo(zone))
    assert isinstance(asked, DigestRequest)
    return asked.span


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        (
            "2026-11-24T08:00:00Z",
            "Europe/Berlin",
            DateRange(DigestPeriod.DAILY, date(2026, 11, 23), date(2026, 11, 23)),
        ),
        (
            "2026-11-23T08:00:00Z",
            "Europe/Berlin",
            DateRange(DigestPeriod.WEEKLY, date(2026, 11, 16), date(2026, 11, 22)),
        ),
        # 9 in the morning of a Monday in Auckland is Sunday evening in UTC: Saturday is the last day that is over
        (
            "2026-11-22T20:00:00Z",
            "Pacific/Auckland",
            DateRange(DigestPeriod.WEEKLY, date(2026, 11, 15), date(2026, 11, 21)),
        ),
        (
            "2026-11-23T17:00:00Z",
            "America/Los_Angeles",
            DateRange(DigestPeriod.WEEKLY, date(2026, 11, 16), date(2026, 11, 22)),
        ),
    ],
)
def test_the_schedule_asks_for_yesterday_and_on_mondays_for_the_week(at: str, zone: str, expected: DateRange) -> None:
    """Days are UTC's; which day is a Monday is the people's."""
    asked = read_request({"period": "scheduled", "at": at}, datetime.fromisoformat(at), ZoneInfo(zone))

    assert asked == DigestRequest(expected, scheduled=True)


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("America/New_York", 19),
        ("America/Los_Angeles", 16),
        ("Europe/Berlin", 1),
        ("Australia/Sydney", 10),
        ("Pacific/Auckland", 9),
        ("Asia/Kolkata", 9),
        ("Europe/Berlin", 9),
    ],
)
def test_a_year_of_scheduled_digests_leaves_out_no_day(zone: str, hour: int) -> None:
    """Whatever the clocks do: every day is over when its digest is written, and daily digests share no day."""
    spans: set[DateRange] = set()
    for number in range(400):
        day = date(2026, 1, 1) + timedelta(days=number)
        at = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        spans.add(span({"period": "scheduled", "at": at.isoformat()}, at, zone))
        assert max(spans, key=lambda one: one.last).last < at.date()
    covered = Counter(
        one.first + timedelta(days=number)
        for one in spans
        if one.period is DigestPeriod.DAILY
        for number in range((one.last - one.first).days + 1)
    )
    weekly = {
        one.first + timedelta(days=number)
        for one in spans
        if one.period is DigestPeriod.WEEKLY
        for number in range((one.last - one.first).days + 1)
    }
    year = {date(2026, 1, 15) + timedelta(days=number) for number in range(365)}

    assert year <= covered.keys() | weekly
    assert year <= weekly
    assert set(covered.values()) == {1}


def test_a_late_try_is_about_the_day_it_was_due_for() -> None:
    """Due at five to midnight, begun ten minutes later."""
    due, begun = "2026-11-24T23:55:00Z", datetime(2026, 11, 25, 0, 5, tzinfo=UTC)

    assert span({"period": "scheduled", "at": due}, begun).last == date(2026, 11, 23)


@pytest.mark.parametrize("at", ["<aws.scheduler.scheduled-time>", "0001-01-01T00:00:00Z", "2026-11-24T08:00", 5, None])
def test_a_schedule_that_does_not_say_when_it_was_due_is_due_now(at: object) -> None:
    """As in the local cloud, which passes the placeholder on unchanged."""
    assert span({"period": "scheduled", "at": at}).last == date(2026, 11, 23)


def test_a_day_can_be_asked_for_by_hand() -> None:
    """It is the last day of the period; yesterday where it is not said."""
    assert span({"period": "daily", "day": "2026-10-31"}) == DateRange(
        DigestPeriod.DAILY, date(2026, 10, 31), date(2026, 10, 31)
    )
    assert span({"period": "weekly", "day": "2026-11-03"}) == DateRange(
        DigestPeriod.WEEKLY, date(2026, 10, 28), date(2026, 11, 3)
    )
    assert span({"period": "daily"}).last == date(2026, 11, 23)


def test_a_day_that_is_not_over_is_told_so_far() -> None:
    """The digest covers the time until the request."""
    assert span({"period": "daily", "day": "2026-11-24"}).until == TUESDAY
    assert span({"period": "daily", "day": "2026-11-23"}).until is None


@pytest.mark.parametrize(
    "event",
    [
        {},
        [],
        None,
        "daily",
        {"Records": []},
        {"period": "monthly"},
        {"period": None},
        {"period": ["daily"]},
        {"period": "daily", "day": "2026-11-25"},
        {"period": "daily", "day": "0001-01-01"},
        {"period": "daily", "day": "yesterday"},
        {"period": "daily", "day": None},
        {"period": "daily", "day": 20261124},
    ],
)
def test_anything_else_is_refused_with_the_reason(event: object) -> None:
    """In words, and nothing is done."""
    refused = read_request(event, TUESDAY, ZoneInfo("UTC"))

    assert isinstance(refused, InvalidRequest)
    assert refused.to_log()["effect"] == "refused"


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_whatever_is_sent_the_outcome_is_typed(day: object) -> None:
    """No error."""
    assert isinstance(
        read_request({"period": "daily", "day": day, "at": day}, TUESDAY, ZoneInfo("UTC")), InvalidRequest
    )


def test_the_period_before_is_as_long() -> None:
    """And ends where this one begins."""
    assert span({"period": "weekly"}).before == DateRange(DigestPeriod.WEEKLY, date(2026, 11, 10), date(2026, 11, 16))
    assert span({"period": "daily"}).before == DateRange(DigestPeriod.DAILY, date(2026, 11, 22), date(2026, 11, 22))
