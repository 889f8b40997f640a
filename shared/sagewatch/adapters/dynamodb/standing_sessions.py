"""The open sessions of standing resources: items of WatchState, one for each part that bills, that never expire."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import query, read_item, readable, readable_or_error, to_item
from sagewatch.errors import UnreadableError
from sagewatch.models import LazyAdapter
from sagewatch.sagemaker.scopes import Scope, stored_scope
from sagewatch.standing.ports import StandingSessionReader, StandingSessions
from sagewatch.standing.sessions import StandingSession

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_SESSION: LazyAdapter[StandingSession] = LazyAdapter(StandingSession)
_TIMES = ("since", "booked_until", "last_use", "judged_at")


class DynamoStandingSessionReader(StandingSessionReader):
    """Reads the open sessions."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str, home: str | None = None) -> None:
        self._client = client
        self._state = state
        self._home = home

    @override
    def of_scope(self, scope: Scope) -> Sequence[StandingSession]:
        return list(readable(self._items(scope), _session))

    def read_scope(self, scope: Scope) -> Mapping[str, StandingSession | UnreadableError]:
        """Return the open sessions of a region of an account by ARN, or the error of one that cannot be read.

        Raises what ``Ledger.put`` does.
        """
        return {
            item["sk"]: readable_or_error(partial(_session, item), f"session {item['sk']}")
            for item in self._items(scope)
        }

    def _items(self, scope: Scope) -> Sequence[Mapping[str, Any]]:
        return query(self._client, self._state, _partition(scope, self._home), consistent=True)


class DynamoStandingSessions(DynamoStandingSessionReader, StandingSessions):
    """Reads and writes the open sessions."""

    PERMISSIONS = ("dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query")

    @override
    def save(self, session: StandingSession) -> None:
        with translated("dynamodb:PutItem on the standing sessions"):
            self._client.put_item(TableName=self._state, Item=_item(session, self._home))

    @override
    def end(self, session: StandingSession) -> None:
        with translated("dynamodb:DeleteItem on the standing sessions"):
            self._client.delete_item(TableName=self._state, Key=_key(session, self._home))


def _item(session: StandingSession, home: str | None) -> dict[str, Any]:
    fields = asdict(session)
    times = {name: fields[name] and fields[name].isoformat() for name in _TIMES}
    lines = [
        {name: value if name == "quantity" else str(value) for name, value in line.items()} for line in fields["lines"]
    ]
    return {**_key(session, home), **to_item({**fields, **times, "lines": lines})}


def _key(session: StandingSession, home: str | None) -> dict[str, Any]:
    return to_item({"pk": _partition(session.scope, home), "sk": session.arn})


def _partition(scope: Scope, home: str | None) -> str:
    return f"standing#{stored_scope(scope, home)}"


def _session(item: Mapping[str, Any]) -> StandingSession:
    return read_item(_SESSION, item, "standing session")
