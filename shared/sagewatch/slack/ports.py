"""Protocols for the Slack channel's state: known users and channel IDs."""

from typing import Protocol


class UserDirectory(Protocol):
    """The people Slack knows."""

    def id_for_email(self, email: str) -> str | None:
        """The Slack user with that address, if there is one. Raises what ``Channel.post`` and ``Ledger.put`` do."""


class ChannelIds(Protocol):
    """The IDs of channels by name, as Slack answered them when a message was posted."""

    def find(self, name: str) -> str | None:
        """The ID of a channel, if a message was posted there. Raises what ``Ledger.put`` does."""

    def save(self, name: str, channel_id: str) -> None:
        """Remember the ID of a channel. Raises what ``Ledger.put`` does."""
