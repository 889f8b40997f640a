"""A weekly digest over a ledger that is computed: DynamoDB's Query in its own protocol, in pages of its 1 MB.

A page is what DynamoDB reads, and a filter chooses what it sends of that. One row in twenty is of a notebook.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import make_server

from bench.stage import Stage, Took
from sagewatch.ledger.totals import Spend

_PAGE = 800  # rows of 1.3 KB in DynamoDB's 1 MB
_DAYS = 8  # a week, and the day before it
_ITEMS = 8  # of totals, in a page
_NOTEBOOKS = 20  # every twentieth row is of one of a thousand notebooks: in service, or stopped, in turns
_ASKED = '{"period": "weekly"}'
_QUERY = """
dynamodb = client("dynamodb")
for back in range({days}):
    names = [{names}]
    asked = dict(TableName="ledger", IndexName="ByDay", KeyConditionExpression="#day = :partition",
        ExpressionAttributeNames={{"#day": "ended_on", **{{f"#{{name}}": name for name in names}}}},
        ExpressionAttributeValues={{":partition": {{"S": f"2026-11-{{15 + back}}"}}}},
        ProjectionExpression=", ".join(f"#{{name}}" for name in names))
    for page in dynamodb.get_paginator("query").paginate(**asked):
        len(page["Items"])
"""
_NAMES = (
    *("resource_arn", "resource_name", "kind", "status", "account", "region", "created_at", "started_at", "ended_at"),
    *("ended_on", "pricing", "pricing_reason", "owner", "instances", "billable_seconds", "cost_usd", "list_cost_usd"),
)


def digest_of(rows: int, owners: int) -> tuple[Callable[[Stage], Took], Callable[[Stage], Took]]:
    """A digest, and the Query pages of its rows with boto3 alone."""

    def ours(stage: Stage) -> Took:
        with serving(rows, owners) as url:
            return replace(stage, url=url).invoke("SendDigest", 600, _ASKED, SLACK_API_URL=f"{url}/")

    def other(stage: Stage) -> Took:
        program = _QUERY.format(days=_DAYS, names=", ".join(map(repr, _NAMES)))
        with serving(rows, owners) as url:
            return replace(stage, url=url).bare(program)

    return ours, other


@contextmanager
def serving(rows: int, owners: int) -> Iterator[str]:
    """Serve a ledger whose last eight days have so many rows, with the totals of its closed days."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app, pages = Flask("ledger"), _Pages(rows // _DAYS, owners)

    @app.post("/")
    @app.post("/<path:path>")
    def answer(path: str = "") -> Response:
        del path
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        asked = request.get_json(force=True, silent=True) or {}
        return Response(pages.answer(operation, asked), mimetype="application/x-amz-json-1.0")

    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


