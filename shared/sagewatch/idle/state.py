"""What is remembered of each notebook between two sweeps: the next check, the announced stop, the lease."""

from dataclasses import dataclass
from datetime import datetime

from sagewatch.alerts.ports import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingStop:
    """A stop that was announced, by the alert of that ID.

    ``finished`` says that trial mode reached the stop: nothing follows until the notebook is used again.
    """

    alert_id: str
    warned_at: datetime
    stop_at: datetime
    idle_since: datetime
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookState:
    """One notebook. ``announced`` counts its announcements, so that each has an identity of its own.

    Every inspection since ``busy_since`` has found it at work. ``verdict`` and ``reason`` are those of the last
    decision, for people who ask.
    """

    arn: str
    next_check_at: datetime | None = None
    pending: PendingStop | None = None
    announced: int = 0
    busy_since: datetime | None = None
    lease: Lease | None = None
    verdict: str | None = None
    reason: str | None = None
