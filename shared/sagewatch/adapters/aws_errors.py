"""Translate AWS's errors into SageWatch's own, each into the most specific one."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from sagewatch.errors import (
    AccessDeniedError,
    RegionDisabledError,
    RequestRefusedError,
    RoleRefusedError,
    SageWatchError,
    ThrottledError,
    UnavailableError,
)
from sagewatch.redaction import redact

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_DISABLED = frozenset({"UnrecognizedClientException", "OptInRequired"})  # a region that is not switched on
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
# What AWS answers to a request that is wrong in itself, in each protocol's words. A retry cannot help.
_INVALID = frozenset(
    {
        "ValidationException",
        "ValidationError",
        "InvalidParameterValue",
        "InvalidParameterValueException",
        "InvalidParameterCombination",
        "InvalidParameterException",
        "InvalidParameter",
        "InvalidRequest",
        "InvalidRequestException",
        "InvalidAction",
        "InvalidAttributeName",
        "InvalidAttributeValue",
        "InvalidQueryParameter",
        "InvalidMessageContents",
        "MalformedQueryString",
        "MalformedQueryException",
        "MissingAction",
        "MissingParameter",
        "MissingRequiredParameterException",
        "SerializationException",
        "UnknownOperationException",
        "UnsupportedOperation",
    }
)

# botocore's modules that put a request together. Where it validates none (``wiring.clients``), a wrong one fails here.
_COMPOSING = frozenset({"botocore.serialize", "botocore.endpoint_provider", "jmespath.functions"})


def code_of(error: ClientError) -> str:
    """Return the error code of AWS's answer."""
    return error.response.get("Error", {}).get("Code", "")


def text_of(error: ClientError) -> str:
    """Return the error message of AWS's answer."""
    return error.response.get("Error", {}).get("Message", "")


def is_denied(code: str) -> bool:
    """Whether a permission is missing."""
    return code in _DENIED


def is_role_refused(error: ClientError) -> bool:
    """Whether a role of another account could not be assumed: it is not there, or it does not trust SageWatch."""
    return error.operation_name == "AssumeRole" and is_denied(code_of(error))


def without_act_role(account: str) -> str:
    """Say why nothing is stopped in another account."""
    return f"account {account} has no role that lets SageWatch stop anything there (ActRole in spoke.yaml)"


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Translate what boto3 raises during ``action`` (an IAM action's name, to name what failed).

    Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``, and ``RequestRefusedError`` for a request
    that AWS will refuse each time.
    """
    try:
        yield
    except ClientError as exc:
        sentence = f"{action}: {code_of(exc)}: {redact(text_of(exc)) or 'no reason given'}"
        kind = RoleRefusedError if is_role_refused(exc) else _own(code_of(exc))
        raise kind(sentence) from exc
    except ParamValidationError as exc:  # its text repeats the values, which may be secret
        raise RequestRefusedError(f"{action}: {type(exc).__name__}") from exc
    except BotoCoreError as exc:
        raise UnavailableError(f"{action}: {type(exc).__name__}") from exc
    except (LookupError, TypeError, AttributeError, ValueError) as exc:
        if not _is_of_the_request(exc):
            raise
        raise RequestRefusedError(f"{action}: botocore cannot send it: {type(exc).__name__}") from exc


def _is_of_the_request(error: Exception) -> bool:
    """Whether botocore raised it while it put a request together, and not our own code."""
    return any(frame.f_globals.get("__name__") in _COMPOSING for frame, _ in walk_tb(error.__traceback__))


def _own(code: str) -> type[SageWatchError]:
    if code in _DISABLED:
        return RegionDisabledError
    if code in _DENIED:
        return AccessDeniedError
    if code in _INVALID:
        return RequestRefusedError
    return ThrottledError if code in _THROTTLED else UnavailableError
