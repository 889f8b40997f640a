"""AWS's errors become ours here, the most specific one each."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from sagewatch.errors import AccessDeniedError, RetryableError, ThrottledError, UnavailableError
from sagewatch.redaction import redact

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnrecognizedClientException"})
# botocore's own list (retries/standard.py, ThrottledRetryableChecker) and DynamoDB's two.
_THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "RequestThrottled",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "TransactionInProgressException",
        "TransactionConflictException",
    }
)


def code_of(error: ClientError) -> str:
    """The error code AWS answered with."""
    return error.response.get("Error", {}).get("Code", "")


def text_of(error: ClientError) -> str:
    """The sentence AWS answered with."""
    return error.response.get("Error", {}).get("Message", "")


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Translate what boto3 raises during ``action`` (an IAM action's name, to name what failed).

    Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
    """
    try:
        yield
    except ClientError as exc:
        sentence = f"{action}: {code_of(exc)}: {redact(text_of(exc)) or 'no reason given'}"
        raise _own(code_of(exc))(sentence) from exc
    except BotoCoreError as exc:
        raise UnavailableError(f"{action}: {type(exc).__name__}") from exc


def _own(code: str) -> type[RetryableError]:
    if code in _DENIED:
        return AccessDeniedError
    return ThrottledError if code in _THROTTLED else UnavailableError
