"""Finished sweeps in WatchState: one item for each function and day, with the minutes at which they began."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import query, readable, to_item
from sagewatch.clock import iso
from sagewatch.digest.ports import SweepTimes
from sagewatch.runtime.ports import SweepLog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from mypy_boto3_dynamodb import DynamoDBClient


_KEPT_FOR = timedelta(days=35)  # five weeks: one for the digest, and four to see when SageWatch began


class DynamoSweepLog(SweepLog):
    """Records sweeps as a set of minutes: unlike a counter, it shows the gaps, and a repeated call changes nothing."""

    PERMISSIONS: ClassVar = ("dynamodb:UpdateItem",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def record(self, function: str, began: datetime) -> None:
        at = began.astimezone(UTC)
        values = {":minute": {at.hour * 60 + at.minute}, ":expires": int((at + _KEPT_FOR).timestamp())}
        with translated("dynamodb:UpdateItem on the sweeps"):
            self._client.update_item(
                TableName=self._state,
                Key=to_item({"pk": f"sweeps#{function}", "sk": iso(at)[:10]}),
                UpdateExpression="ADD minutes :minute SET expires_at = :expires",
                ExpressionAttributeValues=to_item(values),
            )


class DynamoSweepTimes(SweepTimes):
    """Reads the times of finished sweeps."""

    PERMISSIONS: ClassVar = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def of(self, function: str) -> "Sequence[datetime]":
        days = query(self._client, self._state, f"sweeps#{function}")
        return sorted(moment for times in readable(days, _times) for moment in times)


def _times(day: "Mapping[str, Any]") -> list[datetime]:
    began = datetime.fromisoformat(f"{day['sk']}T00:00:00Z")
    return [began + timedelta(minutes=int(minute)) for minute in day["minutes"]]
