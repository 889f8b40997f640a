"""The metrics that SageMaker publishes of a job's hosts: one series for each host and metric, by dimension ``Host``.

``Host`` is ``<job>/algo-<n>`` for training and processing. SageWatch reads these series by name, exactly and however
old they are. Transform jobs name their hosts by instance IDs that no API returns, so SageWatch searches for theirs. A
search matches words and covers the last two weeks. It may return other jobs' series; their labels identify them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import batched, product
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.cloudwatch.metric_data import metric_results
from sagewatch.diagnostics.host_metrics import HostMetric, MetricSeries, RawHosts, Window, hosts_of, metrics_of
from sagewatch.diagnostics.ports import JobMetrics
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.sagemaker.resources import Job

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


METRIC_NAMES = {
    HostMetric.CPU: "CPUUtilization",
    HostMetric.MEMORY: "MemoryUtilization",
    HostMetric.GPU: "GPUUtilization",
    HostMetric.GPU_MEMORY: "GPUMemoryUtilization",
    HostMetric.DISK: "DiskUtilization",
}
_STATISTICS = ("Average", "Maximum")
_MOST_QUERIES = 500  # in one call (GetMetricData)
_MOST_HOSTS = 248  # are asked about, in five calls
_KEPT = 100  # answers

Series = tuple[str, HostMetric, str]  # host, metric, statistic
Query = tuple[Series, Mapping[str, Any]]


class CloudWatchJobMetrics(JobMetrics):
    """Reads the metrics of jobs from CloudWatch.

    Keeps answers for a while: the end of a job is often reported more than once.
    """

    PERMISSIONS: ClassVar = ("cloudwatch:GetMetricData",)

    def __init__(self, client_for: Callable[[str], "CloudWatchClient"]) -> None:
        self._client_for = client_for
        self._kept: dict[tuple[str, Window], RawHosts] = {}
        self._keeping = Lock()

    @override
    def read(self, job: Job, window: Window) -> RawHosts:
        key = (job.arn, window)
        found = self._kept.get(key)
        if found is None:
            found = self._read(job, window)
            with self._keeping:
                while len(self._kept) >= _KEPT:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = found
        return found

    def _read(self, job: Job, window: Window) -> RawHosts:
        points: dict[Series, list[float]] = defaultdict(list)
        for queries in batched(_queries(job, window), _MOST_QUERIES, strict=False):
            for series, values in self._ask(job, window, queries):
                points[series] += values
        return _by_host(points)

    def _ask(self, job: Job, window: Window, queries: Sequence[Query]) -> Iterator[tuple[Series, Sequence[float]]]:
        """Yield the points of each series. A search puts the host into the label; series of other jobs are left out."""
        asked = {f"q{number}": query for number, query in enumerate(queries)}
        results = metric_results(
            self._client_for(job.scope),
            job.name,
            MetricDataQueries=[{"Id": name, **query} for name, (_, query) in asked.items()],
            StartTime=window.begin,
            EndTime=window.end,
        )
        for result in results:
            (host, metric, statistic), _ = asked[result["Id"]]
            if host:
                yield (host, metric, statistic), result["Values"]
            elif result["Label"].startswith(f"{job.name}/"):
                yield (result["Label"].removeprefix(f"{job.name}/"), metric, statistic), result["Values"]


def _queries(job: Job, window: Window) -> Iterator[Query]:
    hosts, seconds = hosts_of(job), int(window.period.total_seconds())
    if hosts is None:
        only = job.groups[0].instance_type if len(job.groups) == 1 else None
        for metric, statistic in product(metrics_of(only), _STATISTICS):
            yield ("", metric, statistic), _search(job, metric, statistic, seconds)
        return
    for host, instance_type in list(hosts.items())[:_MOST_HOSTS]:
        for metric, statistic in product((*metrics_of(instance_type), *_of_ended(job)), _STATISTICS):
            yield (host, metric, statistic), _exact(job, host, metric, statistic, seconds)


def _of_ended(job: Job) -> tuple[HostMetric, ...]:
    """The disk decides about another type for the next run, so it is not asked about while a job runs."""
    return (HostMetric.DISK,) if job.status.ended else ()


def _exact(job: Job, host: str, metric: HostMetric, statistic: str, seconds: int) -> Mapping[str, Any]:
    dimension = {"Name": "Host", "Value": f"{job.name}/{host}"}
    namespace, name = KIND_FACTS[job.kind].log_group, METRIC_NAMES[metric]
    series = {"Namespace": namespace, "MetricName": name, "Dimensions": [dimension]}
    return {"MetricStat": {"Metric": series, "Period": seconds, "Stat": statistic}}


def _search(job: Job, metric: HostMetric, statistic: str, seconds: int) -> Mapping[str, Any]:
    terms = f'{{{KIND_FACTS[job.kind].log_group},Host}} MetricName="{METRIC_NAMES[metric]}" Host={job.name}/'
    return {"Expression": f"SEARCH('{terms}', '{statistic}', {seconds})", "Label": "${PROP('Dim.Host')}"}


def _by_host(points: Mapping[Series, Sequence[float]]) -> RawHosts:
    """A metric counts where both statistics have points."""
    hosts: dict[str, dict[HostMetric, MetricSeries]] = defaultdict(dict)
    for (host, metric, statistic), values in points.items():
        highest = points.get((host, metric, "Maximum"))
        if statistic == "Average" and values and highest:
            hosts[host][metric] = MetricSeries(sum(values) / len(values), max(highest), len(values))
    return hosts
