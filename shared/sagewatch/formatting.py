"""Amounts and durations as people read them. The only place that rounds money."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sagewatch.patterns import lazy_pattern

_CENT = Decimal("0.01")
_ZONE = lazy_pattern(r"(?<=\d\d:\d\d) UTC")


def money(usd: Decimal) -> str:
    """Write USD to the cent, and smaller amounts with two digits that say something: ``$1,204.50``, ``$0.0035``."""
    if usd == 0 or abs(usd) >= _CENT:
        return f"${usd.quantize(_CENT, ROUND_HALF_UP):,}"
    return f"${usd.quantize(Decimal(1).scaleb(usd.adjusted() - 1), ROUND_HALF_UP):f}"


def count_of(number: int, one: str, many: str) -> str:
    """Write a number with its noun: ``1 job``, ``1,204 jobs``."""
    return f"{number:,} {one if number == 1 else many}"


def duration(seconds: int) -> str:
    """Write seconds as the two largest units that matter: ``2 h 10 min``, ``58 s``, ``3 d 4 h``."""
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        count, seconds = divmod(seconds, size)
        if count or (name == "s" and not parts):
            parts.append(f"{count} {name}")
    return " ".join(parts[:2])


def minute_of(moment: datetime, size: timedelta) -> datetime:
    """The beginning of the span of that size, counted from midnight UTC, in which a moment lies."""
    at = moment.astimezone(UTC)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // size * size


def ordinal(number: int) -> str:
    """Write a place in a row: ``first``, ``2nd``, ``3rd``, ``11th``."""
    if number == 1:
        return "first"
    teens = 10 < number % 100 < 20  # noqa: PLR2004 - 11th, 12th, 13th
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def clock_time(moment: datetime, now: datetime) -> str:
    """Write a time, with its date where that is not today's: ``09:12 UTC``, ``2026-11-19 09:12 UTC``."""
    at, today = moment.astimezone(UTC), now.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == today.date() else f"{at:%Y-%m-%d %H:%M} UTC"


def dated(moment: datetime) -> str:
    """Write a time with its date: ``2026-11-19 09:12 UTC``. Slack shows it in each reader's own zone."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def utc_once(sentence: str) -> str:
    """Let the first time of a sentence say that all are in UTC."""
    first = _ZONE.search(sentence)
    return sentence[: first.end()] + _ZONE.sub("", sentence[first.end() :]) if first else sentence
