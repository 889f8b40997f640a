"""Calls of Slack's Web API. slack-sdk's client is imported at the first one: many events make none."""

from typing import TYPE_CHECKING, Any, Protocol

from sagewatch.errors import TokenRefusedError
from sagewatch.once import Once

if TYPE_CHECKING:
    from slack_sdk.web import SlackResponse

    from sagewatch.adapters.slack.web import WebCalls

_TIMEOUT = 10  # seconds; Slack answers within one when it is well


class Token(Protocol):
    """A bot token that can be read again."""

    def __call__(self) -> str:
        """Answer with the token. Raises ``SageWatchError``."""

    def forget(self) -> None:
        """Read the token again next time."""


class SlackApi:
    """Slack's Web API with our errors."""

    def __init__(self, *, token: Token, api_url: str, timeout: int = _TIMEOUT) -> None:
        self._token = token
        self._calls = Once(lambda: _calls(api_url, timeout))

    def call(self, method: str, about: str, **arguments: Any) -> "SlackResponse":
        """Call a method of ``WebClient``. A refused token may have been rotated, so it is read again, once.

        Raises what ``Channel.post`` does; ``about`` says what was refused.
        """
        try:
            return self._calls().call(method, self._token(), about, arguments)
        except TokenRefusedError:
            self._token.forget()
            return self._calls().call(method, self._token(), about, arguments)


def _calls(api_url: str, timeout: int) -> "WebCalls":
    from sagewatch.adapters.slack.web import WebCalls  # noqa: PLC0415 - heavy, and many events call nothing

    return WebCalls(api_url, timeout)
