"""Updates messages to the true state: compares announcements with leases and sessions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sagewatch.clock import Clock
from sagewatch.errors import NotebookNotFoundError
from sagewatch.formatting import clock_time
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.follow_up import FollowUp, shown
from sagewatch.idle.outcomes import NotebookSweepReport, StopOutcome
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.state import NotebookState, OpenMessage
from sagewatch.notebooks.session import OURSELVES, Session, asked_by
from sagewatch.sagemaker.notebooks import NotebookStatus
from sagewatch.sagemaker.ports import Notebooks
from sagewatch.sweeps import continue_on_error

_ENDED = frozenset({NotebookStatus.STOPPING, NotebookStatus.STOPPED, NotebookStatus.FAILED})
RENEWED_EVERY = timedelta(days=30)  # stores forget after 90 days


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of a run, and the Slack user who wanted it, if one did."""

    words: str
    by: str | None = None


def ending_of(session: Session, now: datetime) -> Ending:
    """Say how the run before this session ended."""
    when = clock_time(session.since, now)
    if session.in_service:
        return Ending(f"it was stopped and started again at {when}")
    if (session.stopped_by or "").startswith(OURSELVES):
        return Ending(f"stopped by SageWatch at {when}", asked_by(session.stopped_by))
    if session.stopped_by is None:  # the session of its run was lost
        return _stopped_unseen(session.since, now)
    return Ending(f"stopped by someone else at {when}, before SageWatch acted")


def _stopped_unseen(at: datetime | None, now: datetime) -> Ending:
    when = f" at {clock_time(at, now)}" if at else ""
    return Ending(f"it was stopped{when}, and SageWatch does not know by whom")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReconciliation:
    """Closes the message of each run that is over, and shows the lease that is in force."""

    states: NotebookStates
    notebooks: Notebooks
    announcements: NotebookAnnouncements
    follow_up: FollowUp
    clock: Clock

    def reconcile(
        self,
        region: str,
        states: Mapping[str, NotebookState],
        sessions: Mapping[str, Session],
        report: NotebookSweepReport,
    ) -> Mapping[str, NotebookState]:
        """Bring the messages of a region up to date; return the states as they are then."""
        after = dict(states)
        for arn, state in states.items():
            message = shown(state)
            if message and arn not in report.left_alone and not message.is_being_sent(self.clock()):
                with continue_on_error(report, arn):
                    after[arn] = self._reconciled(region, state, message, sessions.get(arn), report)
        return after

    def close(self, state: NotebookState, region: str, session: Session | None) -> NotebookState | None:
        """Close the message of a notebook whose run is over, and return its state then; ``None`` if it is not over."""
        message = shown(state)
        ending = self._ending(message, session) if message else None
        if ending is None:
            return None
        closed = self.follow_up.close_message(state, ending.words, by=ending.by)
        return self.states.save(replace(closed, next_check_at=None, busy_since=None), region)

    def _reconciled(
        self,
        region: str,
        state: NotebookState,
        message: OpenMessage,
        session: Session | None,
        report: NotebookSweepReport,
    ) -> NotebookState:
        closed = self.close(state, region, session)
        if closed is None:
            return self._renewed(region, self._with_lease(region, state, message))
        if session and session.stopped_by == OURSELVES:  # the sweep that stopped it was interrupted
            report.stops[StopOutcome.STOPPED] += 1
        return closed

    def _with_lease(self, region: str, state: NotebookState, message: OpenMessage) -> NotebookState:
        """Show the newest lease once more, because two presses at once may have edited the message in either order."""
        lease = state.lease
        if lease is None or lease.written_at <= (message.lease_shown or message.sent_at):
            return state
        self.announcements.show_lease(message.alert_id, lease, repeat=True)
        return self.states.save(replace(state, message=replace(message, lease_shown=lease.written_at)), region)

    def _renewed(self, region: str, state: NotebookState) -> NotebookState:
        """Keep what is stored of an open message from expiring: a lease without an end leaves it open for ever."""
        message, now = shown(state), self.clock()
        if message is None or now - (message.renewed_at or message.sent_at) < RENEWED_EVERY:
            return state
        self.announcements.renew(message.alert_id)
        return self.states.save(replace(state, message=replace(message, renewed_at=now)), region)

    def _ending(self, message: OpenMessage, session: Session | None) -> Ending | None:
        """What became of the run that a message is about, if that run is over."""
        if session is None:
            return self._without_session(message)
        if session.in_service and session.since <= message.sent_at:
            return None
        return ending_of(session, self.clock())

    def _without_session(self, message: OpenMessage) -> Ending | None:
        """A notebook without a session was deleted, or its session was lost or has yet to be recorded."""
        alert = self.announcements.find(message.alert_id)
        try:
            found = self.notebooks.describe(alert.name, alert.region, alert.account) if alert else None
        except NotebookNotFoundError:
            found = None
        if found is None or (found.created_at and found.created_at > message.sent_at):
            return Ending("the notebook was deleted")
        return _stopped_unseen(found.modified_at, self.clock()) if found.status in _ENDED else None
