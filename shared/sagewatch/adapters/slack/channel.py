"""Posts and edits alerts as Slack messages."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, override

from slack_sdk.web import SlackResponse

from sagewatch.adapters.slack.api import SlackApi
from sagewatch.alerts.ports import MessageRef
from sagewatch.clock import Clock
from sagewatch.delivery.ports import Channel
from sagewatch.delivery.registry import Alert
from sagewatch.errors import (
    AlertRefusedError,
    ChannelMisconfiguredError,
    ImageNotReadyError,
    MessageGoneError,
    NoAnswerError,
    SageWatchError,
    TokenRefusedError,
)
from sagewatch.runtime.log_lines import make_logger
from sagewatch.slack.messages.render import Message, render
from sagewatch.slack.ports import ChannelIds, UserDirectory
from sagewatch.slack.text import cut

_CLOCK_SKEW = timedelta(minutes=1)  # between Slack's clock and ours
_IMAGE_WITHIN = timedelta(minutes=10)  # Slack takes seconds; a digest without its chart is better than none
_PAGE = 200
_PLAIN_TEXT = 3900  # characters of a message without blocks

logger = make_logger()


class SlackChannel(Channel):
    """chat.postMessage and chat.update. Owners that Slack knows are mentioned.

    A route's channel that takes no message is replaced by the usual one, so that no alert is lost with it.
    """

    PERMISSIONS: ClassVar = ()

    def __init__(  # noqa: PLR0913 - the ports it needs, each by name
        self,
        api: SlackApi,
        *,
        channel: str,
        ids: ChannelIds,
        people: UserDirectory,
        clock: Clock,
        render: Callable[[Alert, str | None], Message] = render,
    ) -> None:
        self._channel = channel
        self._ids = ids
        self._people = people
        self._clock = clock
        self._render = render
        self._api = api

    @override
    def post(self, alert: Alert, thread: MessageRef | None = None, to: str | None = None) -> MessageRef:
        if thread:
            try:
                return self._post(alert, thread.channel, thread.ts)
            except TokenRefusedError:
                raise
            except ChannelMisconfiguredError as exc:  # archived, say: what follows begins a thread elsewhere
                raise MessageGoneError(str(exc)) from exc
        return self._in_channel_or_usual(lambda channel: self._post(alert, channel), to)

    @override
    def update(self, posted: MessageRef, alert: Alert) -> None:
        about = f"edit of a message in channel {posted.channel}"
        self._send("chat_update", about, alert, {"channel": posted.channel, "ts": posted.ts})

    @override
    def find(
        self, alert_id: str, since: datetime, thread: MessageRef | None = None, to: str | None = None
    ) -> MessageRef | None:
        try:
            if thread:
                return self._find(alert_id, since, thread.channel, thread.ts)
            return self._in_channel_or_usual(lambda name: self._find(alert_id, since, self._id_of(name)), to)
        except MessageGoneError:
            raise
        except AlertRefusedError as exc:  # it says nothing about the alert
            raise ChannelMisconfiguredError(str(exc)) from exc

    def _in_channel_or_usual[T](self, do: Callable[[str], T], to: str | None) -> T:
        try:
            return do(to or self._channel)
        except TokenRefusedError:
            raise
        except ChannelMisconfiguredError:
            if to in {None, self._channel}:
                raise
            return do(self._channel)

    def _post(self, alert: Alert, channel: str, thread_ts: str | None = None) -> MessageRef:
        try:
            return self._post_to(alert, channel, channel, thread_ts)
        except ChannelMisconfiguredError:
            known = self._known_id(channel)  # the channel may have been renamed
            if known is None:
                raise
            return self._post_to(alert, channel, known, thread_ts)

    def _post_to(self, alert: Alert, name: str, channel: str, thread_ts: str | None) -> MessageRef:
        where = {"channel": channel, "thread_ts": thread_ts, "unfurl_links": False, "unfurl_media": False}
        answer = self._send("chat_postMessage", f"message for channel {name}", alert, where)
        try:
            posted = _message_ref(*_place(answer))
        except ValueError as exc:
            raise NoAnswerError("Slack: an answer without the message's place") from exc
        self._remember(name, posted.channel)
        return posted

    def _send(self, method: str, about: str, alert: Alert, where: Mapping[str, Any]) -> SlackResponse:
        """Slack neither parses nor unfurls what is in the text. Content that Slack refuses goes as plain text."""
        mention = self._mention(alert)
        message = self._render(alert, mention)
        try:
            return self._api.call(method, about, **where, **_content(message))
        except ImageNotReadyError as exc:
            plain = _without_picture(alert, self._clock(), str(exc))
            if plain is None:
                raise
            return self._api.call(method, about, **where, **_content(self._render(plain, mention)))
        except MessageGoneError:
            raise
        except AlertRefusedError as exc:
            logger.warning("posted as plain text", extra={"alert_id": alert.alert_id, "reason": str(exc)})
            return self._api.call(method, about, **where, **_plain(message))

    def _mention(self, alert: Alert) -> str | None:
        """The owner's Slack user; an owner Slack does not know stays a name."""
        if alert.owner is None or "@" not in alert.owner:
            return None
        try:
            return self._people.id_for_email(alert.owner)
        except SageWatchError:  # a mention is no reason to keep an alert back
            return None

    def _find(self, alert_id: str, since: datetime, channel: str, thread_ts: str | None = None) -> MessageRef | None:
        oldest = str((since - _CLOCK_SKEW).timestamp())
        where = {"channel": channel, "oldest": oldest, "include_all_metadata": True}
        method, root = ("conversations_replies", {"ts": thread_ts}) if thread_ts else ("conversations_history", {})
        for page in self._pages(method, **where, **root):
            for message in page["messages"]:
                payload = message.get("metadata", {}).get("event_payload", {})
                if payload.get("alert_id") == alert_id:
                    return _message_ref(channel, str(message["ts"]))
        return None

    def _id_of(self, channel: str) -> str:
        """Reading a channel takes its ID: as it was answered before, else from the lists of channels."""
        if not channel.startswith("#"):
            return channel
        known = self._known_id(channel)
        if known:
            return known
        found = self._listed(channel, "public_channel") or self._listed(channel, "private_channel")
        if found is None:
            raise ChannelMisconfiguredError(f"Slack knows no channel {channel}")
        self._remember(channel, found)
        return found

    def _listed(self, channel: str, types: str) -> str | None:
        """Slack refuses a list of both kinds if the app may read one only."""
        pages = self._pages("conversations_list", exclude_archived=True, types=types)
        name = channel.removeprefix("#")
        return next((str(found["id"]) for page in pages for found in page["channels"] if found["name"] == name), None)

    def _known_id(self, channel: str) -> str | None:
        if not channel.startswith("#"):
            return None
        try:
            return self._ids.find(channel)
        except SageWatchError:
            return None

    def _remember(self, channel: str, channel_id: str) -> None:
        """It saves a look-up later; a failure is none of this alert's."""
        if channel.startswith("#") and self._known_id(channel) != channel_id:
            with suppress(SageWatchError):
                self._ids.save(channel, channel_id)

    def _pages(self, method: str, **arguments: Any) -> Iterator[SlackResponse]:
        cursor = ""
        while True:
            page = self._api.call(method, f"look for a message ({method})", limit=_PAGE, cursor=cursor, **arguments)
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return


