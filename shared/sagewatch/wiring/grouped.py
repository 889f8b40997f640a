"""Clients of sweeps, whose threads share calls to DynamoDB and to queues."""

from typing import TYPE_CHECKING, cast

from sagewatch.adapters.dynamodb.grouped import GroupedDynamo
from sagewatch.adapters.grouped_queue import GroupedQueue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


def grouped_dynamodb(client: "DynamoDBClient", *, ledger: str, state: str) -> "DynamoDBClient":
    """Group the writes to both tables, and the consistent reads."""
    keys = {ledger: ("resource_arn", "created_at"), state: ("pk", "sk")}
    return cast("DynamoDBClient", GroupedDynamo(client, keys))


def grouped_queue(client: "SQSClient") -> "SQSClient":
    """Group the messages to one queue."""
    return cast("SQSClient", GroupedQueue(client))
