"""What is remembered of notebooks in WatchState: two items each, so that sweeps and people overwrite nothing."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import query, to_item
from sagewatch.alerts.ports import FOREVER, Lease
from sagewatch.clock import Clock, iso
from sagewatch.idle.ports import NotebookStateReader, NotebookStates
from sagewatch.idle.state import NotebookState, PendingStop

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_WATCH, _LEASE = "watch", "lease"
_REMEMBERED_FOR = timedelta(days=90)  # after that a notebook nobody has looked at is a new one
_LEASE_SHOWN_FOR = timedelta(days=90)  # who kept what, for those who ask later
_PRESSES_FOR = timedelta(days=1)  # Slack's signatures are good for five minutes


class DynamoNotebookStateReader(NotebookStateReader):
    """Reads what is remembered of a region's notebooks."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def of_region(self, region: str) -> Mapping[str, NotebookState]:
        return _watched(query(self._client, self._state, _pk(region)))


class DynamoNotebookStates(DynamoNotebookStateReader, NotebookStates):
    """Reads and writes what is remembered of notebooks."""

    PERMISSIONS = ("dynamodb:Query", "dynamodb:PutItem")

    def __init__(self, client: "DynamoDBClient", state: str, clock: Clock) -> None:
        super().__init__(client, state)
        self._clock = clock

    @override
    def read(self, arn: str, region: str) -> NotebookState:
        found = _watched(query(self._client, self._state, _pk(region), f"{arn}#", f"{arn}#~", consistent=True))
        return found.get(arn, NotebookState(arn=arn))

    @override
    def save(self, watched: NotebookState, region: str) -> None:
        warned = watched.warned
        facts: dict[str, object] = {
            "look_at": _time(watched.look_at),
            "busy_since": _time(watched.busy_since),
            "incidents": watched.incidents,
            "verdict": watched.verdict,
            "reason": watched.reason,
            "warned": warned and _warned_item(warned),
        }
        self._put(region, watched.arn, _WATCH, facts, self._clock() + _REMEMBERED_FOR)

    @override
    def archive(self, alert_id: str, body: str) -> None:
        expires_at = int((self._clock() + _REMEMBERED_FOR).timestamp())
        item = {"pk": f"incident#{alert_id}", "sk": "alert", "body": body, "expires_at": expires_at}
        with translated("dynamodb:PutItem of an incident"):
            self._client.put_item(TableName=self._state, Item=to_item(item))

    @override
    def load(self, alert_id: str) -> str | None:
        items = query(self._client, self._state, f"incident#{alert_id}", consistent=True)
        return items[0]["body"] if items else None

    @override
    def put_lease(self, arn: str, region: str, lease: Lease) -> None:
        facts = {"author": lease.author, "until": iso(lease.until), "written_at": iso(lease.written_at)}
        self._put(region, arn, _LEASE, facts, None if lease.until == FOREVER else lease.until + _LEASE_SHOWN_FOR)

    def _put(self, region: str, arn: str, what: str, facts: Mapping[str, object], expires: datetime | None) -> None:
        key = {"pk": _pk(region), "sk": f"{arn}#{what}", "expires_at": expires and int(expires.timestamp())}
        with translated(f"dynamodb:PutItem of a notebook's {what}"):
            self._client.put_item(TableName=self._state, Item=to_item({**key, **facts}))


class DynamoSeenRequests:
    """The ``SeenRequests`` port: one short-lived item for each request."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        """Keep the client and the table's name."""
        self._client = client
        self._state = state

    def first(self, digest: str, now: datetime) -> bool:
        """See ``SeenRequests.first``."""
        item = {"pk": f"press#{digest}", "sk": "press", "expires_at": int((now + _PRESSES_FOR).timestamp())}
        with translated("dynamodb:PutItem of a press"):
            try:
                self._client.put_item(
                    TableName=self._state, Item=to_item(item), ConditionExpression="attribute_not_exists(pk)"
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _pk(region: str) -> str:
    return f"notebook#{region}"


def _time(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _warned_item(warned: PendingStop) -> dict[str, object]:
    times = {name: iso(getattr(warned, name)) for name in ("warned_at", "stop_at", "idle_since")}
    return {"alert_id": warned.alert_id, "finished": warned.finished, **times}


def _watched(items: list[dict[str, Any]]) -> Mapping[str, NotebookState]:
    by_arn: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for item in items:
        arn, _, what = item["sk"].rpartition("#")
        by_arn[arn][what] = item
    return {arn: _one(arn, parts.get(_WATCH, {}), parts.get(_LEASE)) for arn, parts in by_arn.items()}


def _one(arn: str, watch: Mapping[str, Any], lease: Mapping[str, Any] | None) -> NotebookState:
    times = {name: _moment(watch.get(name)) for name in ("look_at", "busy_since")}
    return NotebookState(
        arn=arn,
        incidents=int(watch.get("incidents", 0)),
        warned=_warned(watch["warned"]) if "warned" in watch else None,
        lease=_lease(lease) if lease else None,
        verdict=watch.get("verdict"),
        reason=watch.get("reason"),
        **times,
    )


def _lease(item: Mapping[str, Any]) -> Lease:
    return Lease(item["author"], datetime.fromisoformat(item["until"]), datetime.fromisoformat(item["written_at"]))


def _warned(item: Mapping[str, Any]) -> PendingStop:
    times = {name: datetime.fromisoformat(item[name]) for name in ("warned_at", "stop_at", "idle_since")}
    return PendingStop(alert_id=item["alert_id"], finished=item["finished"], **times)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
