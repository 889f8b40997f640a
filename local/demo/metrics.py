"""What SageMaker publishes of a played job's hosts: here as often as a report asks for, at AWS every minute."""

from collections.abc import Iterator
from datetime import datetime
from itertools import cycle
from typing import TYPE_CHECKING, Any

from sagewatch.diagnostics.utilization import Window

if TYPE_CHECKING:
    from local.demo.player import PlayedJob


def metric_data(job: "PlayedJob") -> Iterator[dict[str, Any]]:
    """Yield the points of PutMetricData, from the job's start to its end, for hosts algo-1 to algo-N."""
    if not job.metrics:
        return
    begin, end = (datetime.fromisoformat(job.end[f"Training{what}Time"]) for what in ("Start", "End"))
    every = Window.of(begin, end).period
    fleet = job.request["ResourceConfig"]
    hosts = fleet.get("InstanceCount") or sum(group["InstanceCount"] for group in fleet["InstanceGroups"])
    for number in range(1, hosts + 1):
        for metric, values in job.metrics.items():
            for step, value in zip(range((end - begin) // every), cycle(values), strict=False):
                yield {
                    "MetricName": metric,
                    "Dimensions": [{"Name": "Host", "Value": f"{job.name}/algo-{number}"}],
                    "Timestamp": begin + step * every,
                    "Value": value,
                    "Unit": "Percent",
                }
