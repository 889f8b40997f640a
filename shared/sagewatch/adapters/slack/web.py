"""One call of slack-sdk's web client, with our errors."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError, SlackObjectFormationError
from slack_sdk.web import SlackResponse, WebClient

from sagewatch.adapters.slack.errors import error_of
from sagewatch.errors import AlertRefusedError, NoAnswerError


class WebCalls:
    """Calls methods of ``WebClient``. No retry happens here: the queue waits for free."""

    def __init__(self, api_url: str, timeout: int) -> None:
        self._client = WebClient(base_url=api_url, timeout=timeout, retry_handlers=[])

    def call(self, method: str, token: str, about: str, arguments: Mapping[str, Any]) -> SlackResponse:
        """Call a method. Raises what ``Channel.post`` does; ``about`` says what was refused."""
        try:
            answer: SlackResponse = getattr(self._client, method)(token=token, **arguments)
        except SlackApiError as exc:
            raise error_of(exc.response, about) from exc
        except SlackObjectFormationError as exc:
            raise AlertRefusedError(f"the message breaks Block Kit's rules: {exc}") from exc
        except (SlackClientError, OSError, ValueError) as exc:  # no answer, or one that is not Slack's
            raise NoAnswerError(f"Slack: no usable answer ({type(exc).__name__})") from exc
        return answer
