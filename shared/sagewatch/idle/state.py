"""The state of a notebook between two sweeps: the next check, the announced stop, the lease."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sagewatch.alerts.ports import Lease

PLANNED_FOR = timedelta(minutes=10)  # a sweep takes no longer: what it planned and did not send then, it never will
CLAIMED_FOR = timedelta(minutes=5)  # one stop call at a time; it takes seconds, and its caller may die


class Hold(StrEnum):
    """Why no stop follows an announcement. A hold counts only for as long as its reason is still true."""

    TRIAL = "observe"
    ONE_WAY = "one-way"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingStop:
    """A stop that was announced by the alert of that ID, or a report of an idle notebook that will not be stopped.

    ``trial`` says that it was announced in trial mode, ``held`` why nothing follows. ``sources`` are those that found
    the notebook idle then. ``refused`` says that AWS refused the last attempt,
    ``postponed`` that more were due than a sweep may end.
    """

    alert_id: str
    warned_at: datetime
    stop_at: datetime
    idle_since: datetime
    held: Hold | None = None
    trial: bool | None = None
    sources: tuple[str, ...] = ()
    refused: bool = False
    postponed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMessage:
    """A message that still shows buttons: the alert it is, and when it was sent.

    ``planned`` says that it may not have been queued yet: it is remembered first, so that no message is forgotten.
    ``lease_shown`` is when the newest lease was written that the message is known to show, and ``renewed_at`` when
    what is stored of the message was stored again, so that it does not expire while the message has buttons.
    """

    alert_id: str
    sent_at: datetime
    planned: bool = False
    lease_shown: datetime | None = None
    renewed_at: datetime | None = None

    def is_being_sent(self, now: datetime) -> bool:
        """Whether a sweep may be sending it at this moment. Other sweeps then leave it alone."""
        return self.planned and now - self.sent_at < PLANNED_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookState:
    """One notebook. ``announced`` counts its announcements, so that each has an identity of its own.

    Every inspection since ``busy_since`` has found it at work; ``active_at`` is the newest activity that one saw.
    ``message`` is the announcement in Slack whose end has not been shown yet. ``stored_lease`` is the lease as it
    is stored, even if it was given to an earlier notebook of that name: ``lease`` is not. ``verdict`` and
    ``reason`` are those of the last decision, for people who ask. ``version`` counts the saves: of two sweeps that
    read the same version, one can save.
    """

    arn: str
    next_check_at: datetime | None = None
    pending: PendingStop | None = None
    announced: int = 0
    busy_since: datetime | None = None
    active_at: datetime | None = None
    message: OpenMessage | None = None
    lease: Lease | None = None
    stored_lease: Lease | None = None
    verdict: str | None = None
    reason: str | None = None
    version: int = 0

    def of_run(self, since: datetime, created_at: datetime | None) -> "NotebookState":
        """Forget what belongs to an earlier run, or to an earlier notebook of that name.

        ``since`` is when the notebook came into service last, ``created_at`` when it was created.
        """
        pending, lease = self.pending, self.lease
        return replace(
            self,
            pending=pending if pending and pending.warned_at >= since else None,
            busy_since=self.busy_since if self.busy_since and self.busy_since >= since else None,
            active_at=self.active_at if self.active_at and self.active_at >= since else None,
            lease=None if lease and created_at and lease.written_at < created_at else lease,
        )
