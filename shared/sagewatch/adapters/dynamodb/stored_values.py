"""Check the type of stored values, which another release or a person may have written.

Each function returns the value, or raises ``ValueError`` or ``TypeError``; its caller names the item.
"""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sagewatch.sagemaker.resources import OLDEST

_MOST = 10**12
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)  # arithmetic with times ends in the year 9999


def text_of(value: object) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def usd_of(value: object) -> Decimal:
    """Return an amount in USD."""
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        raise ValueError("not an amount")
    return value


def moment_of(value: object) -> datetime:
    """Read a time in ISO 8601. One without a zone cannot be compared with any other."""
    moment = datetime.fromisoformat(text_of(value))
    if moment.tzinfo is None or not OLDEST <= moment < _LATEST:
        raise ValueError("a time without a zone, or one that nothing is dated by")
    return moment


def moment_text_of(value: object) -> str:
    """Return the text of a time, as rows keep it."""
    moment_of(value)
    return text_of(value)


def day_text_of(value: object) -> str:
    """Return the text of a day."""
    date.fromisoformat(text_of(value))
    return text_of(value)


def count_of(value: object) -> int:
    """Return a whole number that is not negative and fits into a count."""
    count = int(value) if isinstance(value, Decimal) else -1
    if count != value or not 0 <= count <= _MOST:
        raise ValueError("not a number of things")
    return count


def refuse_odd_values(value: object) -> None:
    """Raise ``ValueError`` if a time or a number that SageWatch cannot have stored is in a value, at any depth."""
    match value:
        case datetime() if value.tzinfo is None or value < OLDEST:
            raise ValueError("a time without a zone, or before SageMaker existed")
        case Decimal() | int() if not -_MOST <= value <= _MOST:
            raise ValueError("a number too large")
        case _:
            for part in _parts(value):
                refuse_odd_values(part)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, tuple | list):
        return value
    return [getattr(value, field.name) for field in fields(value)] if is_dataclass(value) else ()
