"""Generate the shipped table of instance types from EC2's description of them.

Run it with ``make facts``. The source is DescribeInstanceTypes as moto ships it, for the types that ``prices/`` or
botocore's enums of SageMaker name; an ``ml.`` type is taken to have what EC2's type of that name has.
"""

import csv
import gzip
import importlib.resources
import json
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import botocore.session

PRICES = Path("prices/sagemaker_prices.csv")
TARGET = Path("shared/sagewatch/instance_facts.csv")
COLUMNS = ("instance_type", "vcpus", "memory_gib", "gpus", "gpu_memory_gib", "accelerator", "architecture", "nvme_gib")
_ENUMS = ("TrainingInstanceType", "ProcessingInstanceType", "TransformInstanceType", "InstanceType")
_PREFIX = "ml."


def facts() -> Iterator[Mapping[str, object]]:
    """Yield a row for each type that EC2 describes, and skip the others."""
    described = _described()
    for name in sorted(_names()):
        known = described.get(name.removeprefix(_PREFIX))
        if known is not None and not _is_split(known):
            yield _row(name, known)


def _described() -> Mapping[str, Mapping[str, Any]]:
    packed = importlib.resources.files("moto").joinpath("ec2/resources/instance_types.json.gz").read_bytes()
    types: Mapping[str, Mapping[str, Any]] = json.loads(gzip.decompress(packed))
    return types


def _names() -> set[str]:
    with PRICES.open(encoding="utf-8", newline="") as file:
        names = {row["instance_type"] for row in csv.DictReader(file)}
    model = botocore.session.get_session().get_service_model("sagemaker")
    for enum in _ENUMS:
        names.update(model.shape_for(enum).enum)  # type: ignore[attr-defined] # a string shape has one
    return names


def _is_split(known: Mapping[str, Any]) -> bool:
    """Whether the type has a fraction of a GPU, which a whole number cannot express."""
    return any(gpu["Count"] < 1 for gpu in known.get("GpuInfo", {}).get("Gpus", ()))


def _row(name: str, known: Mapping[str, Any]) -> Mapping[str, object]:
    gpu, neuron = known.get("GpuInfo", {}), known.get("NeuronInfo", {})
    chips = [f"{chip['Manufacturer']} {chip['Name']}" for chip in gpu.get("Gpus", ())]
    chips += [f"AWS {chip['Name']}" for chip in neuron.get("NeuronDevices", ())]
    architectures = known["ProcessorInfo"]["SupportedArchitectures"]
    return {
        "instance_type": name,
        "vcpus": known["VCpuInfo"]["DefaultVCpus"],
        "memory_gib": _gib(known["MemoryInfo"]["SizeInMiB"]),
        "gpus": sum(chip["Count"] for chip in gpu.get("Gpus", ())),
        "gpu_memory_gib": _gib(gpu.get("TotalGpuMemoryInMiB", 0)),
        "accelerator": " + ".join(chips),
        "architecture": "x86_64" if "x86_64" in architectures else architectures[0],
        "nvme_gib": known.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0) * 10**9 // 2**30,
    }


def _gib(mib: int) -> Decimal:
    return Decimal(f"{(Decimal(mib) / 1024).normalize():f}")


def main() -> int:
    """Write the table."""
    rows = list(facts())
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} types written to {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
