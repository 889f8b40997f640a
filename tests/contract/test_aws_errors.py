"""Foreign errors become our own, the most specific one each."""

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from sagewatch.adapters.aws_errors import translated
from sagewatch.errors import AccessDeniedError, SageWatchError, ThrottledError, UnavailableError


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ThrottlingException", ThrottledError),
        ("ProvisionedThroughputExceededException", ThrottledError),
        ("RequestThrottled", ThrottledError),
        ("AccessDeniedException", AccessDeniedError),
        ("AccessDenied", AccessDeniedError),
        ("InternalFailure", UnavailableError),
        ("SomethingNew", UnavailableError),
    ],
)
def test_codes_are_told_apart(code: str, expected: type[SageWatchError]) -> None:
    """And the action that failed is named."""
    with pytest.raises(expected, match=f"sqs:SendMessage: {code}: because") as own, translated("sqs:SendMessage"):
        raise ClientError({"Error": {"Code": code, "Message": "because"}}, "SendMessage")
    assert isinstance(own.value.__cause__, ClientError)


def test_no_answer_is_unavailable() -> None:
    """Botocore's own errors have no code."""
    with pytest.raises(UnavailableError, match="ReadTimeoutError"), translated("sqs:SendMessage"):
        raise ReadTimeoutError(endpoint_url="https://sqs")
