"""Operator commands end with one sentence about what to do, not with a traceback."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    UnauthorizedSSOTokenError,
)
from flask import Flask, Response, request

from sagewatch.adapters.aws_errors import translated
from sagewatch.errors import SettingsError
from tests.worlds.servers import serving
from tools.operator.cli import NO_ANSWER, NO_CREDENTIALS, NO_REGION, run
from tools.operator.deploy.reattach import not_imported, reattach
from tools.operator.deploy.remove import left
from tools.operator.stacks import read

ROOT = Path(__file__).parents[3]
OPERATOR = {
    "AWS_ACCESS_KEY_ID": "111122223333",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}",
}
_STACK = """<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>guided</StackName>
<StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-01T00:00:00Z</CreationTime><Outputs><member>
<OutputKey>CostLedgerName</OutputKey><OutputValue>ledger</OutputValue></member></Outputs></member></Stacks>
</DescribeStacksResult></DescribeStacksResponse>"""
_CALLER = """<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


@contextmanager
def cloudformation() -> Iterator[str]:
    """An account with a stack, and no secret in SSM."""
    app = Flask("aws")

    @app.post("/")
    def answer() -> Response:
        if "X-Amz-Target" in request.headers:  # SSM
            error = {"__type": "ParameterNotFound", "message": "no"}
            return Response(json.dumps(error), 400, mimetype="application/x-amz-json-1.1")
        said = _CALLER if request.form["Action"] == "GetCallerIdentity" else _STACK
        return Response(said, mimetype="text/xml")

    with serving(app) as url:
        yield url


def refused(code: str, operation: str = "PutParameter") -> ClientError:
    """AWS's answer with this code."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def signed_by(clock: timedelta, code: str = "SignatureDoesNotMatch") -> ClientError:
    """AWS's refusal of a request that a clock signed which is ahead by that much."""
    date = format_datetime(datetime.now(UTC) - clock, usegmt=True)
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    return ClientError(answer, "GetCallerIdentity")


