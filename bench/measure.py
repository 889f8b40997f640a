"""Measures what a unit of work takes, on the build and an emulated account, for ``python -m bench.monthly --measure``.

Each unit runs twice: once with its calls noted, which gives request units, and several times as it is, which gives CPU
seconds (the median), bytes of log and the memory's peak. What comes on top on AWS, the way to a service, is assumed in
``bench.monthly``.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cfnlint.decode import decode

from bench.account import TABLES
from bench.capacity import Index, read_units, size, write_units
from bench.stage import _LEAST, _OURS, Stage
from tests.worlds.wired import VARIABLES, snake_case

ROOT = Path(__file__).parent.parent
ROUNDS = 5
_READS, _QUEUE = {"GetItem", "BatchGetItem", "Query"}, "sqs"
_OF_AN_ENTRY = 100  # bytes that DynamoDB adds to an item of an index, and bills


@dataclass(frozen=True)
class Run:
    """What a process of invocations took: its start, its peak, and each event."""

    start: float
    peak_mb: float
    events: Sequence[Mapping[str, Any]]


def run(stage: Stage, function: str, events: Sequence[object], record: str = "", **more: str) -> Run:
    """Invoke a function from its build with each event in turn, in a fresh interpreter."""
    layers = [stage.build / name / "python" for name in ("SharedLayer", "ChartLayer")]
    queue = {"ALERT_QUEUE_URL": f"{stage.url}/123456789012/alerts.fifo", "SWEEP_QUEUE_URL": "", "MODE": "observe"}
    path = {"PYTHONPATH": ":".join(map(str, (stage.build / function, *layers)))}
    env = {**_LEAST, **VARIABLES[function], **_OURS, **queue, **stage._aws(), **path, **more}  # noqa: SLF001 - the stage's
    command = [
        sys.executable,
        "-S",
        str(ROOT / "bench/unit.py"),
        snake_case(function),
        "600",
        *([record] if record else []),
    ]
    given = "".join(json.dumps(event) + "\n" for event in events)
    done = subprocess.run(command, env=env, input=given, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise SystemExit(f"{function} failed:\n{done.stderr[-2000:]}")
    found = Run(**json.loads(done.stdout.splitlines()[-1]))
    for event in found.events:
        if "error" in (event["answer"] or {}):
            raise SystemExit(f"{function}: {event['answer']['error']}")
    return found


def units(events: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What the noted calls are billed by, a mean of one event."""
    calls = [call for event in events for call in event["calls"]]
    found = {
        "calls": len(calls),
        "reads": sum(read_units(call) for call in calls if call["operation"] in _READS),
        "writes": sum(write_units(call, INDEXES) for call in calls if call.get("before")),
        "messages": sum(call["service"] == _QUEUE for call in calls),
        "metrics": sum(_metrics(call) for call in calls),
        "row_bytes": sum(map(_row, calls)),
    }
    return {name: round(number / len(events), 3) for name, number in found.items()}


def _metrics(call: Mapping[str, Any]) -> int:
    queries = call["asked"].get("MetricDataQueries", []) if call["operation"] == "GetMetricData" else []
    return len(queries)


def _row(call: Mapping[str, Any]) -> int:
    """Bytes that a call adds to the ledger, in the table and its indexes."""
    if call["operation"] != "PutItem" or call["tables"] != ["ledger"] or call["before"] != [None]:
        return 0
    [item] = call["after"]
    entries = [index.entry(item) for index in INDEXES["ledger"]]
    return size(item) + sum(size(entry) + _OF_AN_ENTRY for entry in entries if entry)


def _indexes() -> Mapping[str, Sequence[Index]]:
    template, _ = decode(str(ROOT / "template.yaml"))
    found = {}
    for logical, name in TABLES.items():
        properties = template["Resources"][logical]["Properties"]
        keys = [one["AttributeName"] for one in properties["KeySchema"]]
        found[name] = [_index(one, keys) for one in properties.get("GlobalSecondaryIndexes", ())]
    return found


def _index(given: Mapping[str, Any], table_key: Sequence[str]) -> Index:
    key = [one["AttributeName"] for one in given["KeySchema"]]
    more = given["Projection"].get("NonKeyAttributes")
    return Index(key, frozenset({*key, *table_key, *more}) if more else None)


INDEXES = _indexes()


@dataclass(frozen=True, kw_only=True)
class Unit:
    """How a unit is measured: a mean of the events from the ``first`` on; ``cold`` counts the start too."""

    function: str
    events: Callable[[], Sequence[object]] = lambda: [{}]
    first: int = 0
    cold: bool = False
    record: str = "record"
    more: Mapping[str, str] = field(default_factory=dict)


def measured(stage: Stage, unit: Unit) -> dict[str, float]:
    """One event of a function: request units once, CPU as the median of some rounds."""
    function, events, first, more = unit.function, unit.events, unit.first, unit.more
    noted = run(stage, function, events(), unit.record, **more).events[first:]
    rounds = [run(stage, function, events(), **more) for _ in range(ROUNDS)]
    cpu = [
        statistics.mean(event["cpu"] for event in one.events[first:]) + (one.start if unit.cold else 0)
        for one in rounds
    ]
    return {
        "cpu": round(statistics.median(cpu), 4),
        **units(noted),
        "log_bytes": round(statistics.mean(event["log_bytes"] for event in noted)),
        "peak_mb": round(max(one.peak_mb for one in rounds)),
        "wall": round(
            statistics.median(statistics.mean(event["wall"] for event in one.events[first:]) for one in rounds), 3
        ),
    }


def slope(some: Mapping[str, float], more: Mapping[str, float], count: int) -> dict[str, float]:
    """What one thing more takes, of two sizes that differ by ``count``."""
    fixed = {"log_bytes": 0.0, "peak_mb": more["peak_mb"], "wall": 0.0}
    return {name: round(max(0.0, (more[name] - some[name]) / count), 6) for name in some if name not in fixed} | fixed
