"""The metrics of jobs' hosts: in memory, and by the real client from moto and from a CloudWatch that can search.

moto differs from AWS: it answers SEARCH with nothing, heeds no namespace where dimensions are given, and keeps points
as they come. CloudWatch is some minutes behind, and rounds times to minutes, those older than 15 days to five.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any
from uuid import uuid4

import pytest

from sagewatch.adapters.cloudwatch.job_metrics import METRIC_NAMES, CloudWatchJobMetrics
from sagewatch.diagnostics.host_metrics import HostMetric, MetricSeries, Window
from sagewatch.diagnostics.ports import JobMetrics
from sagewatch.errors import UnavailableError
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus
from tests.contract.cloudwatch.test_evidence import a_client
from tests.fakes.diagnostics import InMemoryJobMetrics
from tests.worlds.aws import Aws
from tests.worlds.builders import ENDED, NOW, STARTED, a_job
from tests.worlds.servers import answering_metrics

HOUR = Window(STARTED, ENDED)
PutResult = Callable[[Job, str, HostMetric, Mapping[datetime, float]], None]


@dataclass
class CloudWatch:
    """GetMetricData over HTTP: series by namespace and host, MetricStat, and SEARCH by the words of a host's name.

    A search finds what has all the words it is asked for, as AWS's does: ``job-2/i-1`` too for ``job/``. What this one
    does not know: other operators and schemas than ours, any other expression.
    """

    series: dict[tuple[str, str, str], dict[datetime, float]] = field(default_factory=dict)
    status: str = "Complete"
    page: int = 7
    halves: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)

    def put(self, job: Job, host: str, metric: HostMetric, points: Mapping[datetime, float]) -> None:
        """Keep points."""
        self.series[KIND_FACTS[job.kind].log_group or "", f"{job.name}/{host}", METRIC_NAMES[metric]] = dict(points)

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """So many results per page."""
        self.asked.append(asked)
        results = [result for query in asked["MetricDataQueries"] for result in self._results(query, asked)]
        results = [half for result in results for half in halves(result)] if self.halves else results
        first = int(asked.get("NextToken", 0))
        more = {"NextToken": str(first + self.page)} if first + self.page < len(results) else {}
        return {"MetricDataResults": results[first : first + self.page], **more}

    def _results(self, query: dict[str, Any], asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "MetricStat" in query:
            stat = query["MetricStat"]
            [dimension] = stat["Metric"]["Dimensions"]
            key = (stat["Metric"]["Namespace"], dimension["Value"], stat["Metric"]["MetricName"])
            points = self.series.get(key, {})
            yield self._result(query["Id"], key[2], points, (stat["Stat"], stat["Period"]), asked)
            return
        terms = r"SEARCH\('{(\S+),Host} MetricName=\"(\w+)\" Host=(\S+)', '(\w+)', (\d+)\)"
        found = re.fullmatch(terms, query["Expression"])
        assert found
        assert query["Label"] == "${PROP('Dim.Host')}"
        for (namespace, host, metric), points in self.series.items():
            if (namespace, metric) == (found[1], found[2]) and words(found[3]) <= words(host):
                yield self._result(query["Id"], host, points, (found[4], int(found[5])), asked)

    def _result(
        self, name: str, label: str, points: Mapping[datetime, float], how: tuple[str, int], asked: dict[str, Any]
    ) -> dict[str, Any]:
        statistic, length = how
        periods: dict[float, list[float]] = {}
        for moment, value in points.items():
            at = moment.timestamp()
            if asked["StartTime"] <= at < asked["EndTime"]:
                periods.setdefault(at - (at - asked["StartTime"]) % length, []).append(value)
        newest_first = sorted(periods, reverse=True)
        values = [max(periods[at]) if statistic == "Maximum" else fmean(periods[at]) for at in newest_first]
        return {"Id": name, "Label": label, "Timestamps": newest_first, "Values": values, "StatusCode": self.status}


def halves(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A result that is spread over two, as AWS's is over two pages."""
    middle = len(result["Values"]) // 2
    for part, status in ((slice(middle), "PartialData"), (slice(middle, None), "Complete")):
        yield result | {name: result[name][part] for name in ("Timestamps", "Values")} | {"StatusCode": status}


