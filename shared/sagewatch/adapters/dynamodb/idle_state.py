"""The state of notebooks in WatchState: two items each, so that sweeps and button presses overwrite nothing.

Standing resources that are idle are remembered in the same way, in partitions of their own.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import (
    from_item,
    query,
    read_item,
    read_keys,
    readable,
    readable_or_error,
    to_item,
)
from sagewatch.adapters.dynamodb.leases import read_lease
from sagewatch.clock import Clock, iso
from sagewatch.errors import StateChangedError, UnreadableError
from sagewatch.idle.ports import NotebookStateReader, NotebookStates
from sagewatch.idle.state import Hold, NotebookState, OpenMessage, PendingStop
from sagewatch.models import LazyAdapter
from sagewatch.sagemaker.scopes import Scope, scope_of_arn, stored_scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_WATCH, _LEASE = "watch", "lease"
NOTEBOOKS, RESOURCES = "notebook", "standing-watch"  # what the partitions' keys begin with
_REMEMBERED_FOR = timedelta(days=90)  # a notebook that no sweep has inspected for so long counts as new
# Attributes have kept the names they were first stored under.
_STORED = {"next_check_at": "look_at", "pending": "warned", "announced": "incidents"}
_STATE: LazyAdapter[NotebookState] = LazyAdapter(NotebookState)


class DynamoNotebookStateReader(NotebookStateReader):
    """Reads what is remembered of a region's notebooks."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str, home: str | None = None, of: str = NOTEBOOKS) -> None:
        self._client = client
        self._state = state
        self._home = home
        self._of = of

    @override
    def of_region(self, region: str) -> Mapping[str, NotebookState]:
        """One that cannot be read is left out here; ``read``, which comes before every stop, refuses it."""
        partition = _pk(region, self._home, self._of)
        notebooks = _by_arn(query(self._client, self._state, partition))
        parts = ({"pk": partition, "sk": arn, "parts": items} for arn, items in notebooks.items())
        states = readable(
            parts, lambda each: _one(each["sk"], each["parts"].get(_WATCH, {}), each["parts"].get(_LEASE))
        )
        return {state.arn: state for state in states}

    def _read(self, region: str) -> Mapping[str, NotebookState | UnreadableError]:
        notebooks = _by_arn(query(self._client, self._state, _pk(region, self._home, self._of)))
        return {
            arn: readable_or_error(partial(_one, arn, parts.get(_WATCH, {}), parts.get(_LEASE)), f"state of {arn}")
            for arn, parts in notebooks.items()
        }


class DynamoNotebookStates(DynamoNotebookStateReader, NotebookStates):
    """Reads and writes what is remembered of notebooks: sweeps their states, buttons their leases."""

    PERMISSIONS = ("dynamodb:Query", "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem")

    def __init__(
        self, client: "DynamoDBClient", state: str, clock: Clock, home: str | None = None, of: str = NOTEBOOKS
    ) -> None:
        super().__init__(client, state, home, of)
        self._clock = clock

    @override
    def read(self, arn: str, region: str) -> NotebookState:
        partition = _pk(scope_of_arn(arn, region), self._home, self._of)
        keys = [{"pk": partition, "sk": f"{arn}#{what}"} for what in (_WATCH, _LEASE)]
        parts = _by_arn(list(read_keys(self._client, self._state, keys, whole=True))).get(arn, {})
        return _one(arn, parts.get(_WATCH, {}), parts.get(_LEASE))

    @override
    def read_region(self, region: str) -> Mapping[str, NotebookState | UnreadableError]:
        return self._read(region)

    @override
    def save(self, state: NotebookState, region: str) -> NotebookState:
        saved = replace(state, version=state.version + 1)
        facts: dict[str, object] = {
            "next_check_at": _time(state.next_check_at),
            "busy_since": _time(state.busy_since),
            "announced": state.announced,
            "verdict": state.verdict,
            "reason": state.reason,
            "pending": state.pending and _pending_item(state.pending),
            "active_at": _time(state.active_at),
            "message": state.message and _message_item(state.message),
            "version": saved.version,
        }
        stored = {_STORED.get(name, name): value for name, value in facts.items()}
        key = {
            "pk": _pk(scope_of_arn(state.arn, region), self._home, self._of),
            "sk": f"{state.arn}#{_WATCH}",
            "expires_at": self._expiry(),
        }
        if not self._put({**key, **stored}, *_unchanged("version", state.version or None)):
            raise StateChangedError(f"the state of {state.arn} was changed by another invocation", retry_after=1)
        return saved

    @override
    def archive(self, alert_id: str, body: str) -> None:
        with translated("dynamodb:PutItem of an archived alert"):
            self._client.put_item(TableName=self._state, Item=to_item(self._archived(alert_id, body)))

    @override
    def replace(self, alert_id: str, before: str, after: str) -> bool:
        return self._put(self._archived(alert_id, after), *_unchanged("body", before))

    @override
    def load(self, alert_id: str) -> str | None:
        key = to_item({"pk": f"incident#{alert_id}", "sk": "alert"})
        with translated("dynamodb:GetItem of an archived alert"):
            answer = self._client.get_item(TableName=self._state, Key=key, ConsistentRead=True)
        items = [from_item(answer["Item"])] if "Item" in answer else []
        return next(readable(items, lambda item: str(item["body"])), None)

    def _archived(self, alert_id: str, body: str) -> dict[str, object]:
        return {"pk": f"incident#{alert_id}", "sk": "alert", "body": body, "expires_at": self._expiry()}

    def _expiry(self) -> int:
        return int((self._clock() + _REMEMBERED_FOR).timestamp())

    def _put(self, values: Mapping[str, object], condition: str, expected: Mapping[str, object]) -> bool:
        """Put an item on a condition; say whether it is stored. A repeated call whose answer was lost succeeds."""
        item, values = to_item(values), to_item(expected)
        given: Any = {"ConditionExpression": condition, **({"ExpressionAttributeValues": values} if values else {})}
        with translated("dynamodb:PutItem of a notebook"):
            try:
                self._client.put_item(
                    TableName=self._state, Item=item, ReturnValuesOnConditionCheckFailure="ALL_OLD", **given
                )
            except self._client.exceptions.ConditionalCheckFailedException as exc:
                return exc.response.get("Item") == item
        return True


