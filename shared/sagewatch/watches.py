"""What is remembered of each notebook between two sweeps: when to look next, what was announced, who keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """Somebody keeps the notebook, or wants to hear nothing of the job, until then. ``author`` is a Slack user's ID."""

    author: str
    until: datetime
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A stop that was announced, by the alert of that ID.

    ``finished`` says that the announced stop was tried in observe mode: nothing is left to do until it is used again.
    """

    alert_id: str
    warned_at: datetime
    stop_at: datetime
    idle_since: datetime
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One notebook. ``incidents`` counts what was announced of it, so that each announcement has a name of its own.

    ``busy_since`` is since when every look has found it at work; ``verdict`` and ``reason`` are those of the last
    decision, for people who ask.
    """

    arn: str
    look_at: datetime | None = None
    warned: Warned | None = None
    incidents: int = 0
    busy_since: datetime | None = None
    lease: Lease | None = None
    verdict: str | None = None
    reason: str | None = None


class WatchList(Protocol):
    """What is remembered of notebooks, read."""

    def of_region(self, region: str) -> Mapping[str, Watched]:
        """What is remembered of a region's notebooks, by ARN. Raises what ``Ledger.put`` does."""


class Files(Protocol):
    """The alerts whose messages may change."""

    def file(self, alert_id: str, body: str) -> None:
        """Keep the alert of an incident, to edit its message later. Raises what ``Ledger.put`` does."""

    def filed(self, alert_id: str) -> str | None:
        """The alert of an incident, if it is known. Raises what ``Ledger.put`` does."""


class Watches(WatchList, Files, Protocol):
    """What is remembered of notebooks. The lease is written by those who answer people, the rest by sweeps."""

    def read(self, arn: str, region: str) -> Watched:
        """What is remembered of one, as it stands this moment. Raises what ``Ledger.put`` does."""

    def keep(self, watched: Watched, region: str) -> None:
        """Remember all but the lease. Raises what ``Ledger.put`` does."""

    def grant(self, arn: str, region: str, lease: Lease) -> None:
        """Write a lease in place of the one before. Raises what ``Ledger.put`` does."""
