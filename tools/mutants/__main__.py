"""Change the code that calculates money in many small ways, and list the changes that no test notices.

It runs mutmut on a copy, because mutmut wants the code under ``src``. Arguments go to ``mutmut run``, for example
``sagewatch.pricing.*``. ``survivors.txt`` lists the survivors that people have looked at; the run fails for others.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STAGE = ROOT / ".local" / "mutants"
MUTATED = (
    "pricing/accrual.py",
    "pricing/book.py",
    "pricing/job_cost.py",
    "pricing/price_list.py",
    "ledger/families.py",
    "ledger/records.py",
    "ledger/rollups.py",
    "ledger/totals.py",
    "jobs/decisions.py",
    "jobs/lanes.py",
    "jobs/reconcile.py",
    "jobs/settling.py",
    "budgets/budget.py",
    "diagnostics/rightsizing.py",
    "notebooks/month_ends.py",
    "notebooks/session.py",
)
# Tests of whole weeks and of memory are left out: they are slow, or see that the code is not the usual one.
TESTS = (
    "pricing",
    "ledger",
    "jobs/test_decisions.py",
    "jobs/test_lanes.py",
    "jobs/test_reconcile.py",
    "jobs/test_milestones.py",  # it covers what running jobs have cost
    "jobs/test_record.py",
    "jobs/test_sweep.py",
    "budgets/test_budget.py",
    "diagnostics/test_cost_report.py",
    "diagnostics/test_failure_context.py",
    "diagnostics/test_rightsizing.py",
    "notebooks",
)
COPIED = ("tests", "events", "prices", "local", "tools", "functions")
# mutmut 3.7 reads an attribute that pytest 9 no longer has.
NODE_ID = """

pytest.Item._nodeid = property(lambda self: self.nodeid)
"""
CONFIG = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = [{only}]
also_copy = [{copied}]
pytest_add_cli_args = ["-q"]
pytest_add_cli_args_test_selection = [{tests}]
"""


def main() -> int:
    """Copy, run, and compare the survivors with the list."""
    _stage()
    subprocess.run(["mutmut", "run", "--max-children", "2", *sys.argv[1:]], cwd=STAGE, check=False)  # noqa: S603, S607
    found = set(_survivors())
    new = sorted(found - explained())
    print("\n".join([*new, f"{len(found)} mutants survive, {len(new)} of them without an explanation."]))
    return 1 if new else 0


def explained() -> frozenset[str]:
    """The survivors that people have looked at: one a line, ``#`` says why."""
    lines = files(__package__).joinpath("survivors.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(name for line in lines if (name := line.partition("#")[0].strip()))


def _stage() -> None:
    STAGE.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(STAGE / "src", ignore_errors=True)
    shutil.copytree(ROOT / "shared" / "sagewatch", STAGE / "src" / "sagewatch")
    for name in COPIED:
        shutil.rmtree(STAGE / name, ignore_errors=True)
        shutil.copytree(ROOT / name, STAGE / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "template.yaml", STAGE)
    with (STAGE / "tests" / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(NODE_ID)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = project.replace('pythonpath = ["functions", "shared", "."]', 'pythonpath = ["src", "functions", "."]')
    (STAGE / "pyproject.toml").write_text(project + _config(), encoding="utf-8")


def _config() -> str:
    return CONFIG.format(
        only=", ".join(f'"src/sagewatch/{name}"' for name in MUTATED),
        copied=", ".join(f'"{name}"' for name in (*COPIED, "template.yaml", "src")),
        tests=", ".join(f'"tests/unit/{name}"' for name in TESTS),
    )


def _survivors() -> Iterator[str]:
    """Yield the mutants that no test noticed, by mutmut's names."""
    done = subprocess.run(["mutmut", "results"], cwd=STAGE, capture_output=True, text=True, check=False)  # noqa: S607
    for line in done.stdout.splitlines():
        if found := re.fullmatch(r"\s*(\S+): (survived|no tests|timeout|suspicious)", line):
            yield found[1]


if __name__ == "__main__":
    sys.exit(main())
