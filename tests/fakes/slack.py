"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import override

from slack_sdk.models.views import View

from sagewatch.slack.interactions.payloads import AnyPress
from sagewatch.slack.interactions.ports import Dialogs, PressQueue, SeenRequests
from sagewatch.slack.ports import ChannelIds, UserDirectory


@dataclass
class InMemoryPressQueue(PressQueue):
    """The ``PressQueue`` port on a list."""

    sent: list[AnyPress] = field(default_factory=list)

    @override
    def send(self, press: AnyPress) -> None:
        self.sent.append(press)


@dataclass
class InMemoryDialogs(Dialogs):
    """The ``Dialogs`` port on lists and dictionaries."""

    views: dict[str, list[View]] = field(default_factory=dict)
    whispers: list[tuple[str, str, str]] = field(default_factory=list)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    failure: Exception | None = None

    @override
    def open(self, trigger: str, view: View) -> str:
        if self.failure:
            raise self.failure
        self.views[f"V-{trigger}"] = [view]
        return f"V-{trigger}"

    @override
    def update(self, view_id: str, view: View) -> None:
        if self.failure:
            raise self.failure
        self.views[view_id].append(view)

    @override
    def post_ephemeral(self, channel: str, user: str, text: str) -> None:
        self.whispers.append((channel, user, text))

    @override
    def time_zone(self, user: str) -> str | None:
        return self.zones.get(user)

    @override
    def members(self, group: str) -> AbstractSet[str]:
        return self.groups.get(group, frozenset())


@dataclass
class InMemorySeenRequests(SeenRequests):
    """The ``SeenRequests`` port on a set."""

    seen: set[str] = field(default_factory=set)

    @override
    def first(self, digest: str, now: datetime) -> bool:
        del now
        new = digest not in self.seen
        self.seen.add(digest)
        return new


@dataclass
class InMemoryUserDirectory(UserDirectory):
    """The ``UserDirectory`` port on a dictionary."""

    users: dict[str, str] = field(default_factory=dict)

    @override
    def id_for_email(self, email: str) -> str | None:
        return self.users.get(email)


@dataclass
class InMemoryChannelIds(ChannelIds):
    """The ``ChannelIds`` port on a dictionary."""

    ids: dict[str, str] = field(default_factory=dict)

    @override
    def find(self, name: str) -> str | None:
        return self.ids.get(name)

    @override
    def save(self, name: str, channel_id: str) -> None:
        self.ids[name] = channel_id
