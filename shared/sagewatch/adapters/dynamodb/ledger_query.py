"""Queries of the CostLedger table and its indexes."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import from_item, to_item
from sagewatch.ledger.ports import RowFilter

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
    only: RowFilter | None = None,
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
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": {"#partition": partition, **{f"#{name}": name for name in columns}},
        "ProjectionExpression": ", ".join(f"#{name}" for name in columns),
        "ScanIndexForward": not newest_first,
        **of_index,
    }
    with translated(f"dynamodb:Query on the ledger {index or ''}".rstrip()):
        for items in _pages(client, request, values, only):
            yield from map(_plain, items)


def _pages(
    client: "DynamoDBClient", request: Mapping[str, Any], values: Mapping[str, object], only: RowFilter | None
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield the items of each page. The filter may change from page to page; DynamoDB's paginator would keep it."""
    following: dict[str, Any] = {}
    while True:
        expression, limits = _filter(only)
        filtered: dict[str, Any] = {"FilterExpression": expression} if expression else {}
        given = to_item({**values, **limits})
        page = client.query(**request, **filtered, **following, ExpressionAttributeValues=given)
        yield page["Items"]
        if not page.get("LastEvaluatedKey"):
            return
        following = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _filter(only: RowFilter | None) -> tuple[str, Mapping[str, object]]:
    """Return DynamoDB's filter and its values, or an empty one that takes every row.

    DynamoDB reads as much with it, but sends less. An amount that is not a number is above no limit.
    """
    if only is None:
        return "", {}
    of_kind, kinds = ("#kind = :kind", {":kind": only.kind}) if only.kind else ("", {})
    if only.above is None:
        return of_kind, kinds
    limit = only.above()
    if limit is None:
        return "", {}
    above = f"attribute_type(#{only.column}, :number) AND #{only.column} > :limit"  # AND binds more tightly than OR
    return (f"{of_kind} OR {above}" if of_kind else above), {**kinds, ":number": "N", ":limit": limit}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """The rows' own types are text and numbers, and a million of them are read at a time."""
    return {
        name: Decimal(value["N"]) if "N" in value else value["S"] if "S" in value else from_item({name: value})[name]
        for name, value in item.items()
    }
