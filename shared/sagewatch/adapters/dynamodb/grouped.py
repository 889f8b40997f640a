"""A DynamoDB client for sweeps, whose threads share calls: writes in transactions, consistent reads in batches.

Each request keeps its meaning. A transaction writes all or nothing: if a condition of one request fails, the others are
sent again without it, and it is sent by itself, so that it gets its own answer. In a transaction a write costs twice as
many write units; sweeps write little.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of
from sagewatch.together import Together

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST = 50  # writes of a transaction, which takes a hundred; four megabytes are enough for all of their items
_MOST_READ = 100  # keys that BatchGetItem takes
_PUT = frozenset(
    {
        "TableName",
        "Item",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    }
)
_DELETE = _PUT - {"Item"} | {"Key"}
_NEWEST, _NEWEST_OF_MANY = {"TableName", "Key", "ConsistentRead"}, {"Keys", "ConsistentRead"}
_CANCELLED, _UNHURT = "TransactionCanceledException", "None"
_DONE: Mapping[str, Any] = {}

type Part = Mapping[str, Mapping[str, Any]]
"""A part of a transaction: ``{"Put": {...}}``."""


@dataclass(frozen=True, slots=True)
class _Write:
    """The parts of one request, and how it is sent by itself."""

    parts: tuple[Part, ...]
    alone: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class _Read:
    """The items of a table that one request is for."""

    table: str
    keys: tuple[Mapping[str, Any], ...]
    alone: Callable[[], Any]


class GroupedDynamo:
    """Groups the writes and the consistent reads of several threads; all else is the client's own."""

    PERMISSIONS: ClassVar = ("dynamodb:BatchGetItem",)

    def __init__(self, client: "DynamoDBClient", keys: Mapping[str, Sequence[str]]) -> None:
        """``keys`` are the names of each table's keys. Requests to other tables are not grouped."""
        self._client = client
        self._keys = keys
        self._write = Together[_Write](self._transact, lambda write: write.alone(), self._may_join)
        self._read = Together[_Read](self._batch_get, lambda read: read.alone(), _may_read)

    def __getattr__(self, name: str) -> Any:
        """What is not grouped."""
        return getattr(self._client, name)

    def put_item(self, **request: Any) -> Any:
        """Put an item, together with the writes of other threads."""
        return self._written("Put", request, _PUT, self._client.put_item)

    def delete_item(self, **request: Any) -> Any:
        """Delete an item, as above."""
        return self._written("Delete", request, _DELETE, self._client.delete_item)

    def transact_write_items(self, **request: Any) -> Any:
        """Write all parts or none, as above."""
        parts = tuple(request["TransactItems"])
        send = self._client.transact_write_items
        if len(request) > 1 or len(parts) > _MOST or not all(map(self._is_known, parts)):
            return send(**request)
        return self._write(_Write(parts, lambda: send(**request)))

    def get_item(self, **request: Any) -> Any:
        """Read an item. Only a read of the newest is shared, because a batch is consistent or not as a whole."""
        if request.keys() != _NEWEST or not request["ConsistentRead"] or request["TableName"] not in self._keys:
            return self._client.get_item(**request)
        read = _Read(request["TableName"], (request["Key"],), lambda: self._client.get_item(**request))
        answer = self._read(read)
        return {"Item": answer[0]} if isinstance(answer, list) and answer else answer or {}

    def batch_get_item(self, **request: Any) -> Any:
        """Read the newest items of one table, as above."""
        [(table, asked), *others] = request["RequestItems"].items()
        shared = asked.keys() == _NEWEST_OF_MANY and asked["ConsistentRead"] and table in self._keys
        if others or len(request) > 1 or not shared:
            return self._client.batch_get_item(**request)
        answer = self._read(_Read(table, tuple(asked["Keys"]), lambda: self._client.batch_get_item(**request)))
        return {"Responses": {table: answer}} if isinstance(answer, list) else answer

    def _written(self, kind: str, request: Mapping[str, Any], known: frozenset[str], send: Callable[..., Any]) -> Any:
        part = {kind: request}
        if request.keys() - known or not self._is_known(part):
            return send(**request)
        return self._write(_Write((part,), lambda: send(**request)))

    def _is_known(self, part: Part) -> bool:
        return all(asked["TableName"] in self._keys for asked in part.values())

    def _may_join(self, taken: Sequence[_Write], write: _Write) -> bool:
        """A transaction may have one part for an item, but for plain puts, of which only the last one counts."""
        there = {self._name(part): part for each in taken for part in each.parts}
        if len(there) + len(write.parts) > _MOST:
            return False
        met = [part for part in write.parts if self._name(part) in there]
        return all(_is_plain(part) and _is_plain(there[self._name(part)]) for part in met)

    def _name(self, part: Part) -> tuple[str, ...]:
        """Name the item that a part is about."""
        [asked] = part.values()
        return self._item(asked["TableName"], asked.get("Key") or asked["Item"])

    def _item(self, table: str, item: Mapping[str, Any]) -> tuple[str, ...]:
        return table, *(item[name]["S"] for name in self._keys[table])

    def _transact(self, writes: Sequence[_Write]) -> Sequence[Any]:
        """Write all, or else those that nothing was wrong with. The others are to be sent by themselves."""
        refused = self._refused(writes)
        left = [number for number in range(len(writes)) if number not in refused]
        if refused and (len(left) <= 1 or self._refused([writes[number] for number in left])):
            left = []
        return [_DONE if number in left else None for number in range(len(writes))]

    def _refused(self, writes: Sequence[_Write]) -> frozenset[int]:
        """Write all of them in one transaction. If AWS refuses it, return whose parts it names, or else all."""
        parts: dict[tuple[str, ...], Part] = {}
        owners: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for number, write in enumerate(writes):
            for part in write.parts:
                parts[self._name(part)] = part
                owners[self._name(part)].add(number)
        try:
            self._client.transact_write_items(TransactItems=cast("Any", list(parts.values())))
        except ClientError as exc:
            found: Any = exc.response.get("CancellationReasons", []) if code_of(exc) == _CANCELLED else []
            named = [name for name, reason in zip(parts, found, strict=False) if reason.get("Code", _UNHURT) != _UNHURT]
            return frozenset().union(*(owners[name] for name in named)) or frozenset(range(len(writes)))
        return frozenset()

    def _batch_get(self, reads: Sequence[_Read]) -> Sequence[list[Any] | None]:
        """Read all. What DynamoDB leaves unread, and everything if it refuses the batch, is to be read by itself."""
        table = reads[0].table
        keys = {self._item(table, key): key for read in reads for key in read.keys}
        wanted: Any = {table: {"Keys": list(keys.values()), "ConsistentRead": True}}
        try:
            answer = self._client.batch_get_item(RequestItems=wanted)
        except ClientError:
            return [None] * len(reads)
        unprocessed: Any = answer.get("UnprocessedKeys", {})
        unread = {self._item(table, key) for key in unprocessed.get(table, {}).get("Keys", [])}
        found: dict[object, Any] = {self._item(table, item): item for item in answer["Responses"].get(table, [])}
        names = [[self._item(table, key) for key in read.keys] for read in reads]
        return [None if unread & {*these} else [found[name] for name in these if name in found] for these in names]


def _is_plain(part: Part) -> bool:
    """Whether it puts an item whatever is there."""
    return "ConditionExpression" not in part.get("Put", {"ConditionExpression": ""})


def _may_read(taken: Sequence[_Read], read: _Read) -> bool:
    return read.table == taken[0].table and sum(len(each.keys) for each in (*taken, read)) <= _MOST_READ
