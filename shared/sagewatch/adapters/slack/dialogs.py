"""Slack's modal views, and messages that one person sees."""

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, ClassVar, override

from sagewatch.adapters.slack.api import SlackApi
from sagewatch.slack.interactions.ports import Dialogs
from sagewatch.slack.text import escape

if TYPE_CHECKING:
    from slack_sdk.models.views import View


class SlackDialogs(Dialogs):
    """views.open, views.update, chat.postEphemeral, usergroups.users.list and users.info."""

    PERMISSIONS: ClassVar = ()

    def __init__(self, api: SlackApi) -> None:
        self._api = api

    @override
    def open(self, trigger: str, view: "View") -> str:
        answer = self._api.call("views_open", "dialog", trigger_id=trigger, view=view)
        return str(answer["view"]["id"])

    @override
    def update(self, view_id: str, view: "View") -> None:
        self._api.call("views_update", "dialog", view_id=view_id, view=view)

    @override
    def post_ephemeral(self, channel: str, user: str, text: str) -> None:
        self._api.call("chat_postEphemeral", f"whisper in {channel}", channel=channel, user=user, text=escape(text))

    @override
    def time_zone(self, user: str) -> str | None:
        """users.info (scope ``users:read``)."""
        answer = self._api.call("users_info", f"question for user {user}", user=user)
        name = (answer.get("user") or {}).get("tz")
        return name if isinstance(name, str) else None

    @override
    def members(self, group: str) -> AbstractSet[str]:
        answer = self._api.call("usergroups_users_list", f"question for group {group}", usergroup=group)
        return frozenset(answer["users"])
