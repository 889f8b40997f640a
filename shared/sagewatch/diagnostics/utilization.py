"""Measure a job's utilization: CloudWatch's numbers as percentages of capacity, by host and in total.

Facts: "SageMaker AI job metrics" in the developer guide (monitoring-cloudwatch). ``CPUUtilization`` is 0 to 100 for
each core, ``GPUUtilization`` and ``GPUMemoryUtilization`` 0 to 100 for each GPU, ``MemoryUtilization`` and
``DiskUtilization`` 0 to 100; transform jobs have no ``DiskUtilization``. A core is taken to be a vCPU ("four CPUs: 0 to
400 %"), which the guide does not say in so many words.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sagewatch.diagnostics.host_metrics import HostMetric, MetricSeries, RawHosts, Window, hosts_of, metrics_of
from sagewatch.formatting import duration
from sagewatch.sagemaker.instance_types import InstanceFacts, facts_of
from sagewatch.sagemaker.resources import Job

_SLACK = 1.1  # a sample may be a little above what there is; more than that refutes the type


@dataclass(frozen=True, slots=True)
class Load:
    """Percent of the capacity: on average and at the peak."""

    average: float
    peak: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HostUtilization:
    """One host. ``None`` is not known, or nothing of the kind; ``covered`` is the part of the time that has points.

    ``disk`` is known only if it has as many points as the others.
    """

    host: str
    instance_type: str | None
    cpu: Load | None
    memory: Load | None
    gpu: Load | None
    gpu_memory: Load | None
    covered: float
    disk: Load | None = None


@dataclass(frozen=True, slots=True)
class Utilization:
    """All hosts that have metrics, in order, and how many have none."""

    hosts: tuple[HostUtilization, ...]
    silent: int
    window: Window

    @property
    def covered(self) -> float:
        """What part of the time is known of every host."""
        return 0 if self.silent else min((host.covered for host in self.hosts), default=0)

    @property
    def whole(self) -> HostUtilization:
        """All hosts as one: the mean of their averages, the highest of their peaks, of those where it is known.

        The disk is known only if that of every host is.
        """
        return HostUtilization(
            host={2: "both hosts"}.get(len(self.hosts), f"all {len(self.hosts)} hosts"),
            instance_type=None,
            cpu=_joined(host.cpu for host in self.hosts),
            memory=_joined(host.memory for host in self.hosts),
            gpu=_joined(host.gpu for host in self.hosts),
            gpu_memory=_joined(host.gpu_memory for host in self.hosts),
            covered=self.covered,
            disk=_joined(host.disk for host in self.hosts) if all(host.disk for host in self.hosts) else None,
        )


def _joined(loads: Iterable[Load | None]) -> Load | None:
    known = [load for load in loads if load is not None]
    if not known:
        return None
    return Load(sum(load.average for load in known) / len(known), max(load.peak for load in known))


def measure(job: Job, raw: RawHosts, window: Window) -> Utilization:
    """Convert a job's CloudWatch metrics in a time window to percentages of what its hosts have."""
    names, expected = hosts_of(job), sum(group.count for group in job.groups)
    only = job.groups[0].instance_type if len(job.groups) == 1 else None
    types = {host: names.get(host) if names else only for host in raw}
    reporting = sorted((host for host, metrics in raw.items() if metrics), key=lambda host: (len(host), host))
    hosts = tuple(_measured(host, types[host], raw[host], window) for host in reporting)
    return Utilization(hosts, max(0, expected - len(hosts)), window)


def _measured(
    host: str, instance_type: str | None, raw: Mapping[HostMetric, MetricSeries], window: Window
) -> HostUtilization:
    facts = facts_of(instance_type)
    if facts and _refuted(facts, raw):
        instance_type = facts = None
    cpus, gpus = (facts.vcpus, facts.gpus) if facts else (0, 0)
    wanted = metrics_of(instance_type) if facts else tuple(raw.keys() - {HostMetric.DISK})
    points = min((raw[metric].periods if metric in raw else 0 for metric in wanted), default=0)
    disk = raw.get(HostMetric.DISK)
    return HostUtilization(
        host=host,
        instance_type=instance_type,
        cpu=_load(raw.get(HostMetric.CPU), cpus),
        memory=_load(raw.get(HostMetric.MEMORY), 1),
        gpu=_load(raw.get(HostMetric.GPU), gpus),
        gpu_memory=_load(raw.get(HostMetric.GPU_MEMORY), gpus),
        covered=min(1, points / window.periods),
        disk=_load(disk, 1) if disk and disk.periods >= points else None,
    )


