"""What SageMaker publishes of the hosts of a played job: here every ten minutes, where AWS does every minute."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.jobs import PlayedJob

_EVERY = timedelta(minutes=10)


def metric_data(job: "PlayedJob") -> Iterator[dict[str, Any]]:
    """Yield the points of PutMetricData, from the job's start to its end, for hosts algo-1 to algo-N."""
    if not job.metrics:
        return
    begin, end = (datetime.fromisoformat(job.end[f"Training{what}Time"]) for what in ("Start", "End"))
    fleet = job.request["ResourceConfig"]
    hosts = fleet.get("InstanceCount") or sum(group["InstanceCount"] for group in fleet["InstanceGroups"])
    for number in range(1, hosts + 1):
        for metric, values in job.metrics.items():
            for step, value in zip(range((end - begin) // _EVERY), cycle(values), strict=False):
                yield {
                    "MetricName": metric,
                    "Dimensions": [{"Name": "Host", "Value": f"{job.name}/algo-{number}"}],
                    "Timestamp": begin + step * _EVERY,
                    "Value": value,
                    "Unit": "Percent",
                }
