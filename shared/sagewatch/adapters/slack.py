"""Slack's Web API."""

import re
from typing import ClassVar, Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError, SlackObjectFormationError
from slack_sdk.web import SlackResponse

from sagewatch.errors import AlertRefusedError, SageWatchError, ThrottledError, TokenRefusedError, UnavailableError
from sagewatch.messages import Message
from sagewatch.ports import Posted

_TIMEOUT = 10  # seconds; Slack answers within one when it is well
_TOO_MANY, _SERVER_ERRORS = 429, 500
# Slack's error codes that may pass by themselves (chat.postMessage reference); every other one is about us.
_PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "ratelimited"}
)

_ABOUT_THE_TOKEN = frozenset({"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"})
_CODE = re.compile(r"[a-z][a-z0-9_]*")


class Token(Protocol):
    """A bot token that can be read anew."""

    def __call__(self) -> str:
        """Answer with the token. Raises ``SageWatchError``."""

    def forget(self) -> None:
        """Read it anew next time."""


class SlackChannel:
    """The ``Channel`` port on chat.postMessage. No retry happens here: the queue waits for free."""

    PERMISSIONS: ClassVar = ()

    def __init__(self, *, token: Token, channel: str, api_url: str) -> None:
        """Keep where to post and what answers with the bot token."""
        self._token = token
        self._channel = channel
        self._client = WebClient(base_url=api_url, timeout=_TIMEOUT, retry_handlers=[])

    def post(self, message: Message) -> Posted:
        """See ``Channel.post``. A token that is refused may have been rotated, so it is read anew, once."""
        try:
            return self._post(message)
        except TokenRefusedError:
            self._token.forget()
            return self._post(message)

    def _post(self, message: Message) -> Posted:
        """Slack neither parses nor unfurls what is in the text."""
        token = self._token()
        try:
            answer = self._client.chat_postMessage(
                token=token,
                channel=self._channel,
                text=message.text,
                blocks=message.blocks,
                metadata=message.metadata,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as exc:
            raise _own(exc.response, self._channel) from exc
        except SlackObjectFormationError as exc:
            raise AlertRefusedError(f"the message breaks Block Kit's rules: {exc}") from exc
        except (SlackClientError, OSError, ValueError) as exc:  # no answer, or one that is not Slack's
            raise UnavailableError(f"Slack: no usable answer ({type(exc).__name__})") from exc
        return Posted(channel=str(answer["channel"]), ts=str(answer["ts"]))


def _own(answer: SlackResponse, channel: str) -> SageWatchError:
    if answer.status_code == _TOO_MANY:
        return ThrottledError("Slack: too many requests", retry_after=_retry_after(answer))
    if answer.status_code >= _SERVER_ERRORS:
        return UnavailableError(f"Slack: HTTP {answer.status_code}")
    code = str(answer.data.get("error")) if isinstance(answer.data, dict) else ""
    if not _CODE.fullmatch(code):  # slack-sdk puts a sentence of its own where the answer was no JSON
        return UnavailableError("Slack: an answer that is not its own")
    if code in _PASSING:
        return UnavailableError(f"Slack: {code}")
    refused = TokenRefusedError if code in _ABOUT_THE_TOKEN else AlertRefusedError
    return refused(f"Slack refused the message for channel {channel}: {code}")


def _retry_after(answer: SlackResponse) -> int | None:
    seconds = str(answer.headers.get("Retry-After", ""))
    return int(seconds) if seconds.isdigit() else None
