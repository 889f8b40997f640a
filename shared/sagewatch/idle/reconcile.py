"""Updates messages whose notebook was stopped or deleted, by SageWatch or by someone else."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sagewatch.clock import Clock
from sagewatch.formatting import clock_time
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.follow_up import FollowUp, shown
from sagewatch.idle.outcomes import NotebookSweepReport
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.state import NotebookState
from sagewatch.notebooks.session import OURSELVES, Session
from sagewatch.sweeps import continue_on_error


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReconciliation:
    """Compares announcements with the sessions, and closes the message of each run that is over."""

    states: NotebookStates
    announcements: NotebookAnnouncements
    follow_up: FollowUp
    clock: Clock

    def reconcile(
        self,
        region: str,
        states: Mapping[str, NotebookState],
        sessions: Mapping[str, Session],
        swept: NotebookSweepReport,
    ) -> Mapping[str, NotebookState]:
        """Close what is over in a region; return the states as they are then."""
        after = dict(states)
        for arn, state in states.items():
            outcome = self._outcome(state, sessions.get(arn))
            if outcome is None:
                continue
            with continue_on_error(swept, arn):
                closed = replace(self.follow_up.close_message(state, outcome), next_check_at=None, busy_since=None)
                self.states.save(closed, region)
                after[arn] = closed
        return after

    def _outcome(self, state: NotebookState, session: Session | None) -> str | None:
        """What became of the run that a message is about, if that run is over."""
        message = shown(state)
        if message is None:
            return None
        if session is None:
            return "the notebook was deleted"
        when = clock_time(session.since, self.clock())
        if session.in_service:
            return f"it was stopped and started again at {when}" if session.since > message.sent_at else None
        if (session.stopped_by or "").startswith(OURSELVES):
            return f"stopped by SageWatch at {when}"
        return f"stopped by someone else at {when}, before SageWatch acted"