def words(name: str) -> set[str]:
    """CloudWatch searches by the parts between other characters than letters and digits."""
    return set(re.findall(r"[A-Za-z0-9]+", name))


@contextmanager
def a_cloudwatch() -> Iterator[tuple[CloudWatch, CloudWatchJobMetrics]]:
    """A server, and the adapter on it."""
    cloudwatch = CloudWatch()
    with answering_metrics(cloudwatch.answer) as url:
        client = a_client("cloudwatch", url)
        yield cloudwatch, CloudWatchJobMetrics(lambda _: client)


@pytest.fixture(params=["memory", "moto", "server"])
def world(request: pytest.FixtureRequest, aws: Aws) -> Iterator[tuple[PutResult, JobMetrics]]:
    """What takes points, and what answers with them."""
    if request.param == "memory":
        memory = InMemoryJobMetrics()

        def keep(job: Job, host: str, metric: HostMetric, points: Mapping[datetime, float]) -> None:
            memory.points[job.kind, job.name, host, metric] = dict(points)

        yield keep, memory
    elif request.param == "moto":
        client = aws.client("cloudwatch")
        yield lambda *put: put_into(client, *put), CloudWatchJobMetrics(lambda _: client)
    else:
        with a_cloudwatch() as (cloudwatch, metrics):
            yield cloudwatch.put, metrics


def put_into(client: Any, job: Job, host: str, metric: HostMetric, points: Mapping[datetime, float]) -> None:
    """PutMetricData."""
    dimensions = [{"Name": "Host", "Value": f"{job.name}/{host}"}]
    data = [
        {"MetricName": METRIC_NAMES[metric], "Dimensions": dimensions, "Timestamp": at, "Value": value}
        for at, value in points.items()
    ]
    client.put_metric_data(Namespace=KIND_FACTS[job.kind].log_group, MetricData=data)


def a_named_job(**changes: Any) -> Job:
    """A job no other test has metrics of, because moto keeps them all."""
    return a_job(name=f"job-{uuid4().hex}", **changes)


def steady(value: float, *, minutes: int = 60, since: datetime = STARTED, **at: float) -> dict[datetime, float]:
    """A value each minute, and other values at some."""
    points = {since + timedelta(minutes=minute): value for minute in range(minutes)}
    return points | {since + timedelta(minutes=int(minute[1:])): other for minute, other in at.items()}


@pytest.mark.parametrize("kind", [ResourceKind.TRAINING, ResourceKind.PROCESSING])
def test_one_host(world: tuple[PutResult, JobMetrics], kind: ResourceKind) -> None:
    """Mean, peak, and of how many minutes; the GPUs of one that has some."""
    put, metrics = world
    job = a_named_job(kind=kind, groups=(InstanceGroup("ml.g5.xlarge", 1),))
    for metric, value in (
        (HostMetric.CPU, 100),
        (HostMetric.MEMORY, 10),
        (HostMetric.GPU, 50),
        (HostMetric.GPU_MEMORY, 20),
    ):
        put(job, "algo-1", metric, steady(value, m7=value + 60))

    assert metrics.read(job, HOUR) == {
        "algo-1": {
            HostMetric.CPU: MetricSeries(101, 160, 60),
            HostMetric.MEMORY: MetricSeries(11, 70, 60),
            HostMetric.GPU: MetricSeries(51, 110, 60),
            HostMetric.GPU_MEMORY: MetricSeries(21, 80, 60),
        }
    }


def test_many_hosts_and_no_other_jobs(world: tuple[PutResult, JobMetrics]) -> None:
    """Were its name to begin with this one's, or this one's with its own."""
    put, metrics = world
    job = a_named_job(groups=(InstanceGroup("ml.m5.xlarge", 12),))
    for number in range(1, 13):
        put(job, f"algo-{number}", HostMetric.CPU, steady(number))
    for name in (f"{job.name}-2", job.name[:-1]):
        put(replace(job, name=name), "algo-1", HostMetric.CPU, steady(400))

    found = metrics.read(job, HOUR)
    assert {host: loads[HostMetric.CPU].peak for host, loads in found.items()} == {f"algo-{n}": n for n in range(1, 13)}


