"""Applies a decision other than a stop: announces, cancels, and saves the notebook's state."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from sagewatch.alerts.ports import Lease
from sagewatch.clock import Clock
from sagewatch.idle.announcements import NotebookAnnouncements, kept_until
from sagewatch.idle.decision import Verdict
from sagewatch.idle.evidence import Idle
from sagewatch.idle.inspection import Inspection
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.state import NotebookState, OpenMessage

# Tags, parameters and sources may change at any time: nothing is left alone for longer.
LONGEST_WAIT = timedelta(hours=2)


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
        decision, state = inspection.decision, decided(inspection, self._with_activity(inspection))
        match decision.verdict:
            case Verdict.KEEP | Verdict.STOP:
                state = self._kept(inspection, state)
            case Verdict.KEEP_UNKNOWN:
                self.announcements.notify_unknown(inspection)
                state = self.close_message(state, "stop cancelled: SageWatch cannot tell whether it is in use")
            case Verdict.KEEP_ACTIVE_AGAIN:
                used = inspection.active or not _idle_as_announced(inspection)
                why = "it is in use again" if used else "it may be idle for longer now"
                state = self.close_message(state, f"stop cancelled, {why}: {decision.reason}")
            case Verdict.WARN | Verdict.ADVISE:
                state = self._announce(inspection, state)
            case _:
                assert_never(decision.verdict)
        self.states.save(self._with_next_check(inspection, state), inspection.notebook.region)

    def close_message(self, state: NotebookState, outcome: str, *, by: str | None = None) -> NotebookState:
        """Say in the announcement's own message what became of it, and take its buttons away."""
        message = shown(state)
        if message:
            self.announcements.update_message(message.alert_id, outcome, by=by, still_open=False)
        return replace(state, pending=None, message=None)

    def _kept(self, inspection: Inspection, state: NotebookState) -> NotebookState:
        """A person or a tag keeps it: the stop is off.

        A message whose stop is off and whose lease is over has nothing left to announce.
        """
        if state.pending and inspection.readings:
            return state
        if not inspection.notebook.running:  # the next sweep sees who ended it, and says so in the message
            return state
        if state.lease and state.lease.in_force(self.clock()):
            return self._kept_by_a_person(state, state.lease)
        return self.close_message(state, f"stop cancelled: {inspection.decision.reason}")

    def _kept_by_a_person(self, state: NotebookState, lease: Lease) -> NotebookState:
        """The press has shown the lease in its message, unless this one was announced at the same moment."""
        message = shown(state)
        if state.pending and message:
            self.announcements.show_lease(message.alert_id, lease)
        return replace(state, pending=None, message=message)

    def _with_activity(self, inspection: Inspection) -> NotebookState:
        """Remember the newest activity that was seen: Jupyter forgets a kernel that is shut down."""
        if not inspection.readings:
            return inspection.state
        now, state = self.clock(), inspection.state
        if inspection.active:
            return replace(state, busy_since=state.busy_since or now, active_at=now)
        idle = [reading.since for reading in inspection.readings if isinstance(reading, Idle)]
        seen = [min(moment, now) for moment in (*idle, state.active_at) if moment]
        return replace(state, busy_since=None, active_at=max(seen, default=None))

    def _announce(self, inspection: Inspection, state: NotebookState) -> NotebookState:
        """Remember the message before it is queued: then it has an end, whatever fails in between."""
        warn = None if inspection.decision.verdict is Verdict.ADVISE else self.warn
        message = self._planned(inspection, state)
        if message is None:
            state = self._superseded(state)
            message = self.announcements.plan(inspection, warn)
            state = replace(state, message=message, announced=state.announced + 1)
            state = self.states.save(state, inspection.notebook.region)
        pending = self.announcements.announce(inspection, message, message.sent_at + warn if warn else None)
        return replace(state, pending=pending, message=replace(message, planned=False))

    def _superseded(self, state: NotebookState) -> NotebookState:
        """Close the earlier message. It keeps naming the user who kept the notebook, if one did."""
        lease, message = state.lease, shown(state)
        if lease and message and lease.written_at >= message.sent_at:
            words = f"{kept_until(lease)}. That is over; SageWatch warns again while it stays idle"
            return self.close_message(state, words, by=lease.author)
        return self.close_message(state, "no longer in force; SageWatch warns again while it stays idle")

    def _planned(self, inspection: Inspection, state: NotebookState) -> OpenMessage | None:
        """The announcement that was about to be queued a while ago, if it still applies."""
        message = state.message if state.message and state.message.planned else None
        begun = max(inspection.session.since, self.clock() - self.warn)
        return message if message and message.sent_at >= begun else None

    def _with_next_check(self, inspection: Inspection, state: NotebookState) -> NotebookState:
        wanted = inspection.decision.next_check_at
        if inspection.decision.verdict is Verdict.WARN and state.pending:
            wanted = state.pending.stop_at
        return replace(state, next_check_at=min(wanted, self.clock() + LONGEST_WAIT))


def _idle_as_announced(inspection: Inspection) -> bool:
    """Whether nothing has run since its announcement: then its limit has changed."""
    pending, since = inspection.state.pending, inspection.decision.idle_since
    return pending is not None and since is not None and since <= pending.warned_at


def shown(state: NotebookState) -> OpenMessage | None:
    """The message that still shows buttons. Earlier releases remembered no more than the announced stop."""
    pending = state.pending
    return state.message or (OpenMessage(alert_id=pending.alert_id, sent_at=pending.warned_at) if pending else None)


def decided(inspection: Inspection, state: NotebookState) -> NotebookState:
    """Remember the decision, in the sentence people read."""
    return replace(state, verdict=inspection.decision.verdict.value, reason=inspection.decision.reason)
