"""Invocations of a function from its build, in a bare interpreter; prints what they took, and what they asked, as JSON.

Arguments: the function's module, the seconds that its timeout leaves, and ``record`` to note each call with the items
it meets. Each line of stdin is an event; the first one meets a cold function. It imports nothing else of the project.
"""

import importlib
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

KEYS = {"ledger": ("resource_arn", "created_at"), "state": ("pk", "sk")}
_CHANGES = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}


class Context:
    """What Lambda hands over."""

    function_name = "sagewatch-Function-0123456789AB"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    invoked_function_arn = "arn:aws:lambda:us-east-1:111122223333:function:bench"

    def __init__(self, seconds: float) -> None:
        """End after so many seconds."""
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """The time left."""
        return int((self._end - time.monotonic()) * 1000)


class Recorder:
    """Notes what clients are asked, and the items before and after a change."""

    def __init__(self, *, asks_again: bool) -> None:
        """Take the place of botocore's method. Some servers know only what functions ask, so it does not ask more."""
        self._asks_again = asks_again
        self.calls: list[dict[str, Any]] = []
        from botocore.client import BaseClient  # noqa: PLC0415 - only of a recorded run

        self._plain: Any = getattr(BaseClient, "_make_api_call")  # noqa: B009 - the place that all calls come by
        recorder = self

        def call(client: Any, operation: str, asked: dict[str, Any]) -> Any:
            return recorder.call(client, operation, asked)

        setattr(BaseClient, "_make_api_call", call)  # noqa: B010 - botocore's class

    def call(self, client: Any, operation: str, asked: dict[str, Any]) -> Any:
        """Make the call, and note it even if it is refused."""
        noted: dict[str, Any] = {"service": client.meta.service_model.service_name, "operation": operation}
        self.calls.append(noted)
        places = list(_places(operation, asked))
        before = [self._item(client, table, key) for table, key in places]
        try:
            answer = self._plain(client, operation, asked)
        finally:
            after = [self._item(client, table, key) or asked.get("Item") for table, key in places]
            noted |= {"asked": asked, "before": before, "after": after, "tables": [table for table, _ in places]}
        if operation == "Query":
            noted["read"] = self._whole(client, asked) if self._asks_again else answer["Items"]
        elif operation == "GetItem":
            noted["read"] = [answer.get("Item", {})]
        elif operation == "BatchGetItem":
            noted["read"] = [item for items in answer["Responses"].values() for item in items]
        return answer

    def _whole(self, client: Any, asked: dict[str, Any]) -> Any:
        """What a query reads, which is billed: all attributes of the items, those that a filter leaves out too."""
        left_out = {"ProjectionExpression", "FilterExpression", "ExpressionAttributeNames", "Select"}
        whole = {name: value for name, value in asked.items() if name not in left_out}
        names = asked.get("ExpressionAttributeNames", {})
        condition = asked["KeyConditionExpression"]
        used = {name: value for name, value in names.items() if name in condition}
        values = {name: value for name, value in asked["ExpressionAttributeValues"].items() if name in condition}
        whole |= {"ExpressionAttributeValues": values} | ({"ExpressionAttributeNames": used} if used else {})
        return self._plain(client, "Query", whole)["Items"]

    def _item(self, client: Any, table: str, key: dict[str, Any]) -> Any:
        return self._plain(client, "GetItem", {"TableName": table, "Key": key, "ConsistentRead": True}).get("Item")


def _places(operation: str, asked: dict[str, Any]) -> Any:
    """Yield the table and the key of each item that a call changes or checks."""
    if operation in _CHANGES:
        yield asked["TableName"], _key(asked["TableName"], asked[_CHANGES[operation]])
    elif operation == "TransactWriteItems":
        for change in asked["TransactItems"]:
            [(kind, part)] = change.items()
            yield part["TableName"], _key(part["TableName"], part["Item" if kind == "Put" else "Key"])
    elif operation == "BatchWriteItem":
        for table, changes in asked["RequestItems"].items():
            for change in changes:
                [part] = change.values()
                yield table, _key(table, part.get("Item") or part["Key"])


def _key(table: str, item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in KEYS[table]}


def main() -> None:
    """Import, invoke with each event in turn, print."""
    module, seconds, *record = sys.argv[1:]
    out, sys.stdout = sys.stdout, io.StringIO()
    handler = importlib.import_module(f"{module}.app").handler
    start, found = time.process_time(), []
    recorder = Recorder(asks_again=record == ["record"]) if record else None
    for line in sys.stdin:
        began, cpu, calls = time.perf_counter(), time.process_time(), len(recorder.calls) if recorder else 0
        log = sys.stdout.tell()
        try:
            answer: object = handler(json.loads(line), Context(float(seconds)))
        except Exception as error:  # noqa: BLE001 - a failed run is a result too
            answer = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
        took = {"wall": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        noted = recorder.calls[calls:] if recorder else []
        found.append({**took, "log_bytes": sys.stdout.tell() - log, "answer": answer, "calls": noted})
    out.write(json.dumps({"start": start, "peak_mb": _peak(), "events": found}, default=str) + "\n")


def _peak() -> float:
    """The most memory it had, in MB. ``ru_maxrss`` would be that of the process that started it, if that is more."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


if __name__ == "__main__":
    main()
