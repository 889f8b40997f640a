"""Foreign errors become our own, the most specific one each."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError

from sagewatch.adapters.aws_errors import translated
from sagewatch.errors import (
    AccessDeniedError,
    PermanentError,
    RequestRefusedError,
    RetryableError,
    SageWatchError,
    ThrottledError,
    UnavailableError,
)
from sagewatch.jobs.sweep_run import JobSweepReport
from sagewatch.sweeps import continue_on_error
from sagewatch.wiring.clients import client


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ThrottlingException", ThrottledError),
        ("ProvisionedThroughputExceededException", ThrottledError),
        ("RequestThrottled", ThrottledError),
        ("AccessDeniedException", AccessDeniedError),
        ("AccessDenied", AccessDeniedError),
        ("ValidationException", RequestRefusedError),
        ("InvalidParameterValue", RequestRefusedError),
        ("InternalFailure", UnavailableError),
        ("SomethingNew", UnavailableError),
    ],
)
def test_codes_are_told_apart(code: str, expected: type[SageWatchError]) -> None:
    """And the action that failed is named."""
    with pytest.raises(expected, match=f"sqs:SendMessage: {code}: because") as own, translated("sqs:SendMessage"):
        raise ClientError({"Error": {"Code": code, "Message": "because"}}, "SendMessage")
    assert isinstance(own.value.__cause__, ClientError)


def test_a_region_that_was_switched_off_is_no_failure_of_its_sweep() -> None:
    """It is named in the log; the other regions are swept, and no alarm rings for a year."""
    report = JobSweepReport()
    with continue_on_error(report, "af-south-1"), translated("sagemaker:ListNotebookInstances"):
        raise ClientError({"Error": {"Code": "UnrecognizedClientException", "Message": "invalid"}}, "List")

    assert (report.failures, report.complete) == ([], True)
    assert report.postponed == ["af-south-1: sagemaker:ListNotebookInstances: UnrecognizedClientException: invalid"]


def test_no_answer_is_unavailable() -> None:
    """Botocore's own errors have no code."""
    with pytest.raises(UnavailableError, match="ReadTimeoutError"), translated("sqs:SendMessage"):
        raise ReadTimeoutError(endpoint_url="https://sqs")


def test_a_request_that_botocore_refuses_is_not_sent_again() -> None:
    """It never left. The values it names stay out of the sentence."""
    with (
        pytest.raises(RequestRefusedError, match=r"^sqs:SendMessage: ParamValidationError$"),
        translated("sqs:SendMessage"),
    ):
        raise ParamValidationError(report="secret")


@pytest.mark.parametrize(
    ("operation", "wrong"),
    [
        ("put_item", {"TableName": "t", "Itm": {}}),
        ("put_item", {"TableName": "t", "Item": {"secret": {"L": None}}}),
        ("put_item", {"TableName": "t", "Item": {"secret": 5}}),
        ("put_item", {"TableName": "t", "Item": {"secret": {"B": 5}}}),
        ("put_item", {"TableName": "t", "Item": {"secret": {"N": object()}}}),
        ("put_item", {"TableName": {}, "Item": {}}),
        ("transact_write_items", {"TransactItems": [None]}),
        ("batch_get_item", {"RequestItems": None}),
    ],
)
def test_a_request_that_botocore_cannot_send_is_refused_too(
    monkeypatch: pytest.MonkeyPatch, operation: str, wrong: dict[str, Any]
) -> None:
    """DynamoDB's clients validate nothing, so botocore fails while it puts the request together."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    send = getattr(client("dynamodb", region="us-east-1"), operation)

    with (
        pytest.raises(RequestRefusedError, match=r"^dynamodb:PutItem: botocore cannot send it: \w+$") as own,
        translated("dynamodb:PutItem"),
    ):
        send(**wrong)
    assert own.value.__cause__ is not None


@pytest.mark.parametrize("ours", [KeyError, TypeError, AttributeError, ValueError])
def test_an_error_of_our_own_code_stays_what_it_is(ours: type[Exception]) -> None:
    """A fault in SageWatch is no answer of AWS."""
    with pytest.raises(ours), translated("dynamodb:PutItem"):
        raise ours("a fault")


def test_a_refused_request_is_a_failure_of_its_sweep() -> None:
    """A sweep waits for what may pass; what never will has to reach the alarm."""
    report = JobSweepReport()
    with continue_on_error(report, "us-east-1"), translated("dynamodb:Query"):
        raise ClientError({"Error": {"Code": "ValidationException", "Message": "reserved keyword"}}, "Query")

    assert (report.failures, report.postponed) == (
        ["us-east-1: dynamodb:Query: ValidationException: reserved keyword"],
        [],
    )
    assert issubclass(RequestRefusedError, PermanentError)
    assert not issubclass(RequestRefusedError, RetryableError)
