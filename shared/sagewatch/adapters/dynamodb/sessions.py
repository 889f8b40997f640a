"""The open sessions of notebook instances: items of WatchState, one for each ARN, that never expire."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import from_item, query, read_item, readable, readable_or_error, to_item
from sagewatch.errors import UnreadableError
from sagewatch.models import LazyAdapter
from sagewatch.notebooks.ports import SessionReader, Sessions
from sagewatch.notebooks.session import Session, SessionKind, StopCall
from sagewatch.sagemaker.scopes import Scope, scope_of_arn, stored_scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_SESSION: LazyAdapter[Session] = LazyAdapter(Session)


class DynamoSessionReader(SessionReader):
    """Reads the open sessions."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str, home: str | None = None) -> None:
        self._client = client
        self._state = state
        self._home = home

    @override
    def open_sessions(self, region: str) -> Sequence[Session]:
        return list(readable(query(self._client, self._state, self._partition(region), consistent=True), _session))

    def _partition(self, scope: Scope) -> str:
        return _partition(scope, self._home)

    def _read(self, region: str) -> dict[str, Session | UnreadableError]:
        found = query(self._client, self._state, self._partition(region), consistent=True)
        return {item["sk"]: readable_or_error(partial(_session, item), f"session {item['sk']}") for item in found}


class DynamoSessions(DynamoSessionReader, Sessions):
    """Reads and writes the open sessions, one item for each notebook."""

    PERMISSIONS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query")

    @override
    def read_region(self, region: str) -> Mapping[str, Session | UnreadableError]:
        return self._read(region)

    @override
    def get(self, arn: str, region: str) -> Session | None:
        with translated("dynamodb:GetItem on the sessions"):
            answer = self._client.get_item(
                TableName=self._state, Key=session_key(arn, region, self._home), ConsistentRead=True
            )
        return _session(from_item(answer["Item"])) if "Item" in answer else None

    @override
    def begin(self, session: Session) -> bool:
        with translated("dynamodb:PutItem on the sessions"):
            try:
                self._client.put_item(
                    TableName=self._state,
                    Item=session_item(session, self._home),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as exc:
                there: Mapping[str, Any] = exc.response.get("Item", {})  # type: ignore[assignment] # as in dynamodb
                return bool(there) and _session(from_item(there)) == session
        return True

    @override
    def amend(self, session: Session) -> bool:
        with translated("dynamodb:PutItem on the sessions"):
            try:
                self._client.put_item(
                    TableName=self._state, Item=session_item(session, self._home), **_while_open(session)
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    @override
    def succeed(self, before: Session, after: Session) -> bool:
        with translated("dynamodb:PutItem on the sessions"):
            try:
                self._client.put_item(
                    TableName=self._state, Item=session_item(after, self._home), **_while_open(before)
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return self.get(after.arn, after.region) == after
        return True

    @override
    def end(self, session: Session) -> bool:
        with translated("dynamodb:DeleteItem on the sessions"):
            try:
                key = session_key(session.arn, session.region, self._home)
                self._client.delete_item(TableName=self._state, Key=key, **_while_open(session))
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _while_open(session: Session) -> dict[str, Any]:
    return {
        "ConditionExpression": "#since = :since",
        "ExpressionAttributeNames": {"#since": "since"},
        "ExpressionAttributeValues": to_item({":since": session.since.isoformat()}),
    }


def session_item(session: Session, home: str | None) -> dict[str, Any]:
    """Write a session as an item. ``kind`` is not stored: a session without an instance type is a stopped one."""
    facts = {name: value for name, value in asdict(session).items() if name != "kind"}
    times = {
        "since": session.since.isoformat(),
        "booked_until": session.booked_until and session.booked_until.isoformat(),
        "stop_call": session.stop_call and _call_item(session.stop_call),
    }
    return {**session_key(session.arn, session.region, home), **to_item({**facts, **times})}


def _call_item(call: StopCall) -> dict[str, str]:
    times = {"at": call.at, "idle_since": call.idle_since}
    return {"by": call.by, **{name: time.isoformat() for name, time in times.items() if time}}


def _partition(scope: Scope, home: str | None) -> str:
    return f"session#{stored_scope(scope, home)}"


def session_key(arn: str, region: Scope, home: str | None) -> dict[str, Any]:
    """Name the item of a notebook's session."""
    return to_item({"pk": _partition(scope_of_arn(arn, region), home), "sk": arn})


def _session(item: Mapping[str, Any]) -> Session:
    kind = SessionKind.IN_SERVICE if item.get("instance_type") else SessionKind.STOPPED
    unknown = {"owner": None, "owner_source": None, "instance_type": None, "volume_gb": None}
    return read_item(_SESSION, {**unknown, **item, "kind": kind}, "session")
