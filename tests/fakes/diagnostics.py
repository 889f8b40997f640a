"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import fmean
from typing import override

from sagewatch.diagnostics.host_metrics import HostMetric, MetricSeries, RawHosts, Window
from sagewatch.diagnostics.ports import JobLogs, JobMetrics, LogEvent
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job


@dataclass
class InMemoryJobLogs(JobLogs):
    """Events of streams by the name of their job: a list for each host, or a dictionary of streams by name."""

    written: dict[str, list[list[str]] | dict[str, list[str]]] = field(default_factory=dict)
    failure: Exception | None = None
    calls: list[str] = field(default_factory=list)

    @override
    def streams(self, job: Job) -> Sequence[str]:
        self.calls.append(f"log of {job.name}")
        if self.failure:
            raise self.failure
        return [] if job.kind.is_rollup else list(self._named(job))

    @override
    def tail(self, job: Job, stream: str) -> Sequence[LogEvent]:
        return list(map(LogEvent, self._named(job)[stream][-200:]))

    def _named(self, job: Job) -> dict[str, list[str]]:
        written = self.written.get(job.name, {})
        if isinstance(written, dict):
            return written
        return {f"algo-{number}-1764066682": lines for number, lines in enumerate(written, 1)}


@dataclass
class InMemoryJobMetrics(JobMetrics):
    """The ``JobMetrics`` port on points, by kind and name of the job, host, metric and minute."""

    points: dict[tuple[ResourceKind, str, str, HostMetric], dict[datetime, float]] = field(default_factory=dict)
    failure: Exception | None = None
    calls: list[str] = field(default_factory=list)

    @override
    def read(self, job: Job, window: Window) -> RawHosts:
        self.calls.append(f"{window.length // timedelta(minutes=1)} minutes of {job.kind} {job.name}")
        if self.failure:
            raise self.failure
        hosts: dict[str, dict[HostMetric, MetricSeries]] = {}
        for (kind, name, host, metric), points in self.points.items():
            told = {at: value for at, value in points.items() if window.begin <= at < window.end}
            if (kind, name) == (job.kind, job.name) and told:
                hosts.setdefault(host, {})[metric] = _raw(told, window)
        return hosts


def _raw(points: Mapping[datetime, float], window: Window) -> MetricSeries:
    periods: dict[int, list[float]] = {}
    for at, value in points.items():
        periods.setdefault((at - window.begin) // window.period, []).append(value)
    return MetricSeries(fmean(fmean(values) for values in periods.values()), max(points.values()), len(periods))
