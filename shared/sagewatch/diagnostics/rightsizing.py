"""Suggest a cheaper instance type that would have been enough for a job, with the evidence in words.

The rule. A cheaper type is suggested to a job of one instance group, if

- it completed: one that failed or was stopped may not have done its work yet;
- metrics of every host cover at least half of its run;
- the type is sold for the same component of the price list in the same region, with a price of its own there;
- it has the same processor architecture and is not burstable, unless the job's type was;
- it has the same model of GPU, for utilisation says nothing of another model's speed. Only where no GPU was used at
  all (peak GPU below 1 %, peak GPU memory below 5 %) is it one without any accelerator;
- its vCPUs, its memory, its GPUs and their memory are at least 1.3 times what the job used at its peak;
- its disk is as large as the job's, or 1.3 times what the job used of it at its peak. A type without NVMe disks has the
  volume that the job asked for. Nothing is suggested where the size of a disk is unknown;
- an hour of it costs at most 80 % of an hour of the job's type.

SageWatch suggests the cheapest such type, with the cost of the volume that goes with it. It suggests nothing for
Trainium or Inferentia: they publish no metrics of their utilization.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from sagewatch.diagnostics.utilization import HostUtilization, Utilization
from sagewatch.formatting import money
from sagewatch.ledger.records import CostRecord
from sagewatch.pricing.book import PriceBook, component_of, has_ml_volume
from sagewatch.pricing.job_cost import cost_of, is_lower_bound
from sagewatch.sagemaker.instance_types import InstanceFacts, facts_of
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus

_COVERED = 0.5
_ROOM = 1.3
_CHEAPER = Decimal("0.8")
_UNUSED_GPU, _UNUSED_GPU_MEMORY = 1, 5  # percent


@dataclass(frozen=True, slots=True)
class _Need:
    """What the busiest host used at its peak."""

    vcpus: float
    memory_gib: float
    disk_gib: float
    gpus: float = 0
    gpu_memory_gib: float = 0
    accelerated: bool = False

    def fits(self, facts: InstanceFacts) -> bool:
        """Whether that type has what the job needs, with headroom."""
        return (
            facts.vcpus >= _ROOM * self.vcpus
            and facts.memory_gib >= _ROOM * self.memory_gib
            and facts.gpus >= _ROOM * self.gpus
            and facts.gpu_memory_gib >= _ROOM * self.gpu_memory_gib
        )


def suggestion(job: Job, row: CostRecord, use: Utilization, book: PriceBook) -> str | None:
    """Suggest a cheaper type that would have been enough, with the evidence and both costs; ``None`` if none is."""
    sized = job.status is JobStatus.COMPLETED and len(job.groups) == 1
    facts = facts_of(job.groups[0].instance_type) if sized else None
    whole, price = use.whole, book.instance_hour(job.kind, facts.instance_type) if facts else None
    if facts is None or facts.accelerators_unmeasured or price is None or use.covered < _COVERED:
        return None
    need = _need(job, facts, whole) if all(host.instance_type == facts.instance_type for host in use.hosts) else None
    if need is None:
        return None
    found = min(_cheaper(job, facts, need, price.usd, book), default=None)
    costs = found and _costs(job, row, found[1], book)
    if found is None or costs is None:
        return None
    evidence, count = (
        _evidence(job, facts, whole, unused=bool(facts.gpus) and not need.accelerated),
        job.groups[0].count,
    )
    fleet = found[1] if count == 1 else f"{count} x {found[1]}"
    own, other = (has_ml_volume(InstanceGroup(name, 1)) for name in (facts.instance_type, found[1]))
    volume = " with its volume" if other and not own and job.volume_gb else ""
    return (
        f"{evidence} on {facts.instance_type}. With {fleet} it would cost about {money(costs[1])}{volume} instead of "
        f"{money(costs[0])}, if it takes the same time"
    )


def _need(job: Job, facts: InstanceFacts, whole: HostUtilization) -> _Need | None:
    """Return the busiest host's peak of each resource; ``None`` if one is unknown."""
    disk = _disk_gib(job, facts)
    if whole.cpu is None or whole.memory is None or disk is None:
        return None
    used_disk = min(disk, _ROOM * disk * whole.disk.peak / 100) if whole.disk else disk
    vcpus, memory = whole.cpu.peak * facts.vcpus / 100, whole.memory.peak * facts.memory_gib / 100
    if not facts.gpus:
        return _Need(vcpus, memory, used_disk)
    if whole.gpu is None or whole.gpu_memory is None:
        return None
    if whole.gpu.peak < _UNUSED_GPU and whole.gpu_memory.peak < _UNUSED_GPU_MEMORY:
        return _Need(vcpus, memory, used_disk)
    gpus, gpu_memory = whole.gpu.peak * facts.gpus / 100, whole.gpu_memory.peak * facts.gpu_memory_gib / 100
    return _Need(vcpus, memory, used_disk, gpus, gpu_memory, accelerated=True)


def _disk_gib(job: Job, facts: InstanceFacts) -> float | None:
    """Return the size of the disk that the job has on a host of a type: its NVMe disks, else the job's volume."""
    if has_ml_volume(InstanceGroup(facts.instance_type, 1)):
        return job.volume_gb or None
    return facts.nvme_gib or None


def _cheaper(
    job: Job, facts: InstanceFacts, need: _Need, usd: Decimal, book: PriceBook
) -> Iterator[tuple[Decimal, str]]:
    """Yield the types that would have been enough, each after its price."""
    accelerator = facts.accelerator if need.accelerated else ""
    for name, price in book.hourly.get(component_of(job.kind), {}).items():
        other = facts_of(name)
        if (
            other is not None
            and price.usd <= usd * _CHEAPER
            and other.accelerator == accelerator
            and other.architecture == facts.architecture
            and other.burstable <= facts.burstable
            and need.fits(other)
            and _disk_fits(job, other, need)
        ):
            yield price.usd, name


def _disk_fits(job: Job, other: InstanceFacts, need: _Need) -> bool:
    disk = _disk_gib(job, other)
    return disk is not None and disk >= need.disk_gib


def _costs(job: Job, row: CostRecord, instance_type: str, book: PriceBook) -> tuple[Decimal, Decimal] | None:
    """What the job cost, and would have cost on that type with the same discount; ``None`` if one is not known."""
    listed = cost_of(job, book)
    other = cost_of(replace(job, groups=(InstanceGroup(instance_type, job.groups[0].count),)), book)
    if row.cost_usd is None or not listed.list_usd or other.list_usd is None:
        return None
    if is_lower_bound(other.reason) > is_lower_bound(listed.reason):  # the volume that is added has no known price
        return None
    would = row.cost_usd * other.list_usd / listed.list_usd
    return (row.cost_usd, would) if would < row.cost_usd else None


def _evidence(job: Job, facts: InstanceFacts, whole: HostUtilization, *, unused: bool) -> str:
    peaks = [
        (whole.cpu, f"the {facts.vcpus} vCPUs"),
        (whole.memory, f"the {facts.memory_gib:.0f} GiB of memory"),
        (whole.disk, f"the {_disk_gib(job, facts) or 0:.0f} GiB of disk"),
    ]
    if facts.gpus and not unused:
        gpus = (whole.gpu, f"the {facts.gpus} x {facts.accelerator}")
        peaks = [gpus, (whole.gpu_memory, f"the {facts.gpu_memory_gib:.0f} GiB of GPU memory"), *peaks]
    said = ", ".join(f"{load.peak:.0f} % of {there}" for load, there in peaks if load)
    return f"it used no GPU, and at most {said}" if unused else f"at most it used {said}"
