"""Where SageWatch can be deployed: tools on this machine, and the region."""

import shutil
import subprocess
from collections.abc import Iterable

from sagewatch.errors import SettingsError
from sagewatch.sagemaker.resources import partition_of

SUPPORTED = frozenset({"aws", "aws-us-gov", "aws-cn"})  # template.yaml has the same, and refuses others
_TOOLS = {"sam": "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html"}


def missing_tools(names: Iterable[str] = _TOOLS) -> list[str]:
    """A sentence for each tool that is not on the PATH, and for a Python without pip."""
    found = [f"{name} is not on the PATH. Install it: {_TOOLS[name]}" for name in names if shutil.which(name) is None]
    python = shutil.which("python3.13")
    builds = python and _has_pip(python)
    if not builds and shutil.which("docker") is None:
        found.append("sam build needs a python3.13 with pip on the PATH, or Docker.")
    return found


def _has_pip(python: str) -> bool:
    done = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)  # noqa: S603 - a Python
    return done.returncode == 0


def check_partition(region: str) -> str:
    """The partition of a region. Raises ``SettingsError`` for one that SageWatch does not support, by its name."""
    partition = partition_of(region)
    if partition not in SUPPORTED:
        raise SettingsError(
            f"SageWatch does not support the partition {partition} ({region}): it knows no prices there."
        )
    return partition
