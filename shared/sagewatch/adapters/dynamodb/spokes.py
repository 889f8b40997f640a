"""What is kept of other accounts: an item of WatchState for each region and sweep."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import from_item, query, readable, to_item
from sagewatch.adapters.dynamodb.stored_values import count_of, moment_of
from sagewatch.clock import iso
from sagewatch.sagemaker.scopes import Scope
from sagewatch.spokes.ports import Problem, SpokeState, SpokeStates, Trouble

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SPOKES = "spokes"
_KEPT_FOR = timedelta(days=90)


class DynamoSpokeStates(SpokeStates):
    """The ``SpokeStates`` port."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query")

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def swept(self, scope: Scope, sweep: str, at: datetime) -> None:
        item = {**_key(scope, sweep), "swept_at": iso(at), "expires_at": _expiry(at)}
        with translated("dynamodb:PutItem of a swept account"):
            self._client.put_item(TableName=self._state, Item=to_item(item))

    @override
    def failed(self, scope: Scope, sweep: str, problem: Problem, at: datetime) -> Trouble:
        with translated("dynamodb:UpdateItem of an account that cannot be read"):
            answer = self._client.update_item(
                TableName=self._state,
                Key=to_item(_key(scope, sweep)),
                UpdateExpression="SET problem = :problem, expires_at = :expiry, "
                "problem_since = if_not_exists(problem_since, :at) ADD times :one",
                ExpressionAttributeValues=to_item(
                    {":problem": problem.value, ":expiry": _expiry(at), ":at": iso(at), ":one": 1}
                ),
                ReturnValues="ALL_NEW",
            )
        return _trouble(from_item(answer["Attributes"]))

    @override
    def all(self) -> Sequence[SpokeState]:
        return list(readable(query(self._client, self._state, _SPOKES), _spoke))


def _key(scope: Scope, sweep: str) -> dict[str, str]:
    return {"pk": _SPOKES, "sk": f"{scope}#{sweep}"}


def _expiry(at: datetime) -> int:
    return int((at + _KEPT_FOR).timestamp())


def _trouble(item: Mapping[str, Any]) -> Trouble:
    since = moment_of(item["problem_since"])
    return Trouble(problem=Problem(item["problem"]), since=since, times=count_of(item["times"]))


def _spoke(item: Mapping[str, Any]) -> SpokeState:
    scope, _, sweep = item["sk"].partition("#")
    swept_at = moment_of(item["swept_at"]) if "swept_at" in item else None
    trouble = _trouble(item) if "problem" in item else None
    return SpokeState(scope=scope, sweep=sweep, swept_at=swept_at, trouble=trouble)
