"""``make corpus``: how many cases get the right line, class and step and show no secret, before and after."""

import json
import os
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.corpus.reading import COLUMNS, Answer, answer, cases, load, mistakes

BEFORE = "a36f5fc"  # the last commit with one heuristic pass over the log
_ROOT = Path(__file__).parents[2]
_ASKED = {"line": "line", "class": "class", "step": "step", "secret": "hidden"}
_TITLES = {"line": "right line", "class": "right class", "step": "right step", "secret": "no secret shown"}


def main() -> None:
    """Print both columns, and what is wrong now."""
    corpus = {name: load(name) for name in cases()}
    now = {name: mistakes(case, answer(case)) for name, case in corpus.items()}
    then = _before(corpus)
    print(f"{len(corpus)} cases{'':17}before ({BEFORE})      after")  # noqa: T201 - a report
    for column in COLUMNS:
        asked = [name for name, case in corpus.items() if _ASKED[column] in case["expect"]]
        cells = [_cell(found, asked, column) for found in (then, now)]
        print(f"{_TITLES[column]:<22}{cells[0]:>20}{cells[1]:>20}")  # noqa: T201 - a report
    for name, wrong in now.items():
        for column, what in wrong.items():
            print(f"wrong: {name}: {column}: {what}")  # noqa: T201 - a report


def _cell(found: Mapping[str, Mapping[str, str]] | None, asked: list[str], column: str) -> str:
    if found is None:
        return "not available"
    right = Counter(column not in found[name] for name in asked)[True]
    return f"{right} of {len(asked)} ({100 * right / len(asked):.1f} %)"


def _before(corpus: Mapping[str, Any]) -> dict[str, dict[str, str]] | None:
    """Run the earlier commit on the same cases; ``None`` in a clone without that commit."""
    archive = ["git", "archive", BEFORE, "shared", "tests"]
    tree = subprocess.run(archive, cwd=_ROOT, capture_output=True, check=False)  # noqa: S603 - the developer's git
    if tree.returncode:
        return None
    with TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(tree.stdout)) as files:
            files.extractall(folder, filter="data")
        paths = f"{folder}{os.pathsep}{folder}/shared"
        ran = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-P", str(Path(__file__).parent / "before.py")],
            input=json.dumps(corpus),
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            check=True,
            text=True,
        )
    answers = json.loads(ran.stdout)
    return {name: mistakes(case, Answer(**answers[name])) for name, case in corpus.items()}


if __name__ == "__main__":
    main()