def failing(error: Exception) -> Callable[[], int]:
    """A command that fails like this."""

    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), NO_CREDENTIALS),
        (UnauthorizedSSOTokenError(), NO_CREDENTIALS),
        (refused("ExpiredToken"), NO_CREDENTIALS),
        (refused("InvalidClientTokenId"), NO_CREDENTIALS),
        (partial(signed_by, timedelta(seconds=20)), NO_CREDENTIALS),
        (partial(signed_by, timedelta(hours=1)), " s ahead of AWS's, so AWS refuses its requests. Set it (NTP)."),
        (
            partial(signed_by, timedelta(hours=-1), "InvalidSignatureException"),
            " s behind AWS's, so AWS refuses its requests.",
        ),
        (partial(signed_by, timedelta(hours=1), "AccessDenied"), "You may not call GetCallerIdentity"),
        (NoRegionError(), NO_REGION),
        (refused("AccessDeniedException"), "You may not call PutParameter (AccessDeniedException). Allow it"),
        (refused("Throttling"), "Throttling) when calling the PutParameter operation: no. Run the command again."),
        (EndpointConnectionError(endpoint_url="https://x"), "Check the region's name and the network, then run"),
        (SettingsError("Name the table."), "Name the table."),
    ],
)
def test_an_error_of_aws_is_one_sentence(
    error: Exception | Callable[[], Exception], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the call or says what to set."""
    code = run(failing(error() if callable(error) else error), on_interrupt="Stopped.", failed=2)
    printed = capsys.readouterr().err

    assert code == 2
    assert said in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize("error", [NoCredentialsError(), refused("ExpiredTokenException")])
def test_credentials_are_named_behind_our_own_error(
    error: BotoCoreError | ClientError, capsys: pytest.CaptureFixture[str]
) -> None:
    """Adapters translate what AWS raises; the operator still reads what to do."""

    def work() -> int:
        with translated("cloudformation:DescribeStacks of sagewatch"):
            raise error

    run(work, on_interrupt="Stopped.")

    assert capsys.readouterr().err == f"{NO_CREDENTIALS}\n"


@pytest.mark.parametrize(
    ("module", "arguments", "asks"),
    [("remove", [], "Type guided to remove it: "), ("__main__", ["SlackApiUrl=http://127.0.0.1:1/"], "not shown): ")],
)
def test_the_end_of_input_at_a_question_is_one_sentence(module: str, arguments: list[str], asks: str) -> None:
    """Of a pipe, of CI, or Ctrl-D."""
    with cloudformation() as url:
        done = subprocess.run(  # noqa: S603 - our own tool
            [sys.executable, "-m", f"tools.operator.deploy.{module}", "--stack", "guided", *arguments],
            env={**os.environ, **OPERATOR, "AWS_ENDPOINT_URL": url},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert asks in done.stdout
    assert done.stdout.endswith(f"\n{NO_ANSWER}\n")
    assert "Traceback" not in done.stdout


def waits(pid: int) -> bool:
    """Whether a process sleeps: it has asked, and reads what is typed."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "S"


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
@pytest.mark.parametrize(
    ("module", "asks", "says"),
    [("remove", b"remove it: ", "Stopped. If the deletion had begun"), ("__main__", b"not shown): ", "Stopped. Run")],
)
def test_ctrl_c_at_a_question_is_one_sentence(module: str, asks: bytes, says: str) -> None:
    """In a terminal, where the question waits for an answer."""
    ours, theirs = pty.openpty()
    with cloudformation() as url:
        program = subprocess.Popen(  # noqa: S603 - our own tool
            [sys.executable, "-m", f"tools.operator.deploy.{module}", "--stack", "guided"],
            env={**os.environ, **OPERATOR, "AWS_ENDPOINT_URL": url},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        said = b""
        while asks not in said:
            said += os.read(ours, 4096)
        while not waits(program.pid):
            time.sleep(0.02)
        program.send_signal(signal.SIGINT)
        with suppress(OSError):  # the program has closed its terminal
            while chunk := os.read(ours, 4096):
                said += chunk
        code = program.wait(60)
    os.close(ours)
    text = said.decode()

    assert code == 130
    assert says in text.splitlines()[-1]
    assert "Traceback" not in text


def test_reattach_asks_for_the_table() -> None:
    """Before any call."""
    with pytest.raises(SettingsError, match=r"Name the table: make reattach LEDGER=<table>\."):
        reattach("sagewatch", "")


def test_a_failed_import_says_how_to_delete_its_stack() -> None:
    """CloudFormation keeps an empty stack, which blocks the next try."""
    assert "aws cloudformation delete-stack --stack-name guided" in not_imported("guided", "ledger")


class Stacks:
    """CloudFormation that refuses with one code."""

    class meta:  # noqa: N801 - as boto3 names it
        """The client's own data."""

        region_name = "eu-west-1"

    def __init__(self, code: str) -> None:
        self._code = code

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        """Refuse."""
        raise refused(self._code, "DescribeStacks")


def test_only_a_validation_error_means_that_there_is_no_stack() -> None:
    """A throttled or refused call says nothing about the stack."""
    with pytest.raises(SettingsError, match="There is no stack 'guided' in eu-west-1"):
        read(Stacks("ValidationError"), "guided")
    with pytest.raises(ClientError):
        read(Stacks("AccessDenied"), "guided")


def test_remove_names_the_stacks_of_other_regions() -> None:
    """They would send events to a bus that no rule reads."""
    lines = "\n".join(left({"CostLedgerName": "ledger", "Regions": "us-east-1, us-west-2"}))

    assert "--region us-east-1 --stack-name sagewatch-forward" in lines
    assert "--region us-west-2 --stack-name sagewatch-forward" in lines
    assert "sagewatch-forward" not in "\n".join(left({"CostLedgerName": "ledger", "Regions": ""}))
