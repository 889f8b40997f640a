"""The series that show the use of standing resources: exact dimensions, 500 series a call, never a search."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.cloudwatch.metric_data import metric_results
from sagewatch.errors import SageWatchError
from sagewatch.standing.evidence import MetricProbe, Points
from sagewatch.standing.ports import UsageMetrics

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_MOST_QUERIES = 500  # in one call (GetMetricData)


class CloudWatchUsage(UsageMetrics):
    """The ``UsageMetrics`` port on GetMetricData. A call that fails leaves its own series unread and no others."""

    PERMISSIONS: ClassVar = ("cloudwatch:GetMetricData",)

    def __init__(self, client: "CloudWatchClient") -> None:
        self._client = client

    @override
    def read(self, probes: Sequence[MetricProbe], now: datetime) -> Mapping[MetricProbe, Points | SageWatchError]:
        found: dict[MetricProbe, Points | SageWatchError] = {}
        for (period, look_back), alike in _by_range(probes):
            for some in batched(alike, _MOST_QUERIES, strict=False):
                try:
                    found.update(self._ask(some, _begin(now, period, look_back), now))
                except SageWatchError as exc:
                    found.update(dict.fromkeys(some, exc))
        return found

    def _ask(self, probes: Sequence[MetricProbe], begin: datetime, end: datetime) -> Mapping[MetricProbe, Points]:
        asked = {f"q{number}": probe for number, probe in enumerate(probes)}
        points: dict[MetricProbe, list[tuple[datetime, float]]] = {probe: [] for probe in probes}
        results = metric_results(
            self._client,
            f"{len(probes)} standing resources",
            MetricDataQueries=[{"Id": name, "MetricStat": _stat(probe)} for name, probe in asked.items()],
            StartTime=begin,
            EndTime=end,
        )
        for result in results:
            moments = (moment.astimezone(UTC) for moment in result["Timestamps"])
            points[asked[result["Id"]]] += zip(moments, result["Values"], strict=True)
        return {probe: Points(tuple(sorted(values))) for probe, values in points.items()}


class CloudWatchUsageReads:
    """Makes the reader of each region."""

    PERMISSIONS: ClassVar = CloudWatchUsage.PERMISSIONS

    def __init__(self, client_for: "Callable[[str], CloudWatchClient]") -> None:
        self._client_for = client_for

    def __call__(self, region: str) -> UsageMetrics:
        """Return the reader of a region."""
        return CloudWatchUsage(self._client_for(region))


def _by_range(
    probes: Sequence[MetricProbe],
) -> Iterator[tuple[tuple[timedelta, timedelta], Sequence[MetricProbe]]]:
    groups: dict[tuple[timedelta, timedelta], list[MetricProbe]] = defaultdict(list)
    for probe in probes:
        groups[probe.period, probe.look_back].append(probe)
    yield from groups.items()


def _begin(now: datetime, period: timedelta, look_back: timedelta) -> datetime:
    """CloudWatch counts periods from where the request begins, so it begins on a whole one, in UTC."""
    begin = now - look_back
    return begin - timedelta(seconds=begin.timestamp() % period.total_seconds())


def _stat(probe: MetricProbe) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in probe.dimensions]
    metric = {"Namespace": probe.namespace, "MetricName": probe.metric, "Dimensions": dimensions}
    return {"Metric": metric, "Period": int(probe.period.total_seconds()), "Stat": probe.statistic}
