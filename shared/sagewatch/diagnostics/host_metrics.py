"""What is asked about a job's hosts: which metrics of which host, for which time, and the numbers that answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, islice, repeat

from sagewatch.sagemaker.instance_types import facts_of
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.sagemaker.resources import Job

_MINUTE = timedelta(minutes=1)
# CloudWatch keeps minutes for 15 days, five minutes for 63 and hours for 455: each is a whole number of those by then.
_PERIODS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720))
_MOST_PERIODS = 60
_MOST_HOSTS = 1000  # that have a type here; events may name any count


class HostMetric(StrEnum):
    """What a job's hosts have metrics of."""

    CPU = "CPU"
    MEMORY = "memory"
    GPU = "GPU"
    GPU_MEMORY = "GPU memory"
    DISK = "disk"


def metrics_of(instance_type: str | None) -> tuple[HostMetric, ...]:
    """The metrics of work that a host of that type may have: one without GPUs has none of theirs."""
    facts = facts_of(instance_type)
    cpu_and_memory = (HostMetric.CPU, HostMetric.MEMORY)
    return cpu_and_memory if facts and not facts.gpus else (*cpu_and_memory, HostMetric.GPU, HostMetric.GPU_MEMORY)


@dataclass(frozen=True, slots=True)
class Window:
    """A time to read metrics for, in whole minutes, and the period of their points, of which there are at most 60."""

    begin: datetime
    end: datetime

    @classmethod
    def of(cls, begin: datetime, end: datetime) -> "Window":
        """The whole minutes around a time. Anything but a positive length becomes the one minute at its end."""
        last = end.replace(second=0, microsecond=0) + (_MINUTE if end.second or end.microsecond else timedelta(0))
        return cls(min(begin.replace(second=0, microsecond=0), last - _MINUTE), last)

    @property
    def length(self) -> timedelta:
        """From begin to end."""
        return self.end - self.begin

    @property
    def period(self) -> timedelta:
        """The shortest period that gives no more points than are needed."""
        return next((period for period in _PERIODS if self.length / period <= _MOST_PERIODS), _PERIODS[-1])

    @property
    def periods(self) -> int:
        """How many points a metric without gaps has."""
        return -(-self.length // self.period)


@dataclass(frozen=True, slots=True)
class MetricSeries:
    """One metric of one host from CloudWatch: its average, its peak and its number of periods."""

    average: float
    peak: float
    periods: int


RawHosts = Mapping[str, Mapping[HostMetric, MetricSeries]]  # by the part of the dimension Host behind the job's name


def hosts_of(job: Job) -> Mapping[str, str] | None:
    """Return the types of a job's first hosts by name, at most 1,000; ``None`` if the names are not known beforehand.

    Training and processing name them algo-1 to algo-N. That the groups of a heterogeneous cluster are numbered through
    in the order of InstanceGroups is inferred; numbers that no host of its type can have are not believed. Transform
    jobs name theirs by instance IDs.
    """
    if not KIND_FACTS[job.kind].hosts_are_numbered:
        return None
    types = chain.from_iterable(repeat(group.instance_type, group.count) for group in job.groups)
    return {f"algo-{number}": name for number, name in enumerate(islice(types, _MOST_HOSTS), 1)}