class _Pages:
    def __init__(self, per_day: int, owners: int) -> None:
        self._per_day, self._owners = per_day, owners
        self._totals_made: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        self._made: dict[tuple[str, int, tuple[str, ...]], str] = {}
        self._kept: dict[tuple[str, str, str], list[dict[str, Any]]] = {}

    def answer(self, operation: str, asked: Mapping[str, Any]) -> str:
        if operation == "Query" and asked["TableName"] != "state":
            return self._page(asked)
        if operation == "Query":
            values = asked["ExpressionAttributeValues"]
            partition = values[":pk"]["S"]
            if partition.startswith("totals#"):
                span = (values[":from"]["S"][:10], values[":to"]["S"][:10], partition[7:])
                if span not in self._kept:
                    self._kept[span] = self._totals(*span)
                return _cut(self._kept[span], asked.get("ExclusiveStartKey", {}).get("sk", {}).get("S", ""))
            return '{"Items": [], "Count": 0}'
        known: dict[str, dict[str, object]] = {
            "SendMessage": {"MessageId": "1"},
            "GetParameter": {"Parameter": {"Name": "token", "Value": "xoxb-bench"}},
            "GetQueueAttributes": {"Attributes": {}},
        }
        return json.dumps(known.get(operation, {"ok": False, "error": "bench"}))  # Slack takes no picture

    def _page(self, asked: Mapping[str, Any]) -> str:
        day = asked["ExpressionAttributeValues"][":partition"]["S"]
        columns = tuple(sorted(asked["ProjectionExpression"].replace("#", "").split(", ")))
        first = int(asked.get("ExclusiveStartKey", {}).get("resource_arn", {}).get("S", "0"))
        numbers = range(first, min(first + _PAGE, self._per_day))
        if "FilterExpression" in asked:
            values = asked["ExpressionAttributeValues"]
            sent = [number for number in numbers if _is_wanted(day, number, values)]
            return self._answer(day, sent, columns, numbers.stop)
        key = (day, first, columns)
        if key not in self._made:
            self._made[key] = self._answer(day, numbers, columns, numbers.stop)
        return self._made[key]

    def _answer(self, day: str, numbers: Sequence[int], columns: tuple[str, ...], last: int) -> str:
        items = ",".join(self._row(day, number, columns) for number in numbers)
        more = f', "LastEvaluatedKey": {{"resource_arn": {{"S": "{last}"}}}}' if last < self._per_day else ""
        return f'{{"Items": [{items}], "Count": {len(numbers)}{more}}}'

    def _row(self, day: str, number: int, columns: tuple[str, ...]) -> str:
        usd = f"{_cents(day, number) / 100:.2f}"
        arn, name = "arn:aws:sagemaker:us-east-1:111122223333:", f"job-{day}-{number}"
        texts = {
            "resource_arn": f"{arn}training-job/{name}",
            "resource_name": name,
            "kind": "training",
            "status": "Completed",
            "account": "111122223333",
            "region": "us-east-1",
            "created_at": f"{day}T01:00:00Z",
            "started_at": f"{day}T01:02:00Z",
            "ended_at": f"{day}T{number % 24:02}:30:00Z",
            "ended_on": day,
            "pricing": "priced",
            "pricing_reason": "its billed time at the on-demand list price",
            "owner": f"owner-{number % self._owners}@example.com",
            "instances": "2 x ml.m5.xlarge",
        }
        if _is_notebook(number):
            texts |= _notebook(day, number, arn)
        numbers = {"billable_seconds": str(60 + number % 7200), "cost_usd": usd, "list_cost_usd": usd}
        item = {name: {"S": text} for name, text in texts.items()}
        item |= {name: {"N": value} for name, value in numbers.items()}
        return json.dumps({name: value for name, value in item.items() if name in columns and value != {"S": ""}})

    def _kept_totals(self, first: str, last: str, month: str) -> list[dict[str, Any]]:
        """The totals, made once: every page of them is asked for on its own."""
        key = (first, last, month)
        if key not in self._totals_made:
            self._totals_made[key] = self._totals(first, last, month)
        return self._totals_made[key]

    def _totals(self, first: str, last: str, month: str) -> list[dict[str, Any]]:
        """Totals of closed days, of five kinds for each owner, in items of 250 cells."""
        kinds = ("training", "processing", "transform", "notebook")
        cells = [_cell(kind, f"owner-{number}@example.com") for number in range(self._owners) for kind in kinds]
        parts = [cells[start : start + 250] for start in range(0, len(cells), 250)]
        day, items = datetime.fromisoformat(first).replace(tzinfo=UTC), []
        while f"{day:%Y-%m-%d}" <= min(last, f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"):
            if f"{day:%Y-%m}" == month:
                items += [_item(f"{day:%Y-%m-%d}", number, len(parts), part) for number, part in enumerate(parts)]
            day += timedelta(days=1)
        return items


def _cents(day: str, number: int) -> int:
    """The same at every run, from a cent to ten thousand dollars: Knuth's multiplicative hash."""
    dice = (int(day[-2:]) * 1_000_003 + number) * 2_654_435_761 % 4_294_967_291
    return (dice % 977 + 1) * (dice // 977 % 1009 + 1)


def _is_notebook(number: int) -> bool:
    return number % _NOTEBOOKS == 0


def _is_wanted(day: str, number: int, values: Mapping[str, Any]) -> bool:
    """Answer ``#kind = :kind OR #cost_usd > :limit``, and either half."""
    if ":kind" in values and (values[":kind"]["S"] == "notebook") is _is_notebook(number):
        return True
    return ":limit" in values and _cents(day, number) > float(values[":limit"]["N"]) * 100


def _notebook(day: str, number: int, arn: str) -> dict[str, str]:
    """What differs in the row of a notebook: SageWatch stopped it, or it was stopped until it started again."""
    lab = f"lab-{number // _NOTEBOOKS % 1000}"
    texts = {"resource_arn": f"{arn}notebook-instance/{lab}", "resource_name": lab, "kind": "notebook"}
    if number // _NOTEBOOKS % 2:
        return {**texts, "instances": ""}
    return {**texts, "instances": "1 x ml.m5.xlarge", "stopped_by": "sagewatch", "idle_since": f"{day}T00:10:00Z"}


def _cut(items: list[dict[str, Any]], after: str) -> str:
    """Answer with the next page: eight items of 250 cells are a megabyte."""
    left = [item for item in items if item["sk"]["S"] > after]
    page = left[:_ITEMS]
    more = {"LastEvaluatedKey": {"pk": page[-1]["pk"], "sk": page[-1]["sk"]}} if len(left) > _ITEMS else {}
    return json.dumps({"Items": page, "Count": len(page), **more})


def _cell(kind: str, owner: str) -> dict[str, Any]:
    amounts = {"jobs": "7", "cost_usd": "1.23", "list_cost_usd": "1.23", "failed_jobs": "1", "failed_usd": "0.1"}
    cell = {each.name: {"N": amounts.get(each.name, "0")} for each in fields(Spend)}
    return {"M": {"kind": {"S": kind}, "owner": {"S": owner}, **cell}}


def _item(day: str, number: int, parts: int, cells: list[dict[str, Any]]) -> dict[str, Any]:
    key = {"pk": {"S": f"totals#{day[:7]}"}, "sk": {"S": f"{day}#{number:03}"}, "day": {"S": day}}
    return {**key, "part": {"N": str(number)}, "parts": {"N": str(parts)}, "cells": {"L": cells}}
