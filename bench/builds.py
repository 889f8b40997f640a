"""The application as ``sam build`` leaves it, and as it is deployed."""

import os
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tools.layers.build import prepare

_ROOT = Path(__file__).parent.parent
_BARE = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "slack_sdk", "urllib3", "six.py")


@dataclass(frozen=True)
class Builds:
    """``plain`` is what ``sam build`` leaves; in ``deployed`` it is trimmed and compiled.

    ``bare`` holds boto3 and what it needs, as they were installed: the libraries of a handler that has nothing else.
    """

    plain: Path
    deployed: Path
    bare: Path

    @classmethod
    def make(cls, folder: Path, given: Path | None = None) -> "Builds":
        """Build into a folder, or copy what ``sam build`` left in ``given``."""
        builds = cls(folder / "plain", folder / "deployed", folder / "bare")
        if given:
            shutil.copytree(given, builds.plain)
        else:
            command = ["sam", "build", "--cached", "--parallel", "--build-dir", str(builds.plain)]
            env = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
            subprocess.run(command, cwd=_ROOT, env=env, check=True, capture_output=True)
        shutil.copytree(builds.plain, builds.deployed)
        prepare(builds.deployed)
        _copy_libraries(builds.bare)
        return builds


def _copy_libraries(folder: Path) -> None:
    """Copy the pinned libraries of a bare handler, without their bytecode."""
    folder.mkdir()
    installed = Path(sysconfig.get_path("purelib"))
    for name in _BARE:
        if (installed / name).is_dir():
            shutil.copytree(installed / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(installed / name, folder)
