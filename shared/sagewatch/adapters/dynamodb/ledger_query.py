"""Queries of the CostLedger table and its indexes."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def query(  # noqa: PLR0913 - what DynamoDB's Query takes
    client: "DynamoDBClient",
    table: str,
    index: str | None,
    key: Mapping[str, str],
    columns: Sequence[str],
    *,
    between: tuple[str, str] | None = None,
    newest_first: bool = False,
) -> Iterator[dict[str, Any]]:
    """Read one partition page by page, only the columns that are asked for. Some of their names are reserved words."""
    [(partition, value)] = key.items()
    condition, values = "#partition = :partition", {":partition": value}
    if between:
        condition, values = (
            f"{condition} AND ended_at BETWEEN :from AND :to",
            {**values, ":from": between[0], ":to": between[1]},
        )
    of_index: dict[str, Any] = {"IndexName": index} if index else {}
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression=condition,
        ExpressionAttributeNames={"#partition": partition, **{f"#{name}": name for name in columns}},
        ExpressionAttributeValues=to_item(values),
        ProjectionExpression=", ".join(f"#{name}" for name in columns),
        ScanIndexForward=not newest_first,
        **of_index,
    )
    with translated(f"dynamodb:Query on the ledger {index or ''}".rstrip()):
        for page in pages:
            yield from map(_plain, page["Items"])


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """The rows' own types are text and numbers, and a million of them are read at a time."""
    return {
        name: Decimal(value["N"]) if "N" in value else value["S"] if "S" in value else from_item({name: value})[name]
        for name, value in item.items()
    }
