"""The totals that are out of date: one item of WatchState for each."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, assert_never, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import query, readable, to_item
from sagewatch.clock import Clock, iso
from sagewatch.ledger.ports import StaleTotal, StaleTotalReader, StaleTotals
from sagewatch.ledger.totals import DayKey, RollUpKey, Sum

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MARKS = "to-sum"
_REACHES_INDEXES_WITHIN = timedelta(seconds=5)  # DynamoDB: "within a fraction of a second, under normal conditions"


class DynamoStaleTotalReader(StaleTotalReader):
    """Reads which totals are out of date."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str, clock: Clock) -> None:
        self._client = client
        self._state = state
        self._clock = clock

    @override
    def all(self, *, young: bool = False) -> Sequence[StaleTotal]:
        seen_by_all = (self._clock() - _REACHES_INDEXES_WITHIN).timestamp()
        items = query(self._client, self._state, _MARKS)
        marks = readable(items, lambda item: (int(item["marked_at"]), StaleTotal(_sum(item["sk"]), item["token"])))
        return [mark for marked_at, mark in marks if young or marked_at <= seen_by_all]


class DynamoStaleTotals(DynamoStaleTotalReader, StaleTotals):
    """Marks totals as out of date. A day is summed only once it is over, so each environment marks today once."""

    PERMISSIONS = ("dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem")

    def __init__(self, client: "DynamoDBClient", state: str, clock: Clock) -> None:
        super().__init__(client, state, clock)
        self._marked_today: Sum | None = None

    @override
    def add(self, changed: Sum) -> None:
        today = self.is_today(changed)
        if today and changed == self._marked_today:
            return
        with translated("dynamodb:PutItem on the marks"):
            self._client.put_item(**self.put_request(changed))
        if today:
            self._marked_today = changed

    def is_today(self, changed: Sum) -> bool:
        """Whether it is the total of the day (UTC) that is not over yet."""
        return changed == DayKey(iso(self._clock())[:10])

    def put_request(self, changed: Sum) -> Any:
        """Return the request that writes a mark, also as a part of a transaction."""
        marked_at = int(self._clock().timestamp())
        item = {"pk": _MARKS, "sk": _name(changed), "token": uuid.uuid4().hex, "marked_at": marked_at}
        return {"TableName": self._state, "Item": to_item(item)}

    @override
    def remove(self, mark: StaleTotal) -> None:
        with translated("dynamodb:DeleteItem on the marks"):
            try:
                self._client.delete_item(
                    TableName=self._state,
                    Key=to_item({"pk": _MARKS, "sk": _name(mark.sum)}),
                    ConditionExpression="#token = :token",
                    ExpressionAttributeNames={"#token": "token"},
                    ExpressionAttributeValues=to_item({":token": mark.token}),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return


def _name(changed: Sum) -> str:
    match changed:
        case DayKey(day):
            return f"day#{day}"
        case RollUpKey(arn):
            return f"roll-up#{arn}"
        case _:
            assert_never(changed)


def _sum(name: str) -> Sum:
    kind, _, rest = name.partition("#")
    return DayKey(rest) if kind == "day" else RollUpKey(rest)
