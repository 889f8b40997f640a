"""Slack's Web API."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError, SlackObjectFormationError
from slack_sdk.models.views import View
from slack_sdk.web import SlackResponse

from sagewatch.alerts.ports import MessageRef
from sagewatch.delivery.registry import Alert
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
from sagewatch.slack.blocks import cut, escape
from sagewatch.slack.messages.render import Message, render

_TIMEOUT = 10  # seconds; Slack answers within one when it is well
_TOO_MANY, _SERVER_ERRORS = 429, 500
_ALT_TXT = 1000  # characters (files.getUploadURLExternal, alt_txt_too_large)
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
_SKEW = timedelta(minutes=1)
_PAGE = 200
# Files are processed after their upload has been answered; until then a block that shows one is an invalid one.
_NO_FILE, _PROCESSED_WITHIN = "invalid slack file", 3  # seconds until it is worth asking again
_CODE = re.compile(r"[a-z][a-z0-9_]*")


class Token(Protocol):
    """A bot token that can be read anew."""

    def __call__(self) -> str:
        """Answer with the token. Raises ``SageWatchError``."""

    def forget(self) -> None:
        """Read it anew next time."""


class SlackApi:
    """Slack's Web API with our errors. No retry happens here: the queue waits for free."""

    def __init__(self, *, token: Token, api_url: str, timeout: int = _TIMEOUT) -> None:
        """Keep what answers with the bot token, and how many seconds an answer may take."""
        self._token = token
        self._client = WebClient(base_url=api_url, timeout=timeout, retry_handlers=[])

    def call(self, method: str, about: str, **arguments: Any) -> SlackResponse:
        """Call a method of ``WebClient``. A token that is refused may have been rotated: it is read anew, once.

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
            raise _own(exc.response, about) from exc
        except SlackObjectFormationError as exc:
            raise AlertRefusedError(f"the message breaks Block Kit's rules: {exc}") from exc
        except (SlackClientError, OSError, ValueError) as exc:  # no answer, or one that is not Slack's
            raise NoAnswerError(f"Slack: no usable answer ({type(exc).__name__})") from exc
        return answer


class SlackChannel:
    """The ``Channel`` port on chat.postMessage and chat.update."""

    PERMISSIONS: ClassVar = ()

    def __init__(
        self,
        *,
        token: Token,
        channel: str,
        api_url: str,
        timeout: int = _TIMEOUT,
        render: Callable[[Alert], Message] = render,
    ) -> None:
        """Keep where to post, what answers with the bot token, and how many seconds an answer may take."""
        self._channel = channel
        self._render = render
        self._api = SlackApi(token=token, api_url=api_url, timeout=timeout)

    def post(self, alert: Alert, thread: MessageRef | None = None, to: str | None = None) -> MessageRef:
        """See ``Channel.post``. Slack neither parses nor unfurls what is in the text."""
        channel = thread.channel if thread else to or self._channel
        answer = self._api.call(
            "chat_postMessage",
            f"message for channel {channel}",
            channel=channel,
            thread_ts=thread and thread.ts,
            unfurl_links=False,
            unfurl_media=False,
            **_content(self._render(alert)),
        )
        return MessageRef(channel=str(answer["channel"]), ts=str(answer["ts"]))

    def update(self, posted: MessageRef, alert: Alert) -> None:
        """See ``Channel.update``."""
        about = f"edit of a message in channel {posted.channel}"
        self._api.call("chat_update", about, channel=posted.channel, ts=posted.ts, **_content(self._render(alert)))

    def find(
        self, alert_id: str, since: datetime, thread: MessageRef | None = None, to: str | None = None
    ) -> MessageRef | None:
        """See ``Channel.find``. Clocks differ a little."""
        channel = thread.channel if thread else self._id_of(to or self._channel)
        where = {"channel": channel, "oldest": str((since - _SKEW).timestamp()), "include_all_metadata": True}
        method, root = ("conversations_replies", {"ts": thread.ts}) if thread else ("conversations_history", {})
        for page in self._pages(method, **where, **root):
            for message in page["messages"]:
                told = message.get("metadata", {}).get("event_payload", {})
                if told.get("alert_id") == alert_id:
                    return MessageRef(channel, str(message["ts"]))
        return None

    def _id_of(self, channel: str) -> str:
        """Reading a channel takes its ID, which its name leads to."""
        if not channel.startswith("#"):
            return channel
        for page in self._pages("conversations_list", exclude_archived=True, types="public_channel,private_channel"):
            for found in page["channels"]:
                if found["name"] == channel.removeprefix("#"):
                    return str(found["id"])
        raise AlertRefusedError(f"Slack knows no channel {channel}")

    def _pages(self, method: str, **arguments: Any) -> Iterator[SlackResponse]:
        cursor = ""
        while True:
            page = self._api.call(method, f"look for a message ({method})", limit=_PAGE, cursor=cursor, **arguments)
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return


class SlackUserDirectory:
    """The ``UserDirectory`` port on users.lookupByEmail."""

    PERMISSIONS: ClassVar = ()

    def __init__(self, *, token: Token, api_url: str) -> None:
        """Keep what answers with the bot token."""
        self._api = SlackApi(token=token, api_url=api_url)

    def id_for_email(self, email: str) -> str | None:
        """See ``UserDirectory.id_for_email``. Its scope is extra: without it nobody is mentioned."""
        try:
            return str(self._api.call("users_lookupByEmail", "question for a person", email=email)["user"]["id"])
        except AlertRefusedError as exc:
            if isinstance(exc, TokenRefusedError):
                raise
            return None


class SlackImageUploads:
    """The ``ImageUploads`` port on files.getUploadURLExternal and files.completeUploadExternal (scope ``files:write``).

    A file that is shared nowhere is seen by whoever sees a message whose image block names it, and by nobody else.
    """

    PERMISSIONS: ClassVar = ()

    def __init__(self, *, token: Token, api_url: str) -> None:
        """Keep what answers with the bot token."""
        self._api = SlackApi(token=token, api_url=api_url)

    def upload(self, name: str, picture: bytes, alt_text: str) -> str:
        """See ``ImageUploads.upload``."""
        about = {"filename": name, "title": name, "alt_txt": cut(alt_text, _ALT_TXT)}
        answer = self._api.call("files_upload_v2", "picture", content=picture, **about)
        return str(answer["files"][0]["id"])


class SlackDialogs:
    """The ``Dialogs`` port on views.open, views.update, chat.postEphemeral and usergroups.users.list."""

    PERMISSIONS: ClassVar = ()

    def __init__(self, *, token: Token, api_url: str) -> None:
        """Keep what answers with the bot token."""
        self._api = SlackApi(token=token, api_url=api_url)

    def open(self, trigger: str, view: View) -> str:
        """See ``Dialogs.open``."""
        answer = self._api.call("views_open", "dialog", trigger_id=trigger, view=view)
        return str(answer["view"]["id"])

    def update(self, view_id: str, view: View) -> None:
        """See ``Dialogs.update``."""
        self._api.call("views_update", "dialog", view_id=view_id, view=view)

    def post_ephemeral(self, channel: str, user: str, text: str) -> None:
        """See ``Dialogs.post_ephemeral``."""
        self._api.call("chat_postEphemeral", f"whisper in {channel}", channel=channel, user=user, text=escape(text))

    def members(self, group: str) -> AbstractSet[str]:
        """See ``Dialogs.members``."""
        answer = self._api.call("usergroups_users_list", f"question for group {group}", usergroup=group)
        return frozenset(answer["users"])


def _content(message: Message) -> dict[str, Any]:
    return {
        "text": message.text,
        "blocks": message.blocks,
        "metadata": message.metadata,
        "parse": "none",
        "link_names": False,
    }


def _own(answer: SlackResponse, about: str) -> SageWatchError:
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
