"""What is remembered of each notebook between two sweeps: when to look next, what was announced, who keeps it."""

from dataclasses import dataclass
from datetime import datetime

from sagewatch.alerts.ports import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingStop:
    """A stop that was announced, by the alert of that ID.

    ``finished`` says that the announced stop was tried in observe mode: nothing is left to do until it is used again.
    """

    alert_id: str
    warned_at: datetime
    stop_at: datetime
    idle_since: datetime
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookState:
    """One notebook. ``incidents`` counts what was announced of it, so that each announcement has a name of its own.

    ``busy_since`` is since when every look has found it at work; ``verdict`` and ``reason`` are those of the last
    decision, for people who ask.
    """

    arn: str
    look_at: datetime | None = None
    warned: PendingStop | None = None
    incidents: int = 0
    busy_since: datetime | None = None
    lease: Lease | None = None
    verdict: str | None = None
    reason: str | None = None
