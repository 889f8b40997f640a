"""Dialogs and the queue behind the endpoint, as Protocols."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sagewatch.slack.interactions.payloads import AnyPress

if TYPE_CHECKING:
    from slack_sdk.models.views import View


class SeenRequests(Protocol):
    """The requests that have been answered."""

    def first(self, digest: str, now: datetime) -> bool:
        """Note a request; say whether it is the first of its kind. Raises what ``Ledger.put`` does."""


class Dialogs(Protocol):
    """What Slack shows to one person."""

    def open(self, trigger: str, view: "View") -> str:
        """Open a dialog for the person who pressed, within three seconds; return its ID. Raises what ``post`` does."""

    def update(self, view_id: str, view: "View") -> None:
        """Show something else in a dialog. Raises what ``post`` does."""

    def post_ephemeral(self, channel: str, user: str, text: str) -> None:
        """Say something to one person in a channel. Raises what ``post`` does."""

    def members(self, group: str) -> AbstractSet[str]:
        """The users of a user group, none of one that is not there. Raises what ``post`` does."""


class PressQueue(Protocol):
    """The way behind the door."""

    def send(self, press: AnyPress) -> None:
        """Queue a press. Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``."""
