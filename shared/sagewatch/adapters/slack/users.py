"""Looks up Slack users."""

from typing import ClassVar, override

from sagewatch.adapters.slack.api import SlackApi
from sagewatch.errors import AlertRefusedError, ChannelMisconfiguredError, TokenRefusedError
from sagewatch.slack.ports import UserDirectory


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
