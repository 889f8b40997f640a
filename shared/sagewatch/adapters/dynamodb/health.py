"""Sweeps that ended well, in WatchState: one item for each function and day, with the minutes at which they began."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import query, to_item
from sagewatch.clock import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient


_KEPT_FOR = timedelta(days=35)  # five weeks: the digest's one, and those before it to see when the watch began


class DynamoSweepLog:
    """The ``SweepLog`` port. A set of minutes, not a counter: it tells the gaps too, and a call that is tried twice."""

    PERMISSIONS: ClassVar = ("dynamodb:UpdateItem",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        """Keep the client and the table's name."""
        self._client = client
        self._state = state

    def record(self, function: str, began: datetime) -> None:
        """See ``SweepLog.record``."""
        at = began.astimezone(UTC)
        values = {":minute": {at.hour * 60 + at.minute}, ":expires": int((at + _KEPT_FOR).timestamp())}
        with translated("dynamodb:UpdateItem on the sweeps"):
            self._client.update_item(
                TableName=self._state,
                Key=to_item({"pk": f"sweeps#{function}", "sk": iso(at)[:10]}),
                UpdateExpression="ADD minutes :minute SET expires_at = :expires",
                ExpressionAttributeValues=to_item(values),
            )


class DynamoSweepTimes:
    """The ``SweepTimes`` port."""

    PERMISSIONS: ClassVar = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        """Keep the client and the table's name."""
        self._client = client
        self._state = state

    def of(self, function: str) -> "Sequence[datetime]":
        """See ``SweepTimes.of``."""
        days = query(self._client, self._state, f"sweeps#{function}")
        return sorted(
            datetime.fromisoformat(f"{day['sk']}T00:00:00Z") + timedelta(minutes=int(minute))
            for day in days
            for minute in day["minutes"]
        )
