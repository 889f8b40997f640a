"""Compile what a start of a built layer would compile from text; ``sagewatch.runtime.start`` uses it."""

import os
import subprocess
import sys
from pathlib import Path

_NOTES = Path(__file__).with_name("notes.py")


def compile_texts(package: Path, target: Path) -> None:
    """Write what importing the package compiles. Its libraries are this environment's, which are the pinned ones.

    Columns are left out, for no file has these texts to show them in.

    Raises ``SystemExit`` if a module cannot be imported.
    """
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(package.parent), "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-B", "-P", "-X", "no_debug_ranges", str(_NOTES), str(package)]
    done = subprocess.run(command, env=env, capture_output=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        raise SystemExit(f"{package} cannot be imported:\n{done.stderr.decode()}")
    target.write_bytes(done.stdout)
