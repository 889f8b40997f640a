"""Host metrics of a played job, at the interval that a report reads (SageMaker publishes every minute)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import cycle
from typing import Any

from sagewatch.diagnostics.host_metrics import Window


def metric_data(
    job: str, request: Mapping[str, Any], ended: Mapping[str, Any], metrics: Mapping[str, Sequence[float]]
) -> Iterator[dict[str, Any]]:
    """Yield the points of PutMetricData, from the job's start to its end, for hosts algo-1 to algo-N.

    ``request`` created the job of that name, and ``ended`` holds the Describe fields it ended with.
    """
    if not metrics:
        return
    begin, end = (datetime.fromisoformat(ended[f"Training{what}Time"]) for what in ("Start", "End"))
    every = Window.of(begin, end).period
    fleet = request["ResourceConfig"]
    hosts = fleet.get("InstanceCount") or sum(group["InstanceCount"] for group in fleet["InstanceGroups"])
    for number in range(1, hosts + 1):
        for metric, values in metrics.items():
            for step, value in zip(range((end - begin) // every), cycle(values), strict=False):
                yield {
                    "MetricName": metric,
                    "Dimensions": [{"Name": "Host", "Value": f"{job}/algo-{number}"}],
                    "Timestamp": begin + step * every,
                    "Value": value,
                    "Unit": "Percent",
                }
