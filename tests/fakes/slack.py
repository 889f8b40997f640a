"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from slack_sdk.models.views import View

from sagewatch.slack.interactions.payloads import AnyPress


@dataclass
class InMemoryPressQueue:
    """The ``PressQueue`` port on a list."""

    sent: list[AnyPress] = field(default_factory=list)

    def send(self, press: AnyPress) -> None:
        """See ``PressQueue.send``."""
        self.sent.append(press)


@dataclass
class InMemoryDialogs:
    """The ``Dialogs`` port on lists and dictionaries."""

    views: dict[str, list[View]] = field(default_factory=dict)
    whispers: list[tuple[str, str, str]] = field(default_factory=list)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    failure: Exception | None = None

    def open(self, trigger: str, view: View) -> str:
        """See ``Dialogs.open``."""
        if self.failure:
            raise self.failure
        self.views[f"V-{trigger}"] = [view]
        return f"V-{trigger}"

    def update(self, view_id: str, view: View) -> None:
        """See ``Dialogs.update``."""
        if self.failure:
            raise self.failure
        self.views[view_id].append(view)

    def post_ephemeral(self, channel: str, user: str, text: str) -> None:
        """See ``Dialogs.post_ephemeral``."""
        self.whispers.append((channel, user, text))

    def members(self, group: str) -> AbstractSet[str]:
        """See ``Dialogs.members``."""
        return self.groups.get(group, frozenset())


@dataclass
class InMemorySeenRequests:
    """The ``SeenRequests`` port on a set."""

    seen: set[str] = field(default_factory=set)

    def first(self, digest: str, now: datetime) -> bool:
        """See ``SeenRequests.first``."""
        del now
        new = digest not in self.seen
        self.seen.add(digest)
        return new


@dataclass
class InMemoryUserDirectory:
    """The ``UserDirectory`` port on a dictionary."""

    users: dict[str, str] = field(default_factory=dict)

    def id_for_email(self, email: str) -> str | None:
        """See ``UserDirectory.id_for_email``."""
        return self.users.get(email)


@dataclass
class InMemoryChannelIds:
    """The ``ChannelIds`` port on a dictionary."""

    ids: dict[str, str] = field(default_factory=dict)

    def find(self, name: str) -> str | None:
        """See ``ChannelIds.find``."""
        return self.ids.get(name)

    def save(self, name: str, channel_id: str) -> None:
        """See ``ChannelIds.save``."""
        self.ids[name] = channel_id
