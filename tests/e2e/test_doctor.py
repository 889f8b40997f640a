"""`make doctor` as an operator runs it, on the deployed stack."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.demo.builders import Run, training
from local.demo.notebook_day import PlayedNotebook, start_notebooks
from local.demo.player import post_json
from local.stack.clock import MOVES, Clock
from local.stack.cloud import ROOT
from tests.e2e.conftest import HANGS_SECONDS, HOME, Account, eventually

# Other tests on this stack put messages there, and play jobs without logs and metrics.
_OF_OTHERS = {"dead-letters", "alarms", "jobs.logs", "jobs.metrics", "notebook.log"}
_HOLD = (
    "clock",
    "stack",
    "regions",
    "tables",
    "jobs.events",
    "jobs.billed-seconds",
    "notebook.jupyter",
    "slack.scopes",
)


def start(account: Account, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """Start it."""
    return subprocess.Popen(  # noqa: S603 - our own tool
        [sys.executable, "-m", "tools.operator.doctor", "--stack", account.env["STACK_NAME"], *arguments],
        cwd=ROOT,
        env={**os.environ, **account.env, "PYTHONPATH": f"{ROOT}:{ROOT}/shared", "COLUMNS": "160", **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rows(account: Account, path: Path, *arguments: str, **variables: str) -> dict[str, dict[str, Any]]:
    """Its report."""
    program = start(account, "--yes", "--report", str(path), *arguments, **variables)
    out, problems = program.communicate(timeout=HANGS_SECONDS)
    assert path.exists(), out + problems
    found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return found


def test_no_row_is_refuted_on_the_local_cloud(account: Account) -> None:
    """With a job that an event reported; what is not checked, says why. The report stays in ``.local/doctor.json``."""
    job = training("doctor-job", Run.ago(0, 30), {"ml.m5.xlarge": 1})
    account.play(replace(job, log=("epoch 1",), metrics={"CPUUtilization": (50.0,)}))
    start_notebooks(account.stage, [PlayedNotebook(name="doctor-lab", does="nothing", jupyter={"kernels": []})])
    assert eventually(lambda: account.rows("doctor-job"))
    found = rows(account, HOME / "doctor.json", "--notebook", "doctor-lab")
    verdicts = {name: row["verdict"] for name, row in found.items()}

    assert {name for name, verdict in verdicts.items() if verdict == "refuted"} <= _OF_OTHERS
    assert [
        verdicts[name] for name in ("clock", "stack", "regions", "tables", "jobs.events", "jobs.billed-seconds")
    ] == ["confirmed"] * 6
    assert {verdict for name, verdict in verdicts.items() if name.startswith(("role.", "slack."))} <= {
        "confirmed",
        "not checked",
    }
    assert account.messages("make doctor") == []


def test_a_missing_permission_is_reported_by_its_role(account: Account, tmp_path: Path) -> None:
    """The other roles have all of theirs."""
    with account.without_permission("TrackNotebook", "sagemaker:DescribeNotebookInstance"):
        found = rows(account, tmp_path / "report.json", "--no-post")
    roles = {
        name: row["verdict"] for name, row in found.items() if name.startswith("role.") and name != "role.protected"
    }

    assert {name for name, verdict in roles.items() if verdict == "refuted"} == {"role.TrackNotebookRole"}
    assert "sagemaker:DescribeNotebookInstance" in found["role.TrackNotebookRole"]["seen"]


def test_a_missing_scope_is_reported_by_its_name(account: Account, tmp_path: Path) -> None:
    """And nothing else of Slack's."""
    post_json(f"{account.cloud.slack_url}/scopes", {"without": ["files:write"]})
    try:
        found = rows(account, tmp_path / "report.json", "--no-post")
    finally:
        post_json(f"{account.cloud.slack_url}/scopes", {"without": []})
    slack = {name for name, row in found.items() if name.startswith("slack.") and row["verdict"] == "refuted"}

    assert (slack, found["slack.scopes"]["seen"]) == ({"slack.scopes"}, "missing: files:write")


def test_a_disabled_region_is_reported_by_its_name(account: Account, tmp_path: Path) -> None:
    """As AWS answers there: it knows no key of this account."""
    account.stage.fail("ListTrainingJobs", "UnrecognizedClientException", times=1)
    found = rows(account, tmp_path / "report.json", "--no-post")

    assert found["regions"]["verdict"] == "refuted"
    assert found["regions"]["seen"].endswith(": UnrecognizedClientException")


@pytest.mark.skipif(not MOVES, reason="libfaketime is there for Linux on x86_64")
def test_a_clock_that_is_off_by_an_hour_is_reported(account: Account, tmp_path: Path) -> None:
    """That of the machine it runs on, against those of AWS and Slack."""
    clock = Clock(tmp_path / "clock", timedelta(hours=1))
    found = rows(account, tmp_path / "report.json", "--no-post", **clock.env())
    ahead = found["clock"]["facts"]["ahead_seconds"]

    assert found["clock"]["verdict"] == "refuted"
    assert set(ahead) == {"AWS", "Slack"}
    assert all(abs(seconds - 3600) < HANGS_SECONDS for seconds in ahead.values())


def test_it_asks_before_the_first_call(account: Account) -> None:
    """It says how many calls it makes and what they cost."""
    program = start(account)
    out, _ = program.communicate("n\n", timeout=HANGS_SECONDS)

    assert program.returncode == 1
    assert "calls, which cost $0.0" in out
    assert out.endswith("Nothing was called.\n")


def test_ctrl_c_ends_it_in_one_line(account: Account) -> None:
    """Whatever it was examining."""
    program = start(account, "--yes")
    assert program.stdout is not None
    program.stdout.readline()
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=HANGS_SECONDS)

    assert program.returncode == 130
    assert said.strip().endswith("Stopped. Nothing was changed.")
    assert "Traceback" not in said
