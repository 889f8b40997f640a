"""What a start of each function loads: its handler, and all that its wiring builds before the first event."""

import subprocess
import sys
from collections.abc import Collection
from functools import cache

import pytest

from tests.worlds.wired import ROOT, VARIABLES, snake_case

_START = """
import sys
from {name} import app
from sagewatch.wiring.{name} import {name}
{name}()
print(*sys.modules)
"""
_AWS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_RECORDING = "alerts diagnostics failures jobs ledger owners pricing"
_DOMAIN = f"{_RECORDING} budgets delivery digest idle notebooks slack spokes standing"
_TRACKING = "failures jobs ledger notebooks owners pricing"
# Packages of the domain that a start may load. Each further one is a reason to divide a module, or to build something
# when it is first used.
_LOADED = {
    "RecordJob": _RECORDING,
    "TrackNotebook": _TRACKING,
    "SweepJobs": f"{_RECORDING} digest idle spokes",
    "SweepNotebooks": f"{_TRACKING} alerts digest idle spokes standing",
    "SweepResources": f"{_TRACKING} alerts digest idle standing",
    "RefreshPrices": "failures jobs ledger owners pricing",
    "SendDigest": f"{_TRACKING} alerts budgets digest idle slack standing",
    "DeliverAlert": "alerts delivery slack",
    "ReceivePress": "slack standing",
    "AnswerSlack": "slack standing",
}
_MODULES = {"DeliverAlert": 75, "ReceivePress": 65, "AnswerSlack": 65, "RefreshPrices": 70, "TrackNotebook": 90}
_MOST_MODULES = 160


@cache
def loaded(function: str) -> Collection[str]:
    """The modules after a start in a process of its own."""
    command = [sys.executable, "-c", _START.format(name=snake_case(function))]
    env = {"PYTHONPATH": f"{ROOT / 'shared'}:{ROOT / 'functions'}", **_AWS, **VARIABLES[function]}
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("function", VARIABLES)
def test_a_start_loads_packages_of_its_own_work_alone(function: str) -> None:
    """What another kind of event needs is imported when one arrives."""
    packages = {name.split(".")[1] for name in loaded(function) if name.startswith("sagewatch.")}

    assert packages & set(_DOMAIN.split()) == set(_LOADED[function].split())


@pytest.mark.parametrize("function", VARIABLES)
def test_a_start_loads_few_modules(function: str) -> None:
    """Each costs a fifth of a millisecond and more."""
    ours = [name for name in loaded(function) if name.startswith("sagewatch.")]

    assert len(ours) <= _MODULES.get(function, _MOST_MODULES)


@pytest.mark.parametrize("function", ["AnswerSlack", "SendDigest"])
def test_slacks_sdk_waits_for_the_first_call(function: str) -> None:
    """Most presses are answered without one, and so is a digest of a quiet day."""
    assert "slack_sdk" not in loaded(function)


@pytest.mark.parametrize("function", VARIABLES)
def test_no_start_loads_what_only_charts_or_resources_need(function: str) -> None:
    """Charts are drawn at the first digest; boto3's resources and transfers are used by nothing."""
    assert {"resvg_py", "boto3"} & set(loaded(function)) == set()
