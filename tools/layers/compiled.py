"""Compile what a start of a built layer would compile from text; ``sagewatch.runtime.start`` uses it."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

_NOTES = Path(__file__).with_name("notes.py")


def compile_texts(package: Path, target: Path) -> None:
    """Write what importing the package compiles, with the libraries next to it.

    Those with machine code are this environment's, which are the same versions: a layer may be for another processor.
    Columns are left out, for no file has these texts to show them in.

    Raises ``SystemExit`` if a module cannot be imported.
    """
    command = [sys.executable, "-B", "-P", "-X", "no_debug_ranges", str(_NOTES), str(package)]
    with TemporaryDirectory() as folder:
        _link_machine_code(package.parent, Path(folder))
        path = os.pathsep.join((folder, str(package.parent)))
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
        done = subprocess.run(command, env=env, capture_output=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        raise SystemExit(f"{package} cannot be imported:\n{done.stderr.decode()}")
    target.write_bytes(done.stdout)


def _link_machine_code(layer: Path, folder: Path) -> None:
    """Put this environment's packages in the place of those of a layer that hold machine code."""
    for name in sorted({path.relative_to(layer).parts[0] for path in layer.rglob("*.so")}):
        found = find_spec(name)
        if found and found.submodule_search_locations:
            (folder / name).symlink_to(found.submodule_search_locations[0], target_is_directory=True)
