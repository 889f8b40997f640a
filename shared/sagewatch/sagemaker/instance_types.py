"""What an instance of each type has, from the table that ships with the code (``prices/README.md``, "Instances")."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parent.parent / "instance_facts.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFacts:
    """One instance type. Memory is in GiB, ``gpu_memory_gib`` that of all its GPUs, ``nvme_gib`` all its local disks.

    ``accelerator`` is maker and model, empty without one. Trainium and Inferentia are accelerators and no GPUs.
    """

    instance_type: str
    vcpus: int
    memory_gib: float
    gpus: int
    gpu_memory_gib: float
    accelerator: str
    architecture: str
    nvme_gib: float = 0

    @property
    def burstable(self) -> bool:
        """Whether its CPUs run at full speed only for a limited time (EC2: the T families)."""
        return self.instance_type.startswith("ml.t")

    @property
    def accelerators_unmeasured(self) -> bool:
        """Whether it has accelerators whose utilization SageMaker does not publish."""
        return bool(self.accelerator) and not self.gpus


def facts_of(instance_type: str | None) -> InstanceFacts | None:
    """Look a type up; ``None`` for one that is not in the table, which is never guessed at."""
    return _table().get(instance_type) if instance_type else None


@cache
def _table() -> Mapping[str, InstanceFacts]:
    text = _TABLE.read_text(encoding="utf-8")
    return {row["instance_type"]: _facts(row) for row in csv.DictReader(text.splitlines())}


def _facts(row: Mapping[str, str]) -> InstanceFacts:
    return InstanceFacts(
        instance_type=row["instance_type"],
        vcpus=int(row["vcpus"]),
        memory_gib=float(row["memory_gib"]),
        gpus=int(row["gpus"]),
        gpu_memory_gib=float(row["gpu_memory_gib"]),
        accelerator=row["accelerator"],
        architecture=row["architecture"],
        nvme_gib=float(row["nvme_gib"]),
    )
