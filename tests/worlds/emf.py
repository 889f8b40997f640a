"""Reads what a function wrote to stdout as CloudWatch does: lines in the embedded metric format, held to its rules.

The rules are those of "Specification: Embedded metric format" in the CloudWatch user guide.
"""

import json
from dataclasses import dataclass
from typing import Any

# MetricDatum in the CloudWatch API reference.
_BYTES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_BITS = ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
UNITS = {"Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None", *_BYTES, *_BITS} | {
    f"{unit}/Second" for unit in (*_BYTES, *_BITS)
}


@dataclass(frozen=True)
class Sent:
    """What one line sends: its dimension's value, and the values by metric and unit."""

    namespace: str
    dimensions: dict[str, str]
    values: dict[tuple[str, str], list[float]]


def sent(stdout: str) -> list[Sent]:
    """The metrics in a log. A line that says it is one and breaks the rules is an error; CloudWatch drops it."""
    lines = [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]
    return [_read(line) for line in lines if "_aws" in line]


def _read(line: dict[str, Any]) -> Sent:
    about = line["_aws"]
    assert set(about) == {"Timestamp", "CloudWatchMetrics"}
    assert isinstance(about["Timestamp"], int)
    assert about["Timestamp"] > 10**12  # milliseconds
    [directive] = about["CloudWatchMetrics"]
    assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
    assert 1 <= len(directive["Namespace"]) <= 1024
    [names] = directive["Dimensions"]
    assert len(names) <= 30
    assert 1 <= len(directive["Metrics"]) <= 100
    assert len({metric["Name"] for metric in directive["Metrics"]}) == len(directive["Metrics"])
    return Sent(
        directive["Namespace"],
        {name: _dimension(line[name]) for name in names},
        {(metric["Name"], _unit(metric)): _values(line[metric["Name"]]) for metric in directive["Metrics"]},
    )


def _dimension(value: object) -> str:
    assert isinstance(value, str)
    assert 1 <= len(value) <= 1024
    return value


def _unit(metric: dict[str, Any]) -> str:
    assert set(metric) <= {"Name", "Unit", "StorageResolution"}
    assert 1 <= len(metric["Name"]) <= 1024
    assert metric.get("StorageResolution", 60) in {1, 60}
    assert metric["Unit"] in UNITS
    return str(metric["Unit"])


def _values(value: float | list[float]) -> list[float]:
    values = value if isinstance(value, list) else [value]
    assert 1 <= len(values) <= 100
    assert all(type(number) in {int, float} for number in values)
    return values
