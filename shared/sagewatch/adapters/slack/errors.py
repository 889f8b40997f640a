"""What Slack's error codes mean for a message."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from slack_sdk.web import SlackResponse

from sagewatch.errors import (
    AlertRefusedError,
    ImageNotReadyError,
    NoAnswerError,
    SageWatchError,
    ThreadGoneError,
    ThrottledError,
    TokenRefusedError,
    UnavailableError,
)

_TOO_MANY, _SERVER_ERRORS = 429, 500
# Slack's error codes that may pass by themselves (chat.postMessage reference); every other one is about us.
_PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "ratelimited"}
)

_ABOUT_THE_TOKEN = frozenset({"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"})
# "It's possible some aspect of the operation succeeded before the error was raised."
_LEFT_OPEN = frozenset({"internal_error", "fatal_error", "request_timeout"})
_REFUSALS: Mapping[AbstractSet[str], type[AlertRefusedError]] = {
    _ABOUT_THE_TOKEN: TokenRefusedError,
    frozenset({"thread_not_found", "message_not_found"}): ThreadGoneError,
}
# Files are processed after their upload has been answered; until then a block that shows one is an invalid one.
_NO_FILE, _PROCESSED_WITHIN = "invalid slack file", 3  # seconds until it is worth asking again
_CODE = re.compile(r"[a-z][a-z0-9_]*")


def error_of(answer: SlackResponse, about: str) -> SageWatchError:
    """Our own error for an answer that is not ``ok``; ``about`` says what was refused."""
    if answer.status_code == _TOO_MANY:
        return ThrottledError("Slack: too many requests", retry_after=_retry_after(answer))
    if answer.status_code >= _SERVER_ERRORS:
        return NoAnswerError(f"Slack: HTTP {answer.status_code}")
    code = str(answer.data.get("error")) if isinstance(answer.data, dict) else ""
    if not _CODE.fullmatch(code):  # slack-sdk puts a sentence of its own where the answer was no JSON
        return NoAnswerError("Slack: an answer that is not its own")
    if code in _PASSING:
        return NoAnswerError(f"Slack: {code}") if code in _LEFT_OPEN else UnavailableError(f"Slack: {code}")
    if any(_NO_FILE in str(fault) for fault in _faults(answer)):
        return ImageNotReadyError(f"Slack cannot show the picture yet: {code}", retry_after=_PROCESSED_WITHIN)
    refused = next((error for codes, error in _REFUSALS.items() if code in codes), AlertRefusedError)
    return refused(f"Slack refused the {about}: {code}")


def _faults(answer: SlackResponse) -> Sequence[object]:
    """What is wrong with blocks, in Slack's words."""
    errors = answer.data.get("errors") if isinstance(answer.data, dict) else None
    return errors if isinstance(errors, list) else []


def _retry_after(answer: SlackResponse) -> int | None:
    seconds = str(answer.headers.get("Retry-After", ""))
    return int(seconds) if seconds.isdigit() else None
