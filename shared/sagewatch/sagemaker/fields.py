"""Field types that tolerate every spelling AWS uses for the same thing, for the models of this package."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from sagewatch.models import LazyAdapter


def _in_utc(value: datetime | None) -> datetime | None:
    """AWS documents all of its times as UTC, so a time without a zone is one."""
    if value is None or value.tzinfo is None:
        return value and value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError as exc:
        raise ValueError("a time out of range") from exc


# pydantic reads epoch seconds and milliseconds (integer, float or numeric string; above 2e10 it is milliseconds), ISO
# 8601 and datetimes, and refuses truth values, infinity and what no datetime can hold.
Timestamp = Annotated[
    datetime | None, AfterValidator(_in_utc), BeforeValidator(lambda value: None if value == "" else value)
]
_TIMESTAMP: LazyAdapter[datetime | None] = LazyAdapter(Timestamp, config=ConfigDict(hide_input_in_errors=True))


def parse_timestamp(value: object) -> datetime | None:
    """Read a time in any spelling of AWS, or nothing. Raises ``ValueError`` for anything else."""
    return _TIMESTAMP.validate_python(value)


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


Tags = Annotated[dict[str, str] | None, BeforeValidator(parse_tags)]
# Everything reads the account and the region out of an ARN.
Arn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:[a-zA-Z-]+/.+$")]
# It becomes part of host names.
REGION = r"^[a-z]{2,4}(-[a-z]+)+-\d+$"
Region = Annotated[str, StringConstraints(pattern=REGION)]
# The widest of the API's own patterns: names that do not match cannot be asked for, nor put into a link.
Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")]


def field_errors(error: ValidationError) -> str:
    """Say which fields are wrong and how, without their values, which may be customer data."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'the whole'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    )
