"""What follows from an inspection, short of a stop: what is announced or cancelled, and what is remembered."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from sagewatch.clock import Clock
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.decision import Verdict
from sagewatch.idle.inspection import Inspection
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.state import NotebookState


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Announces, cancels and remembers. An alert is queued before it is remembered: a crash repeats it."""

    states: NotebookStates
    announcements: NotebookAnnouncements
    clock: Clock
    warn: timedelta

    def apply(self, inspection: Inspection) -> None:
        """Do what a decision short of a stop asks for."""
        if inspection.tag_fault:
            self.announcements.notify_tag(inspection.notebook, inspection.tag_fault)
        decision, state = inspection.decision, decided(inspection, self._with_busy(inspection))
        match decision.verdict:
            case Verdict.KEEP | Verdict.STOP:
                state = self._kept(inspection, state)
            case Verdict.KEEP_UNKNOWN:
                self.announcements.notify_unknown(inspection)
            case Verdict.KEEP_ACTIVE_AGAIN:
                state = self.close_message(state, f"in use again, so it is not stopped: {decision.reason}")
            case Verdict.WARN | Verdict.ADVISE:
                state = self._announce(inspection, state)
            case _:
                assert_never(decision.verdict)
        next_check_at = _next_check(inspection, state)
        self.states.save(replace(state, next_check_at=next_check_at), inspection.notebook.region)

    def close_message(self, state: NotebookState, outcome: str, *, by: str | None = None) -> NotebookState:
        """Say in the announcement's own message what became of it, and take its buttons away."""
        if state.pending is None:
            return state
        self.announcements.update_message(state.pending.alert_id, outcome, by=by, still_open=False)
        return replace(state, pending=None)

    def _kept(self, inspection: Inspection, state: NotebookState) -> NotebookState:
        """A person or a tag keeps it: the stop is off. A person's own press has edited the message already."""
        if inspection.readings or state.pending is None:
            return state
        if state.lease and state.lease.in_force(self.clock()):
            return replace(state, pending=None)
        return self.close_message(state, f"not stopped: {inspection.decision.reason}")

    def _with_busy(self, inspection: Inspection) -> NotebookState:
        if not inspection.readings:
            return inspection.state
        since = inspection.state.busy_since or self.clock()
        return replace(inspection.state, busy_since=since if inspection.active else None)

    def _announce(self, inspection: Inspection, state: NotebookState) -> NotebookState:
        number = state.announced + 1
        stop_at = None if inspection.decision.verdict is Verdict.ADVISE else self.clock() + self.warn
        return replace(state, pending=self.announcements.announce(inspection, number, stop_at), announced=number)


def decided(inspection: Inspection, state: NotebookState) -> NotebookState:
    """Remember the decision, in the sentence people read."""
    return replace(state, verdict=inspection.decision.verdict.value, reason=inspection.decision.reason)


def _next_check(inspection: Inspection, state: NotebookState) -> datetime:
    if inspection.decision.verdict is Verdict.WARN and state.pending:
        return state.pending.stop_at
    return inspection.decision.next_check_at
