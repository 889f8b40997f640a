"""What Slack's error codes mean for a message. docs/slack.md has the same table."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import assert_never

from slack_sdk.web import SlackResponse

from sagewatch.errors import (
    AlertRefusedError,
    ChannelMisconfiguredError,
    ImageNotReadyError,
    MessageGoneError,
    NoAnswerError,
    SageWatchError,
    ThrottledError,
    TokenRefusedError,
    UnavailableError,
)
from sagewatch.patterns import lazy_pattern


class Reaction(StrEnum):
    """What SageWatch does about an error code."""

    RETRY = "retry"
    UNSURE = "retry, after looking whether it was done"
    TOKEN = "configuration: read the token again, then wait"  # noqa: S105 - a sentence
    CONFIGURATION = "configuration: wait for a person"
    GONE = "the message is gone: post it again, or drop it if closed"
    CONTENT = "content: plain text, then the dead-letter queue"


_CODES: Mapping[Reaction, str] = {
    # "It's possible some aspect of the operation succeeded before the error was raised."
    Reaction.UNSURE: "internal_error fatal_error request_timeout",
    Reaction.RETRY: """
        service_unavailable team_added_to_org org_login_required ratelimited rate_limited message_limit_exceeded
        external_channel_migrating update_failed streaming_state_conflict hash_conflict invalid_cursor
        list_record_comment_fetch_failed file_update_failed""",
    Reaction.TOKEN: "invalid_auth not_authed token_revoked token_expired account_inactive",
    Reaction.CONFIGURATION: """
        access_denied accesslimited app_access_restricted channel_is_limited_access channel_not_found
        deprecated_endpoint ekm_access_denied enterprise_is_restricted file_type_not_allowed file_uploads_disabled
        file_uploads_except_images_disabled invalid_channel invalid_types is_archived is_bot messages_tab_disabled
        method_deprecated method_not_supported_for_channel_type missing_scope no_permission not_allowed_token_type
        not_in_channel plan_upgrade_required posting_to_channel_denied restricted_action
        restricted_action_read_only_channel restricted_action_thread_only_channel send_on_behalf_not_allowed
        storage_limit_reached team_access_not_granted team_not_found two_factor_setup_required unknown_method
        user_not_in_channel""",
    Reaction.GONE: """
        message_not_found thread_not_found cant_update_message edit_window_closed is_inactive cannot_reply_to_message
        restricted_action_non_threadable_channel restricted_action_thread_locked""",
}
# Every other code is about what was sent: the same request is refused again.
REACTIONS: Mapping[str, Reaction] = {code: reaction for reaction, codes in _CODES.items() for code in codes.split()}

_TOO_MANY, _SERVER_ERRORS = 429, 500
# Files are processed after their upload has been answered; until then a block that shows one is an invalid one.
_NO_FILE, _PROCESSED_WITHIN = "invalid slack file", 3  # seconds until it is worth asking again
_CODE = lazy_pattern(r"[a-z][a-z0-9_]*")


def error_of(answer: SlackResponse, about: str) -> SageWatchError:
    """Our own error for an answer that is not ``ok``; ``about`` says what was refused."""
    if answer.status_code == _TOO_MANY:
        return ThrottledError("Slack: too many requests", retry_after=_retry_after(answer))
    if answer.status_code >= _SERVER_ERRORS:
        return NoAnswerError(f"Slack: HTTP {answer.status_code}")
    code = str(answer.data.get("error")) if isinstance(answer.data, dict) else ""
    if not _CODE.fullmatch(code):  # slack-sdk puts a sentence of its own where the answer was no JSON
        return NoAnswerError("Slack: an answer that is not its own")
    if any(_NO_FILE in str(fault) for fault in _faults(answer)):
        return ImageNotReadyError(f"Slack cannot show the picture yet: {code}", retry_after=_PROCESSED_WITHIN)
    return _error(REACTIONS.get(code, Reaction.CONTENT), code, f"Slack refused the {about}: {code}")


def _error(reaction: Reaction, code: str, refusal: str) -> SageWatchError:
    match reaction:
        case Reaction.RETRY:
            return UnavailableError(f"Slack: {code}")
        case Reaction.UNSURE:
            return NoAnswerError(f"Slack: {code}")
        case Reaction.TOKEN:
            return TokenRefusedError(refusal)
        case Reaction.CONFIGURATION:
            return ChannelMisconfiguredError(refusal)
        case Reaction.GONE:
            return MessageGoneError(refusal)
        case Reaction.CONTENT:
            return AlertRefusedError(refusal)
        case _:
            assert_never(reaction)


def _faults(answer: SlackResponse) -> Sequence[object]:
    """What is wrong with blocks, in Slack's words."""
    errors = answer.data.get("errors") if isinstance(answer.data, dict) else None
    return errors if isinstance(errors, list) else []


def _retry_after(answer: SlackResponse) -> int | None:
    seconds = str(answer.headers.get("Retry-After", ""))
    return int(seconds) if seconds.isdigit() else None
