"""What every adapter on a table needs: items to and from plain values, and a query."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import TypeAdapter, ValidationError

from sagewatch.adapters.aws_errors import translated
from sagewatch.errors import UnreadableError
from sagewatch.sagemaker.job_models import faults

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


serialize = TypeSerializer().serialize
deserialize = TypeDeserializer().deserialize


def to_item(values: Mapping[str, object]) -> dict[str, Any]:
    """Turn a row into DynamoDB's attribute values. What is ``None`` is left out: not known is not stored."""
    return {name: serialize(_plain(value)) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Turn DynamoDB's attribute values into plain ones."""
    return {name: deserialize(value) for name, value in item.items()}


def read_item[T](adapter: TypeAdapter[T], values: Mapping[str, Any], what: str) -> T:
    """Read a value from an item's plain ones; attributes it does not know are ignored.

    Raises ``UnreadableError``, which names the attributes at fault.
    """
    try:
        return adapter.validate_python(values)
    except ValidationError as exc:
        raise UnreadableError(f"stored {what} cannot be read: {faults(exc)}") from exc


def query(  # noqa: PLR0913 - what DynamoDB's Query takes
    client: "DynamoDBClient",
    table: str,
    partition: str,
    sk_from: str = " ",
    sk_to: str = "~",
    *,
    consistent: bool = False,
) -> list[dict[str, Any]]:
    """Read a partition of WatchState, whole or from one sort key to another; ``consistent`` as it is this moment."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk AND sk BETWEEN :from AND :to",
        ExpressionAttributeValues=to_item({":pk": partition, ":from": sk_from, ":to": sk_to}),
        ConsistentRead=consistent,
    )
    with translated("dynamodb:Query on the state"):
        return [from_item(item) for page in pages for item in page["Items"]]


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value  # boto3 refuses enums, even those that are strings
