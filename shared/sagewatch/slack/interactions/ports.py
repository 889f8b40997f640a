"""Protocols for dialogs, for the queue of presses, and for requests that were answered before."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from slack_sdk.models.views import View

    from sagewatch.slack.interactions.payloads import AnyPress


class SigningSecret(Protocol):
    """The secret with which Slack signs its requests."""

    def __call__(self) -> str:
        """Return the secret. Raises ``SecretMissingError``, and what ``Ledger.put`` does."""

    def recheck(self) -> bool:
        """Read it again at the next use, because it may have been rotated; say whether it will be.

        Forged requests cannot make it be read more often than once a minute.
        """


class SeenRequests(Protocol):
    """Remembers which requests have been answered."""

    def first(self, digest: str, now: datetime) -> bool:
        """Record a request; return whether it is new. Raises what ``Ledger.put`` does."""


class Dialogs(Protocol):
    """Shows dialogs and messages to one person."""

    def open(self, trigger: str, view: View) -> str:
        """Open a dialog for the person who pressed, within three seconds; return its ID. Raises what ``post`` does."""

    def update(self, view_id: str, view: View) -> None:
        """Replace a dialog's content. Raises what ``post`` does."""

    def post_ephemeral(self, channel: str, user: str, text: str) -> None:
        """Post a message in a channel that only one person sees. Raises what ``post`` does."""

    def time_zone(self, user: str) -> str | None:
        """Return the IANA name of a user's time zone, if Slack has one. Raises what ``post`` does."""

    def members(self, group: str) -> AbstractSet[str]:
        """Return the users of a user group; none if it does not exist. Raises what ``post`` does."""


class Answers[Asked, Answered](Protocol):
    """Answers presses of one kind, or orders."""

    def handle(self, asked: Asked, /) -> Answered:
        """Do what was asked, and return what happened. Raises what its ports do."""


class PressQueue(Protocol):
    """Queues presses for AnswerSlack."""

    def send(self, press: AnyPress) -> None:
        """Queue a press. Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``."""
