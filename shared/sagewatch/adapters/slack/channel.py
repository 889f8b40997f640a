"""The channel people read: alerts as Slack messages."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, override

from slack_sdk.web import SlackResponse

from sagewatch.adapters.slack.api import SlackApi
from sagewatch.alerts.ports import MessageRef
from sagewatch.clock import Clock
from sagewatch.delivery.ports import Channel
from sagewatch.delivery.registry import Alert
from sagewatch.digest.alerts import DigestAlert
from sagewatch.errors import AlertRefusedError, ImageNotReadyError, SageWatchError
from sagewatch.slack.messages.render import Message, render
from sagewatch.slack.ports import UserDirectory

_CLOCK_SKEW = timedelta(minutes=1)  # between Slack's clock and ours
_IMAGE_WITHIN = timedelta(minutes=10)  # Slack takes seconds; a digest without its chart is better than none
_PAGE = 200


class SlackChannel(Channel):
    """chat.postMessage and chat.update. Owners that Slack knows are mentioned."""

    PERMISSIONS: ClassVar = ()

    def __init__(
        self,
        api: SlackApi,
        *,
        channel: str,
        people: UserDirectory,
        clock: Clock,
        render: Callable[[Alert, str | None], Message] = render,
    ) -> None:
        self._channel = channel
        self._people = people
        self._clock = clock
        self._render = render
        self._api = api

    @override
    def post(self, alert: Alert, thread: MessageRef | None = None, to: str | None = None) -> MessageRef:
        channel = thread.channel if thread else to or self._channel
        where = {"channel": channel, "thread_ts": thread and thread.ts, "unfurl_links": False, "unfurl_media": False}
        answer = self._send("chat_postMessage", f"message for channel {channel}", alert, where)
        return _message_ref(str(answer["channel"]), str(answer["ts"]))

    @override
    def update(self, posted: MessageRef, alert: Alert) -> None:
        about = f"edit of a message in channel {posted.channel}"
        self._send("chat_update", about, alert, {"channel": posted.channel, "ts": posted.ts})

    def _send(self, method: str, about: str, alert: Alert, where: Mapping[str, Any]) -> SlackResponse:
        """Slack neither parses nor unfurls what is in the text. A chart that never becomes ready is left out."""
        mention = self._mention(alert)
        try:
            return self._api.call(method, about, **where, **_content(self._render(alert, mention)))
        except ImageNotReadyError as exc:
            plain = _without_picture(alert, self._clock(), str(exc))
            if plain is None:
                raise
            return self._api.call(method, about, **where, **_content(self._render(plain, mention)))

    def _mention(self, alert: Alert) -> str | None:
        """The owner's Slack user; an owner Slack does not know stays a name."""
        if alert.owner is None or "@" not in alert.owner:
            return None
        try:
            return self._people.id_for_email(alert.owner)
        except SageWatchError:  # a mention is no reason to keep an alert back
            return None

    @override
    def find(
        self, alert_id: str, since: datetime, thread: MessageRef | None = None, to: str | None = None
    ) -> MessageRef | None:
        channel = thread.channel if thread else self._id_of(to or self._channel)
        where = {"channel": channel, "oldest": str((since - _CLOCK_SKEW).timestamp()), "include_all_metadata": True}
        method, root = ("conversations_replies", {"ts": thread.ts}) if thread else ("conversations_history", {})
        for page in self._pages(method, **where, **root):
            for message in page["messages"]:
                told = message.get("metadata", {}).get("event_payload", {})
                if told.get("alert_id") == alert_id:
                    return _message_ref(channel, str(message["ts"]))
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


def _message_ref(channel: str, ts: str) -> MessageRef:
    """A message's ID is the time it was posted."""
    return MessageRef(channel, ts, datetime.fromtimestamp(float(ts), UTC))


def _without_picture(alert: Alert, now: datetime, why: str) -> Alert | None:
    """The alert without its picture, once that has had its time."""
    if not isinstance(alert, DigestAlert) or alert.happened_at is None or now < alert.happened_at + _IMAGE_WITHIN:
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
