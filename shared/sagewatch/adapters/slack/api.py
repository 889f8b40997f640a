"""Calls of Slack's Web API, with our errors."""

from collections.abc import Mapping
from typing import Any, Protocol

from slack_sdk.errors import SlackApiError, SlackClientError, SlackObjectFormationError
from slack_sdk.web import SlackResponse, WebClient

from sagewatch.adapters.slack.errors import error_of
from sagewatch.errors import AlertRefusedError, NoAnswerError, TokenRefusedError

_TIMEOUT = 10  # seconds; Slack answers within one when it is well


class Token(Protocol):
    """A bot token that can be read again."""

    def __call__(self) -> str:
        """Answer with the token. Raises ``SageWatchError``."""

    def forget(self) -> None:
        """Read the token again next time."""


class SlackApi:
    """Slack's Web API with our errors. No retry happens here: the queue waits for free."""

    def __init__(self, *, token: Token, api_url: str, timeout: int = _TIMEOUT) -> None:
        self._token = token
        self._client = WebClient(base_url=api_url, timeout=timeout, retry_handlers=[])

    def call(self, method: str, about: str, **arguments: Any) -> SlackResponse:
        """Call a method of ``WebClient``. A refused token may have been rotated, so it is read again, once.

        Raises what ``Channel.post`` does; ``about`` says what was refused.
        """
        try:
            return self._call(method, about, arguments)
        except TokenRefusedError:
            self._token.forget()
            return self._call(method, about, arguments)

    def _call(self, method: str, about: str, arguments: Mapping[str, Any]) -> SlackResponse:
        token = self._token()
        try:
            answer: SlackResponse = getattr(self._client, method)(token=token, **arguments)
        except SlackApiError as exc:
            raise error_of(exc.response, about) from exc
        except SlackObjectFormationError as exc:
            raise AlertRefusedError(f"the message breaks Block Kit's rules: {exc}") from exc
        except (SlackClientError, OSError, ValueError) as exc:  # no answer, or one that is not Slack's
            raise NoAnswerError(f"Slack: no usable answer ({type(exc).__name__})") from exc
        return answer
