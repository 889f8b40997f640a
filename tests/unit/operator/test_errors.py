"""Operator commands end with one sentence about what to do, not with a traceback."""

from collections.abc import Callable
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

from sagewatch.adapters.aws_errors import translated
from sagewatch.errors import SettingsError
from tools.operator.cli import NO_CREDENTIALS, NO_REGION, run
from tools.operator.deploy.reattach import not_imported, reattach
from tools.operator.deploy.remove import left
from tools.operator.stacks import read


def refused(code: str, operation: str = "PutParameter") -> ClientError:
    """AWS's answer with this code."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


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
        (NoRegionError(), NO_REGION),
        (refused("AccessDeniedException"), "You may not call PutParameter (AccessDeniedException). Allow it"),
        (refused("Throttling"), "Throttling) when calling the PutParameter operation: no. Run the command again."),
        (EndpointConnectionError(endpoint_url="https://x"), "Run the command again."),
        (SettingsError("Name the table."), "Name the table."),
    ],
)
def test_an_error_of_aws_is_one_sentence(error: Exception, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It names the call or says what to set."""
    code = run(failing(error), on_interrupt="Stopped.", failed=2)
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
