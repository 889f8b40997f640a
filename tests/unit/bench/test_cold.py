"""What the benchmark of cold starts compares."""

import subprocess
import sys

import pytest

from bench.cold import CLIENTS, REGION, bare, ours
from tests.worlds.wired import ROOT, VARIABLES

_COUNTED = """
import botocore.session
made, plain = [], botocore.session.Session.create_client
def create_client(self, service, *more, **named):
    made.append(service)
    return plain(self, service, *more, **named)
botocore.session.Session.create_client = create_client
{program}
import sys
print(*made)
print("sagewatch.wiring.notebook_answers" in sys.modules)
"""
_AWS = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


def _run(function: str, program: str) -> list[str]:
    env = {"PYTHONPATH": f"{ROOT / 'shared'}:{ROOT / 'functions'}", **VARIABLES[function], "SPOKE_ROLES": "", **_AWS}
    command = [sys.executable, "-c", _COUNTED.format(program=program)]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("function", CLIENTS)
def test_a_function_and_its_bare_handler_make_the_same_clients(function: str) -> None:
    """A client takes milliseconds, and SageMaker's takes the most."""
    own, other = _run(function, ours(function))[0], _run(function, bare(function))[0]

    assert sorted(own.split()) == sorted(other.split()) == sorted(CLIENTS[function])


def test_the_start_of_answer_slack_builds_what_answers_a_press_about_a_notebook() -> None:
    """Otherwise a cold press would take longer than its start says."""
    assert _run("AnswerSlack", ours("AnswerSlack"))[1] == "True"
