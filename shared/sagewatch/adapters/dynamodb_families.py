"""The past runs of job families, on an index of the ledger."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb import from_item, to_item
from sagewatch.failures import FailureClass
from sagewatch.families import PastRun, ran_seconds
from sagewatch.records import iso
from sagewatch.resources import JobStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoFamilies:
    """The ``Families`` port: one query, of as many items as are asked for or a megabyte of them (some 3,000)."""

    PERMISSIONS: ClassVar = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Keep the client and the table's name."""
        self._client = client
        self._table = table

    def recent(self, family: str, since: datetime, most: int) -> Sequence[PastRun]:
        """See ``Families.recent``."""
        with translated("dynamodb:Query on the ledger ByFamily"):
            answer = self._client.query(
                TableName=self._table,
                IndexName="ByFamily",
                KeyConditionExpression="family = :family AND ended_at >= :since",
                ExpressionAttributeValues=to_item({":family": family, ":since": iso(since)}),
                ScanIndexForward=False,
                Limit=most,
            )
        return [_run(from_item(item)) for item in answer["Items"]]


def _run(item: Mapping[str, Any]) -> PastRun:
    started_at, billed = item.get("started_at"), item.get("billable_seconds")
    started, ended = started_at and datetime.fromisoformat(started_at), datetime.fromisoformat(item["ended_at"])
    failure_class = item.get("failure_class")
    return PastRun(
        ended_at=ended,
        status=JobStatus(item["status"]),
        ran_seconds=ran_seconds(started, ended, None if billed is None else int(billed)),
        cost_usd=item.get("cost_usd"),
        failure_class=FailureClass(failure_class) if failure_class else None,
    )
