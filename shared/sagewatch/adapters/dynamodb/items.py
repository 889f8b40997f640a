"""Convert items to and from plain values, and query tables, for every adapter on DynamoDB."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.attribute_values import deserialize, serialize
from sagewatch.adapters.dynamodb.stored_values import refuse_odd_values
from sagewatch.errors import SageWatchError, ThrottledError, UnreadableError
from sagewatch.models import LazyAdapter
from sagewatch.sagemaker.fields import field_errors
from sagewatch.sweeps import LeftOutItems

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


LEFT_OUT = LeftOutItems()  # of this process; scheduled functions count and name them


def to_item(values: Mapping[str, object]) -> dict[str, Any]:
    """Turn a row into DynamoDB's attribute values. What is ``None`` is left out: not known is not stored."""
    return {name: serialize(value) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Turn DynamoDB's attribute values into plain ones."""
    return {name: deserialize(value) for name, value in item.items()}


def read_item[T](adapter: LazyAdapter[T], values: Mapping[str, Any], what: str) -> T:
    """Read a value from an item's plain ones; attributes it does not know are ignored.

    Raises ``UnreadableError``, which names the attributes at fault.
    """
    try:
        value = adapter.validate_python(values)
        refuse_odd_values(value)
    except ValidationError as exc:
        raise UnreadableError(f"stored {what} cannot be read: {field_errors(exc)}") from exc
    except ValueError as exc:
        raise UnreadableError(f"stored {what} cannot be read: {exc}") from exc
    return value


def readable[T](items: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
    """Read items of WatchState one by one. One that this release cannot read is left out and noted by its key."""
    for item in items:
        try:
            value = read(item)
        except (SageWatchError, LookupError, ValueError, TypeError, ArithmeticError, AttributeError) as exc:
            LEFT_OUT.note(f"stored item {item.get('pk')} {item.get('sk')}: {type(exc).__name__}")
        else:
            yield value


def readable_or_error[T](read: Callable[[], T], name: str) -> T | UnreadableError:
    """Read an item of many; if it cannot be read, return the error that names it."""
    try:
        return read()
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as exc:
        return UnreadableError(f"stored {name}: {type(exc).__name__}")
    except UnreadableError as exc:
        return UnreadableError(f"{name}: {exc}")


def query(  # noqa: PLR0913 - what DynamoDB's Query takes
    client: "DynamoDBClient",
    table: str,
    partition: str,
    sk_from: str = " ",
    sk_to: str = "~",
    *,
    consistent: bool = False,
) -> list[dict[str, Any]]:
    """Read a partition of WatchState, whole or from one sort key to another; ``consistent`` as it is this moment."""
    return list(between(client, table, partition, sk_from, sk_to, consistent=consistent))


def between(  # noqa: PLR0913 - as above
    client: "DynamoDBClient", table: str, partition: str, sk_from: str, sk_to: str, *, consistent: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the items of a partition from one sort key to another, and hold one page of them in memory."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk AND sk BETWEEN :from AND :to",
        ExpressionAttributeValues=to_item({":pk": partition, ":from": sk_from, ":to": sk_to}),
        ConsistentRead=consistent,
    )
    with translated("dynamodb:Query on the state"):
        for page in pages:
            yield from map(from_item, page["Items"])


def pages(client: "DynamoDBClient", table: str, partition: str, **start: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of a partition of WatchState in order, and hold one page of them in memory."""
    found = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues=to_item({":pk": partition}),
        **start,
    )
    with translated("dynamodb:Query on the state"):
        for page in found:
            yield from map(from_item, page["Items"])


_BATCH = 100  # BatchGetItem takes no more keys
_TRIES, _BETWEEN_TRIES = 5, 0.1  # seconds, doubling


def read_keys(
    client: "DynamoDBClient", table: str, keys: Sequence[Mapping[str, str]], *, whole: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield those of the keys that the table has; or their items, ``whole`` and as they are this moment."""
    more: dict[str, object] = {"ConsistentRead": True} if whole else {"ProjectionExpression": ", ".join(keys[0])}
    for batch in batched(keys, _BATCH, strict=False):
        wanted: Any = [to_item(key) for key in batch]
        for number in range(_TRIES):
            request: Any = {table: {"Keys": wanted, **more}}
            with translated("dynamodb:BatchGetItem on the state"):
                answer = client.batch_get_item(RequestItems=request)
            yield from map(from_item, answer["Responses"].get(table, []))
            left: Mapping[str, Any] = answer.get("UnprocessedKeys", {})
            if table not in left:
                break
            wanted = left[table]["Keys"]
            time.sleep(_BETWEEN_TRIES * 2**number)
        else:
            raise ThrottledError("dynamodb:BatchGetItem on the state leaves keys unprocessed")