def test_a_heterogeneous_cluster(world: tuple[PutResult, JobMetrics]) -> None:
    """The CPU hosts have no metrics of GPUs."""
    put, metrics = world
    job = a_named_job(groups=(InstanceGroup("ml.g5.xlarge", 1), InstanceGroup("ml.c5.2xlarge", 2)))
    put(job, "algo-1", HostMetric.GPU, steady(80))
    for number in range(1, 4):
        put(job, f"algo-{number}", HostMetric.CPU, steady(10 * number))

    found = metrics.read(job, HOUR)
    assert {host: set(loads) for host, loads in found.items()} == {
        "algo-1": {HostMetric.GPU, HostMetric.CPU},
        "algo-2": {HostMetric.CPU},
        "algo-3": {HostMetric.CPU},
    }


def test_only_the_time_that_was_asked_for_counts(world: tuple[PutResult, JobMetrics]) -> None:
    """The end is not in it; gaps are not filled."""
    put, metrics = world
    job = a_named_job(groups=(InstanceGroup("ml.m5.xlarge", 1),))
    before, after = steady(300, since=STARTED - timedelta(minutes=5), minutes=5), steady(300, since=ENDED, minutes=5)
    put(job, "algo-1", HostMetric.CPU, before | steady(100, minutes=20) | after)

    assert metrics.read(job, HOUR) == {"algo-1": {HostMetric.CPU: MetricSeries(100, 100, 20)}}


def test_days_come_in_few_points(world: tuple[PutResult, JobMetrics]) -> None:
    """An hour each, and the peak is still a minute's."""
    put, metrics = world
    job, window = a_named_job(groups=(InstanceGroup("ml.m5.xlarge", 1),)), Window(STARTED, STARTED + timedelta(days=2))
    put(job, "algo-1", HostMetric.CPU, steady(100, minutes=48 * 60, m100=340))

    [load] = [loads[HostMetric.CPU] for loads in metrics.read(job, window).values()]
    assert (load.peak, load.periods) == (340, 48)
    assert load.average == pytest.approx(100 + 240 / (48 * 60))


def test_a_job_without_metrics_has_none(world: tuple[PutResult, JobMetrics]) -> None:
    """Which is not 0."""
    assert world[1].read(a_named_job(), HOUR) == {}


def test_moto_finds_no_transform_jobs(aws: Aws) -> None:
    """Its SEARCH is empty; the server's and memory's are tested below."""
    client, job = aws.client("cloudwatch"), a_named_job(kind=ResourceKind.TRANSFORM)
    put_into(client, job, "i-0abc", HostMetric.CPU, steady(100))

    assert CloudWatchJobMetrics(lambda _: client).read(job, HOUR) == {}


def test_a_transform_jobs_hosts_are_searched_for_and_other_jobs_left_out() -> None:
    """A search by words finds ``job-2`` for ``job``."""
    with a_cloudwatch() as (cloudwatch, metrics):
        memory, job = InMemoryJobMetrics(), a_job(kind=ResourceKind.TRANSFORM, name="score")
        for name in ("score", "score-2", "re-score"):
            for host in ("i-0a1", "i-0b2"):
                other, points = replace(job, name=name), steady(10 * len(name) + len(host), m9=300)
                cloudwatch.put(other, host, HostMetric.CPU, points)
                memory.points[job.kind, name, host, HostMetric.CPU] = points
        found = metrics.read(job, HOUR)

    assert set(found) == {"i-0a1", "i-0b2"}
    for host, loads in memory.read(job, HOUR).items():
        assert (found[host][HostMetric.CPU].peak, found[host][HostMetric.CPU].periods) == (300, 60)
        assert found[host][HostMetric.CPU].average == pytest.approx(loads[HostMetric.CPU].average)


