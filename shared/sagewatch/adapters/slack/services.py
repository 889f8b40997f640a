"""What else Slack is asked for: people, files, dialogs."""

from collections.abc import Set as AbstractSet
from typing import ClassVar, override

from slack_sdk.models.views import View

from sagewatch.adapters.slack.api import SlackApi
from sagewatch.digest.ports import ImageUploads
from sagewatch.errors import AlertRefusedError, ChannelMisconfiguredError, TokenRefusedError
from sagewatch.slack.blocks import cut, escape
from sagewatch.slack.interactions.ports import Dialogs
from sagewatch.slack.ports import UserDirectory

_ALT_TXT = 1000  # characters (files.getUploadURLExternal, alt_txt_too_large)


class SlackUserDirectory(UserDirectory):
    """users.lookupByEmail. Its scope is optional: without it, messages mention no one."""

    PERMISSIONS: ClassVar = ()

    def __init__(self, api: SlackApi) -> None:
        self._api = api

    @override
    def id_for_email(self, email: str) -> str | None:
        try:
            return str(self._api.call("users_lookupByEmail", "question for a person", email=email)["user"]["id"])
        except TokenRefusedError:
            raise
        except (AlertRefusedError, ChannelMisconfiguredError):
            return None


class SlackImageUploads(ImageUploads):
    """files.getUploadURLExternal and files.completeUploadExternal (scope ``files:write``).

    A file that is shared in no channel is visible only to people who see a message whose image block names it.
    """

    PERMISSIONS: ClassVar = ()

    def __init__(self, api: SlackApi) -> None:
        self._api = api

    @override
    def upload(self, name: str, picture: bytes, alt_text: str) -> str:
        about = {"filename": name, "title": name, "alt_txt": cut(alt_text, _ALT_TXT)}
        answer = self._api.call("files_upload_v2", "picture", content=picture, **about)
        return str(answer["files"][0]["id"])


class SlackDialogs(Dialogs):
    """views.open, views.update, chat.postEphemeral, usergroups.users.list and users.info."""

    PERMISSIONS: ClassVar = ()

    def __init__(self, api: SlackApi) -> None:
        self._api = api

    @override
    def open(self, trigger: str, view: View) -> str:
        answer = self._api.call("views_open", "dialog", trigger_id=trigger, view=view)
        return str(answer["view"]["id"])

    @override
    def update(self, view_id: str, view: View) -> None:
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
