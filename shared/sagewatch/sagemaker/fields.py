"""Field types that tolerate every spelling AWS uses for the same thing, for the models in ``shapes``."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints, ValidationError

# A number above this is milliseconds: 1e11 seconds would be the year 5138, 1e11 milliseconds is March 1973.
_FIRST_MILLISECOND = 1e11
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


def parse_timestamp(value: object) -> datetime | None:
    """Read epoch seconds or milliseconds (integer, float or numeric string), ISO 8601, a datetime, or nothing.

    A time without a zone is UTC, as AWS documents all of its times. Raises ``ValueError`` for anything else.
    """
    try:
        return _read_timestamp(value)
    except (OverflowError, OSError) as exc:
        raise ValueError("a time out of range") from exc


def _read_timestamp(value: object) -> datetime | None:
    match value:
        case None | "":
            return None
        case datetime():
            return _in_utc(value)
        case bool():
            raise ValueError("a truth value is not a time")
        case int() | float():
            return _from_epoch(value)
        case str() if _NUMBER.fullmatch(value):
            return _from_epoch(float(value))
        case str():
            return _in_utc(datetime.fromisoformat(value))
        case _:
            raise ValueError("neither a number nor a string")


def _from_epoch(value: float) -> datetime:
    return datetime.fromtimestamp(value / 1000 if abs(value) > _FIRST_MILLISECOND else value, UTC)


def _in_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def parse_tags(value: object) -> dict[str, str] | None:
    """Read tags as events carry them (an object), as the API does (a list of Key and Value), or as the schema
    registry types them (a list of key and value). ``None`` stays ``None``: unknown tags are not the same as no tags.

    Raises ``ValueError`` for anything else.
    """
    match value:
        case None:
            return None
        case Mapping():
            return {str(key): str(text) for key, text in value.items()}
        case str() | bytes():
            raise ValueError("neither an object nor a list")
        case Sequence():
            return dict(_pair(item) for item in value)
        case _:
            raise ValueError("neither an object nor a list")


def _pair(item: object) -> tuple[str, str]:
    match item:
        case {"Key": key, "Value": value} | {"key": key, "value": value}:
            return str(key), str(value)
        case _:
            raise ValueError("a tag without key and value")


Timestamp = Annotated[datetime | None, BeforeValidator(parse_timestamp)]
Tags = Annotated[dict[str, str] | None, BeforeValidator(parse_tags)]
# Everything reads the account and the region out of an ARN.
Arn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:[a-zA-Z-]+/.+$")]
# It becomes part of host names.
REGION = r"^[a-z]{2,4}(-[a-z]+)+-\d+$"
Region = Annotated[str, StringConstraints(pattern=REGION)]
# The widest of the API's own patterns: names that do not match cannot be asked for, nor put into a link.
Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")]


def faults(error: ValidationError) -> str:
    """Say which fields are wrong and how, without their values, which may be customer data."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'the whole'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    )