@pytest.mark.parametrize(
    ("groups", "queries"),
    [
        ((InstanceGroup("ml.m5.xlarge", 2),), [12]),  # 2 hosts x 3 metrics x 2 statistics
        ((InstanceGroup("ml.g5.xlarge", 1), InstanceGroup("ml.m5.xlarge", 1)), [16]),
        ((InstanceGroup("ml.p9.48xlarge", 1),), [10]),  # unknown: it may have GPUs
        ((InstanceGroup("ml.p5.48xlarge", 51),), [500, 10]),
        ((InstanceGroup("ml.p5.48xlarge", 1000),), [500, 500, 500, 500, 480]),
    ],
)
def test_what_is_asked_is_counted(groups: tuple[InstanceGroup, ...], queries: list[int]) -> None:
    """GetMetricData is billed by the metric: $0.01 for a thousand. An ended job is asked about once."""
    with a_cloudwatch() as (cloudwatch, metrics):
        job, cloudwatch.page = a_job(groups=groups), 500
        for _ in range(2):
            metrics.read(job, HOUR)
        asked = Counter(len(call["MetricDataQueries"]) for call in cloudwatch.asked if "NextToken" not in call)

    assert asked == Counter(queries)


def test_a_transform_job_is_four_searches_twice() -> None:
    """Each matches a metric of every host."""
    with a_cloudwatch() as (cloudwatch, metrics):
        metrics.read(a_job(kind=ResourceKind.TRANSFORM, groups=(InstanceGroup("ml.g5.xlarge", 3),)), HOUR)

    assert [len(call["MetricDataQueries"]) for call in cloudwatch.asked] == [8]


@pytest.mark.parametrize("status", ["InternalError", "Forbidden", "PartialData"])
def test_half_an_answer_is_none_and_is_not_kept(status: str) -> None:
    """The next look asks again."""
    with a_cloudwatch() as (cloudwatch, metrics):
        job = a_job(groups=(InstanceGroup("ml.m5.xlarge", 1),))
        cloudwatch.put(job, "algo-1", HostMetric.CPU, steady(10))
        cloudwatch.status = status
        with pytest.raises(UnavailableError, match="in part only"):
            metrics.read(job, HOUR)
        cloudwatch.status = "Complete"

        assert set(metrics.read(job, HOUR)) == {"algo-1"}


def test_an_answer_on_several_pages_is_whole() -> None:
    """A series may begin on one and end on the next."""
    with a_cloudwatch() as (cloudwatch, metrics):
        job, cloudwatch.page, cloudwatch.halves = a_job(groups=(InstanceGroup("ml.m5.xlarge", 1),)), 1, True
        cloudwatch.put(job, "algo-1", HostMetric.CPU, steady(100, m7=160))

        assert metrics.read(job, HOUR) == {"algo-1": {HostMetric.CPU: MetricSeries(101, 160, 60)}}


def test_nobody_there_is_said() -> None:
    """CloudWatch does not answer."""
    client = a_client("cloudwatch", "http://127.0.0.1:9")

    with pytest.raises(UnavailableError, match="cloudwatch:GetMetricData of Fraud-XGB-01: EndpointConnectionError"):
        CloudWatchJobMetrics(lambda _: client).read(a_job(), Window(NOW - timedelta(hours=1), NOW))


def test_the_disk_is_asked_about_once_the_job_has_ended() -> None:
    """A running job is asked about every hour, and its disk decides nothing."""
    with a_cloudwatch() as (cloudwatch, metrics):
        for status in (JobStatus.IN_PROGRESS, JobStatus.COMPLETED):
            metrics.read(a_job(status=status, arn=f"{a_job().arn}-{status}"), HOUR)
        names = [
            {query["MetricStat"]["Metric"]["MetricName"] for query in call["MetricDataQueries"]}
            for call in cloudwatch.asked
            if "NextToken" not in call
        ]

    assert ["DiskUtilization" in asked for asked in names] == [False, True]
