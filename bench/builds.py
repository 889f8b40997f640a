"""The application as ``sam build`` leaves it, and as it is deployed."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.layers.build import prepare

_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Builds:
    """``plain`` holds the libraries as they were installed; in ``deployed`` they are trimmed and compiled."""

    plain: Path
    deployed: Path

    @classmethod
    def make(cls, folder: Path, given: Path | None = None) -> "Builds":
        """Build into a folder, or copy what ``sam build`` left in ``given``."""
        builds = cls(folder / "plain", folder / "deployed")
        if given:
            shutil.copytree(given, builds.plain)
        else:
            command = ["sam", "build", "--cached", "--parallel", "--build-dir", str(builds.plain)]
            env = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
            subprocess.run(command, cwd=_ROOT, env=env, check=True, capture_output=True)
        shutil.copytree(builds.plain, builds.deployed)
        prepare(builds.deployed)
        return builds