def _place(answer: SlackResponse) -> tuple[str, str]:
    """Return the channel's and the message's IDs. Raises ``ValueError`` if the answer lacks one."""
    channel, ts = answer.get("channel"), answer.get("ts")
    if not (isinstance(channel, str) and channel and isinstance(ts, str) and ts):
        raise ValueError("no channel or no ts")
    return channel, ts


def _message_ref(channel: str, ts: str) -> MessageRef:
    """A message's ID is the time it was posted."""
    return MessageRef(channel, ts, datetime.fromtimestamp(float(ts), UTC))


def _without_picture(alert: Alert, now: datetime, why: str) -> Alert | None:
    """The alert without its picture, once that has had its time."""
    if alert.finding != "digest" or alert.happened_at is None or now < alert.happened_at + _IMAGE_WITHIN:
        return None
    return alert.model_copy(update={"picture": None, "no_picture": why})


def _content(message: Message) -> dict[str, Any]:
    return {
        "text": message.text,
        "blocks": message.blocks,
        "metadata": message.metadata,
        "parse": "none",
        "link_names": False,
    }


def _plain(message: Message) -> dict[str, Any]:
    text = f"{cut(message.text, _PLAIN_TEXT)}\n_SageWatch could not show the whole message._"
    return _content(message) | {"text": text, "blocks": []}
