"""The days of a digest, and the events that ask for one.

Days are days in UTC, as in the ledger and in the bill; the configured time zone only says which day is a Monday.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, override
from zoneinfo import ZoneInfo

from sagewatch.outcomes import Outcome

_A_DAY, _A_WEEK = timedelta(days=1), timedelta(days=7)
_OLDEST = date(2017, 11, 29)  # SageMaker's first day
_SCHEDULED, _MONDAY = "scheduled", 0


class DigestPeriod(StrEnum):
    """How long the period of a digest is."""

    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class DateRange:
    """Consecutive days, both ends included. ``until`` is the time of the request, if the last day was not over."""

    period: DigestPeriod
    first: date
    last: date
    until: datetime | None = None

    @property
    def before(self) -> "DateRange":
        """The period of the same length before it."""
        length = self.last - self.first + _A_DAY
        return DateRange(self.period, self.first - length, self.last - length)

    @property
    def start(self) -> datetime:
        """When it began."""
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """When it ended, or the time of the request."""
        return self.until or _midnight(self.last + _A_DAY)

    def holds(self, day: date) -> bool:
        """Whether a day is in the period."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class DigestRequest:
    """A request for a digest, by the schedule or by hand."""

    span: DateRange
    scheduled: bool = False


@dataclass(frozen=True, slots=True)
class InvalidRequest(Outcome):
    """A request that no digest can answer, and why."""

    reason: str

    @override
    def to_log(self) -> Mapping[str, object]:
        return {"effect": "refused", "reason": self.reason}


def read_request(event: object, now: datetime, zone: ZoneInfo) -> DigestRequest | InvalidRequest:
    """Read a request: ``{"period": "daily" or "weekly", "day": "2026-11-24"}``, or what the schedule sends.

    ``day`` is the last day, yesterday where it is not given. The schedule asks for the day before; on a Monday for the
    seven days before, and its day is among them.
    """
    request: Mapping[str, Any] = event if isinstance(event, Mapping) else {}
    wanted = request.get("period")
    if wanted == _SCHEDULED:
        return DigestRequest(_scheduled(_due(request.get("at"), now), zone), scheduled=True)
    if wanted not in list(DigestPeriod):
        return InvalidRequest(f"period must be {' or '.join(DigestPeriod)}")
    today = now.astimezone(UTC).date()
    last = _date(request["day"]) if "day" in request else today - _A_DAY
    if last is None:
        return InvalidRequest("day must be a date, for example 2026-11-24")
    if not _OLDEST <= last <= today:
        return InvalidRequest(f"day must lie between {_OLDEST} and today, {today} in UTC")
    return DigestRequest(_ending(DigestPeriod(wanted), last, now if last == today else None))


def _scheduled(at: datetime, zone: ZoneInfo) -> DateRange:
    """Begin after the last day of the run before, so that a clock change leaves no day out.

    Where the schedule's hour crosses UTC's midnight with daylight saving time, a run may be two UTC days after the
    one before (its digest covers both), or on the same one (its digest is the same, and is posted once).
    """
    local = at.astimezone(zone)
    period = DigestPeriod.WEEKLY if local.weekday() == _MONDAY else DigestPeriod.DAILY
    length = _A_WEEK if period is DigestPeriod.WEEKLY else _A_DAY
    last, before = (_last_day_over(moment) for moment in (local, local - length))  # wall-clock time, as the schedule's
    return DateRange(period, min(before + _A_DAY, last), last)


def _last_day_over(moment: datetime) -> date:
    return moment.astimezone(UTC).date() - _A_DAY


def _ending(period: DigestPeriod, last: date, until: datetime | None = None) -> DateRange:
    first = last if period is DigestPeriod.DAILY else last - _A_WEEK + _A_DAY
    return DateRange(period, first, last, until)


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _due(text: object, now: datetime) -> datetime:
    """When the schedule was due, a day ago at most (EventBridge Scheduler gives up then); else the clock counts, for an
    emulator may not fill that in.
    """
    try:
        due = datetime.fromisoformat(text) if isinstance(text, str) else now
    except ValueError:
        return now
    return due if due.tzinfo and abs(now - due) <= _A_DAY else now


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