def _unchanged(name: str, value: object) -> tuple[str, Mapping[str, object]]:
    """Build the condition that an attribute has this value; ``None`` means that there is no such attribute."""
    return (f"attribute_not_exists({name})", {}) if value is None else (f"{name} = :{name}", {f":{name}": value})


def lease_key(arn: str, region: Scope, home: str | None, of: str = NOTEBOOKS) -> dict[str, str]:
    """Name the item of a lease."""
    return {"pk": _pk(scope_of_arn(arn, region), home, of), "sk": f"{arn}#{_LEASE}"}


def claim_key(arn: str, region: Scope, home: str | None) -> dict[str, str]:
    """Name the item that says who is ending a standing resource."""
    return {"pk": _pk(scope_of_arn(arn, region), home, RESOURCES), "sk": f"{arn}#claim"}


def _pk(scope: Scope, home: str | None, of: str) -> str:
    return f"{of}#{stored_scope(scope, home)}"


def _time(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _pending_item(pending: PendingStop) -> dict[str, object]:
    times = {name: iso(getattr(pending, name)) for name in ("warned_at", "stop_at", "idle_since")}
    facts: dict[str, object] = {
        "alert_id": pending.alert_id,
        "finished": pending.held is not None,
        "refused": pending.refused,
        **times,
    }
    if pending.postponed:
        facts["postponed"] = True
    more = {"held": pending.held and pending.held.value, "trial": pending.trial, "sources": list(pending.sources)}
    return {**facts, **{name: value for name, value in more.items() if value is not None}}


def _message_item(message: OpenMessage) -> dict[str, object]:
    times = {"lease_shown": message.lease_shown, "renewed_at": message.renewed_at}
    later = {name: time.isoformat() for name, time in times.items() if time}
    return {"alert_id": message.alert_id, "sent_at": iso(message.sent_at), "planned": message.planned, **later}


def _by_arn(items: list[dict[str, Any]]) -> Mapping[str, dict[str, dict[str, Any]]]:
    by_arn: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for item in items:
        arn, _, what = item["sk"].rpartition("#")
        by_arn[arn][what] = item
    return by_arn


def _one(arn: str, watch: Mapping[str, Any], lease: Mapping[str, Any] | None) -> NotebookState:
    renamed = {name: watch[stored] for name, stored in _STORED.items() if stored in watch}
    if renamed.get("pending", {}).get("finished"):  # earlier releases did not say why
        renamed["pending"] = {"held": Hold.TRIAL, **renamed["pending"]}
    kept = read_lease(lease) if lease else None
    return read_item(_STATE, {**watch, **renamed, "arn": arn, "lease": kept, "stored_lease": kept}, "state")
