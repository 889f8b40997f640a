"""The CloudWatch agent's metrics, where people installed it as the aws-samples lifecycle scripts do.

Notebook instances publish no metrics themselves. The agent adds ``host`` and ``cpu``, or ``index``, ``name`` and
``arch``, to the one dimension that is known beforehand, so the metrics have to be searched for.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.cloudwatch.metric_data import metric_results
from sagewatch.adapters.evidence_guard import unknown_on_error
from sagewatch.formatting import clock_time
from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from sagewatch.idle.ports import EvidenceSource
from sagewatch.patterns import lazy_pattern
from sagewatch.sagemaker.instance_types import facts_of
from sagewatch.sagemaker.notebooks import Notebook

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

_PERIOD = timedelta(minutes=5)
_GAP = timedelta(minutes=15)  # what a longer gap hides counts as activity
_RECENT = timedelta(minutes=10)
_COVERED = 0.8  # of the periods
_BUSY_CPU, _BUSY_GPU = 10.0, 5.0  # percent
_TELLING = 8  # CPUs: one of nine at work is 11 percent of all
# Both aws-samples configurations: one publishes how busy each core is, the other only how idle.
_METRICS: Mapping[str, tuple[str, str]] = {
    "active": ("cpu_usage_active", "Maximum"),
    "idle": ("cpu_usage_idle", "Minimum"),
    "gpu": ("nvidia_smi_utilization_gpu", "Maximum"),
}
_ACCELERATED = lazy_pattern(r"ml\.(g|p|trn|inf)\d")

Points = dict[datetime, float]


@dataclass(frozen=True, slots=True)
class _Usage:
    """The highest percentage of any core and of any GPU, by the beginning of its five minutes."""

    cpu: Points = field(default_factory=dict)
    gpu: Points = field(default_factory=dict)
    series: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def cores(self) -> int:
        """How many CPUs are published one by one."""
        return max(len(self.series["active"]), len(self.series["idle"]))

    def add(self, metric: str, moment: datetime, value: float) -> None:
        """Take in a point."""
        points = self.gpu if metric == "gpu" else self.cpu
        percent = 100 - value if metric == "idle" else value
        points[moment] = max(percent, points.get(moment, percent))

    def busy(self) -> Iterator[tuple[datetime, str]]:
        """Yield the beginnings of the periods in which something ran, with what."""
        yield from ((moment, f"CPU at {percent:.0f} %") for moment, percent in self.cpu.items() if percent > _BUSY_CPU)
        yield from ((moment, f"GPU at {percent:.0f} %") for moment, percent in self.gpu.items() if percent > _BUSY_GPU)


class AgentEvidence(EvidenceSource):
    """The metrics of the CloudWatch agent. Missing data is never idle."""

    PERMISSIONS: ClassVar = ("cloudwatch:GetMetricData",)

    def __init__(self, client_for: Callable[[str], "CloudWatchClient"]) -> None:
        self._client_for = client_for

    @override
    def read(self, notebook: Notebook, now: datetime, back_to: datetime) -> Reading:
        return unknown_on_error(Source.AGENT, lambda: self._read(notebook, now, back_to))

    def _read(self, notebook: Notebook, now: datetime, back_to: datetime) -> Reading:
        """A notebook that was only just started or changed has nothing to show for the time before."""
        start = max(back_to, notebook.modified_at or notebook.created_at or back_to)
        usage = self._usage(notebook, start, now)
        ran, what = max(usage.busy(), default=(start - _PERIOD, ""))
        ended = min(ran + _PERIOD, now)
        if what and now - ended <= _RECENT:
            return Active(Source.AGENT, None, what)
        lack = _lack(notebook, usage, start, now)
        if lack:
            return Unknown(Source.AGENT, lack)
        since = max(ended, _whole_since(usage.cpu, start), _whole_since(usage.gpu, start))
        words = f"CPU and GPU idle since {clock_time(since, now)}"
        covers_since = None if start > back_to else start
        return Idle(Source.AGENT, since if since > start else None, words, covers_since)

    def _usage(self, notebook: Notebook, start: datetime, now: datetime) -> _Usage:
        usage = _Usage()
        for number, result in enumerate(self._results(notebook, start, now)):
            usage.series[result["Id"]].add(result.get("Label", str(number)))
            for moment, value in zip(result["Timestamps"], result["Values"], strict=True):
                usage.add(result["Id"], moment.astimezone(UTC), value)
        return usage

    def _results(self, notebook: Notebook, start: datetime, now: datetime) -> Iterator[Mapping[str, Any]]:
        """CloudWatch cuts periods from where the request begins, so it begins on a whole one."""
        return metric_results(
            self._client_for(notebook.scope),
            notebook.name,
            MetricDataQueries=[
                {"Id": name, "Expression": _search(notebook, metric, statistic)}
                for name, (metric, statistic) in _METRICS.items()
            ],
            StartTime=start - timedelta(seconds=start.timestamp() % _PERIOD.total_seconds()),
            EndTime=now,
        )


def _search(notebook: Notebook, metric: str, statistic: str) -> str:
    """Find every series of that metric, whatever other dimensions it has."""
    terms = f'Namespace="SageMakerNotebookInstances" MetricName="{metric}" notebook_instance_name="{notebook.name}"'
    return f"SEARCH('{terms}', '{statistic}', {_PERIOD.seconds})"


def _lack(notebook: Notebook, usage: _Usage, start: datetime, now: datetime) -> str | None:
    """Say which metrics are missing, so that no activity cannot be concluded. ``None`` if nothing is missing."""
    if not usage.cpu and not usage.gpu:
        return "the notebook publishes no metrics"
    if not _covers(usage.cpu, start, now):
        return "its CPU metrics have gaps"
    if _may_have_gpus(notebook) and not usage.gpu:
        return "it may have GPUs and publishes no metrics of theirs"
    if usage.gpu and not _covers(usage.gpu, start, now):
        return "its GPU metrics have gaps"
    return _hidden(notebook, usage)


def _hidden(notebook: Notebook, usage: _Usage) -> str | None:
    """What the average of many CPUs, or the metrics of some GPUs, cannot show."""
    facts = facts_of(notebook.instance_type)
    if facts is None:
        return None
    if usage.cores() < facts.vcpus and facts.vcpus > _TELLING:
        return f"it publishes no metrics of each CPU, and one busy CPU of {facts.vcpus} does not show in their average"
    if len(usage.series["gpu"]) < facts.gpus:
        return f"it publishes metrics of {len(usage.series['gpu'])} of its {facts.gpus} GPUs"
    return None


def _may_have_gpus(notebook: Notebook) -> bool:
    return notebook.instance_type is None or _ACCELERATED.match(notebook.instance_type) is not None


def _covers(moments: Collection[datetime], start: datetime, now: datetime) -> bool:
    """Whether most periods have a point, and the newest are among them."""
    there = [moment for moment in moments if moment + _PERIOD > start]
    return bool(there) and now - max(there) <= _GAP and len(there) >= _COVERED * ((now - start) // _PERIOD)


def _whole_since(moments: Collection[datetime], start: datetime) -> datetime:
    """Since when there is no long gap."""
    ordered = sorted({start, *(moment for moment in moments if moment > start)})
    return max((later for earlier, later in pairwise(ordered) if later - earlier > _GAP), default=start)
