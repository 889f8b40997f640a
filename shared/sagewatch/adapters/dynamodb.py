"""The rows of the ledger, and what every adapter on a table needs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from sagewatch.adapters.aws_errors import translated
from sagewatch.costs import Pricing
from sagewatch.records import CostRecord
from sagewatch.resources import JobKind
from sagewatch.stores import Put
from sagewatch.totals import Sum, sums_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def to_item(values: Mapping[str, object]) -> dict[str, Any]:
    """Turn a row into DynamoDB's attribute values. What is ``None`` is left out: not known is not stored."""
    return {name: _serialize(_plain(value)) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Turn DynamoDB's attribute values into plain ones."""
    return {name: _deserialize(value) for name, value in item.items()}


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


class DynamoLedger:
    """The ``Ledger`` port on the CostLedger table."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem",)

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Keep the client and the table's name."""
        self._client = client
        self._table = table

    def put(self, row: CostRecord) -> Put:
        """See ``Ledger.put``."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(resource_arn)"}
        if worse := [name for name in Pricing if row.pricing.outranks(name)]:
            places = {f":{number}": _serialize(name.value) for number, name in enumerate(worse)}
            condition["ConditionExpression"] += f" OR pricing IN ({', '.join(places)})"
            condition["ExpressionAttributeValues"] = places
        with translated("dynamodb:PutItem on the ledger"):
            try:
                item = to_item(asdict(row))
                answer = self._client.put_item(TableName=self._table, Item=item, ReturnValues="ALL_OLD", **condition)
            except self._client.exceptions.ConditionalCheckFailedException:
                return Put(written=False)
        return Put(written=True, replaced=_sums_of(from_item(answer.get("Attributes", {}))))


def _sums_of(row: Mapping[str, Any]) -> tuple[Sum, ...]:
    if not row:
        return ()
    return sums_of(JobKind(row["kind"]), row["resource_arn"], row["ended_on"], row.get("parent_arn"))
