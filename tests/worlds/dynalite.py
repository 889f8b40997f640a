"""dynalite, an emulator that validates keys, expressions and sizes as DynamoDB does, and what it lacks.

It has neither transactions nor ``ReturnValuesOnConditionCheckFailure``. Here a transaction is its parts, one after the
other, and all are undone if a condition fails: tests write from one thread. Every part goes through dynalite's own
validation. ``make strict`` installs it and runs the contract suite on it.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

CLI = Path(__file__).parent.parent.parent / ".local" / "dynalite" / "node_modules" / "dynalite" / "cli.js"


@contextmanager
def running() -> Iterator[str]:
    """Run it on a free port; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ("node", str(CLI), "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "0")
    process = subprocess.Popen((*command, "--deleteTableMs", "0"), stdout=subprocess.PIPE)  # noqa: S603 - our own test
    try:
        assert process.stdout
        process.stdout.readline()  # it says where it listens
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def complete(client: Any, inner: Any) -> Any:
    """Add to a client what dynalite lacks. ``inner`` is another client of the same server."""
    events = client.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", lambda params, **_: _transact(inner, params))
    for name in ("PutItem", "UpdateItem", "DeleteItem"):
        events.register(f"before-call.dynamodb.{name}", _note_request)
        events.register(f"after-call.dynamodb.{name}", lambda **found: _add_old_item(inner, **found))
    for name in ("create", "delete"):
        _wait_after(client, f"{name}_table")
    return client


def _wait_after(client: Any, operation: str) -> None:
    real = getattr(client, operation)

    def waiting(**request: Any) -> Any:
        answer = real(**request)
        while _is_changing(client, request["TableName"]):
            time.sleep(0.01)
        return answer

    setattr(client, operation, waiting)


def _is_changing(client: Any, table: str) -> bool:
    try:
        status: str = client.describe_table(TableName=table)["Table"]["TableStatus"]
    except client.exceptions.ResourceNotFoundException:
        return False
    return status != "ACTIVE"


def _note_request(params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
    context["dynalite"] = json.loads(params["body"])


def _add_old_item(inner: Any, parsed: dict[str, Any], context: Mapping[str, Any], **_: object) -> None:
    request = context.get("dynalite", {})
    failed = parsed.get("Error", {}).get("Code") == "ConditionalCheckFailedException"
    if failed and request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
        parsed |= _read(inner, request["TableName"], _key(inner, request))


def _transact(inner: Any, params: Mapping[str, Any]) -> tuple[AWSResponse, dict[str, Any]]:
    parts = [next(iter(part.items())) for part in json.loads(params["body"])["TransactItems"]]
    before = [(each["TableName"], _key(inner, each)) for _, each in parts]
    assert len({json.dumps(place, sort_keys=True) for place in before}) == len(before), "one item twice"
    items = [_read(inner, *place) for place in before]
    for number, (kind, request) in enumerate(parts):
        try:
            _apply(inner, kind, request)
        except ClientError as exc:
            _undo(inner, before[:number], items)
            return _error(
                exc, number, len(parts), items[number] if "ReturnValuesOnConditionCheckFailure" in request else {}
            )
    checked = [number for number, (kind, _) in enumerate(parts) if kind == "ConditionCheck"]
    _undo(inner, [before[number] for number in checked], [items[number] for number in checked])
    return AWSResponse("", 200, HTTPHeaders(), None), {"ResponseMetadata": {"HTTPStatusCode": 200}}


def _apply(inner: Any, kind: str, request: Mapping[str, Any]) -> None:
    asked = {name: value for name, value in request.items() if name != "ReturnValuesOnConditionCheckFailure"}
    calls = {"Put": inner.put_item, "Update": inner.update_item, "Delete": inner.delete_item}
    calls.get(kind, inner.update_item)(**asked)  # an update without an expression only checks; it is undone


def _undo(inner: Any, places: Sequence[tuple[str, Any]], items: Sequence[Mapping[str, Any]]) -> None:
    for (table, key), item in zip(places, items, strict=False):
        if "Item" in item:
            inner.put_item(TableName=table, Item=item["Item"])
        else:
            inner.delete_item(TableName=table, Key=key)


def _error(exc: ClientError, number: int, count: int, item: Mapping[str, Any]) -> tuple[AWSResponse, dict[str, Any]]:
    error: dict[str, Any] = dict(exc.response["Error"])
    answer: dict[str, Any] = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
    if error["Code"] == "ConditionalCheckFailedException":
        reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in range(count)]
        reasons[number] = {"Code": "ConditionalCheckFailed", **item}
        answer |= {"Error": {**error, "Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    return AWSResponse("", 400, HTTPHeaders(), None), answer


def _key(inner: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    if "Key" in request:
        return dict(request["Key"])
    schema = inner.describe_table(TableName=request["TableName"])["Table"]["KeySchema"]
    return {key["AttributeName"]: request["Item"][key["AttributeName"]] for key in schema}


def _read(inner: Any, table: str, key: Mapping[str, Any]) -> dict[str, Any]:
    """The item that is there, as ``{"Item": ...}``, or nothing."""
    found = inner.get_item(TableName=table, Key=key, ConsistentRead=True)
    return {"Item": found["Item"]} if "Item" in found else {}