def _refuted(facts: InstanceFacts, raw: Mapping[HostMetric, MetricSeries]) -> bool:
    """Whether the numbers cannot be those of that type: more work than it has cores, GPUs where it has none."""
    units = {HostMetric.CPU: facts.vcpus, HostMetric.GPU: facts.gpus, HostMetric.GPU_MEMORY: facts.gpus}
    return any(metric in raw and raw[metric].peak > 100 * count * _SLACK for metric, count in units.items())


def _load(raw: MetricSeries | None, units: int) -> Load | None:
    return Load(min(100, raw.average / units), min(100, raw.peak / units)) if raw and units else None


_LISTED = 8  # hosts
_NEARLY_ALL = 0.9  # of a run; a period at its edges may be missing
_HUNG_FOR = timedelta(hours=1)
_HUNG_COVERED = 0.8  # of the minutes: the newest are a little late
_HUNG_GPU, _HUNG_CPU = 1, 5  # percent
NO_METRICS = "CloudWatch has no metrics for this job"


def looks_hung(use: Utilization) -> bool:
    """Whether a job seems to do nothing at all.

    So it is where for a whole hour, of which four fifths of the minutes are known of every host, no host's GPUs came to
    1 % of what they are, nor its CPUs to 5 %. One with accelerators that have no metrics never looks hung.
    """
    known = use.window.length >= _HUNG_FOR and use.covered >= _HUNG_COVERED
    return known and all(_at_rest(host) for host in use.hosts)


def _at_rest(host: HostUtilization) -> bool:
    facts = facts_of(host.instance_type)
    if facts is None or facts.accelerators_unmeasured or host.cpu is None or host.cpu.peak >= _HUNG_CPU:
        return False
    return not facts.gpus or (host.gpu is not None and host.gpu.peak < _HUNG_GPU)


def running_sentence(use: Utilization) -> str:
    """What a running job used: ``GPU 0 %, GPU memory 87 %, CPU 3 % over the last hour on 2 hosts: it looks hung``."""
    said = ", ".join(f"{name} {load.average:.0f} %" for name, load in _loads(use.whole))
    if not said:
        return NO_METRICS
    span = "hour" if use.window.length >= _HUNG_FOR else duration(int(use.window.length.total_seconds()))
    total = len(use.hosts) + use.silent
    hosts = f"{len(use.hosts)} of {total} hosts" if use.silent else "1 host" if total == 1 else f"{total} hosts"
    return f"{said} over the last {span} on {hosts}{': it looks hung' if looks_hung(use) else ''}"


def report_lines(use: Utilization) -> Iterator[str]:
    """Yield what an ended job's hosts used, eight of them at most, and what all of them did, where there are more."""
    if not use.hosts:
        yield NO_METRICS
        return
    for host in use.hosts[:_LISTED]:
        yield _line(f"{host.host} ({host.instance_type})" if host.instance_type else host.host, host)
    if len(use.hosts) > _LISTED:
        yield f"and {len(use.hosts) - _LISTED} more"
    if len(use.hosts) > 1:
        yield _line(use.whole.host, use.whole)
    if use.silent:
        yield f"no metrics for {use.silent} more"
    elif use.covered < _NEARLY_ALL:
        yield f"the metrics cover {100 * use.covered:.0f} % of its run"


def _line(name: str, host: HostUtilization) -> str:
    said = ", ".join(f"{what} {load.average:.0f} % (peak {load.peak:.0f} %)" for what, load in _loads(host))
    return f"{name}: {said or 'not known what its numbers are a part of'}"


def _loads(host: HostUtilization) -> Iterator[tuple[str, Load]]:
    loads = (("GPU", host.gpu), ("GPU memory", host.gpu_memory), ("CPU", host.cpu), ("memory", host.memory))
    return ((name, load) for name, load in loads if load is not None)
