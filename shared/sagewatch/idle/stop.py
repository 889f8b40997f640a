"""Stopping a notebook: announced, looked at again, then stopped, and what became of that."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from sagewatch.alerts.ports import PostedMessages
from sagewatch.clock import Clock
from sagewatch.errors import AccessDeniedError, NotebookNotFoundError, StopRefusedError
from sagewatch.formatting import clock_time, duration, money
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.decision import Verdict
from sagewatch.idle.follow_up import FollowUp, decided
from sagewatch.idle.inspection import Inspection, NotebookInspector
from sagewatch.idle.outcomes import StopOutcome
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.rates import HourlyRates
from sagewatch.idle.state import NotebookState
from sagewatch.ledger.records import RecordedBy
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import OURSELVES, StopCall
from sagewatch.notebooks.track import NotebookTracker
from sagewatch.sagemaker.notebooks import NotebookStatus
from sagewatch.sagemaker.ports import NotebookStops, Stop

_AGAIN = timedelta(hours=1)  # what AWS refused is tried again, and told once


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookStop:
    """Stops notebooks, in observe mode only on paper."""

    inspector: NotebookInspector
    announcements: NotebookAnnouncements
    follow_up: FollowUp
    rates: HourlyRates
    stops: NotebookStops
    tracker: NotebookTracker
    sessions: Sessions
    states: NotebookStates
    posted: PostedMessages
    clock: Clock
    enforce: bool

    def stop(self, inspection: Inspection) -> StopOutcome:
        """Stop a notebook whose grace is over. Raises what ``NotebookInspector.inspect`` and the ports do.

        The people who are told must have been, and whatever has changed since the decision counts.
        """
        wait_until = self._wait_until(inspection)
        if wait_until:
            self._remember(inspection.state, inspection, wait_until)
            return StopOutcome.NOT_ANNOUNCED
        state = self.states.read(inspection.notebook.arn, inspection.notebook.region)
        try:
            again = self.inspector.inspect(inspection.session, state)
        except NotebookNotFoundError:
            return self._gone(inspection, state)
        if again.decision.verdict is not Verdict.STOP:
            self.follow_up.apply(again)
            return StopOutcome.CHANGED
        return self.act(again)

    def act(self, inspection: Inspection, *, by: str | None = None) -> StopOutcome:
        """Stop it now: its grace is over, or the Slack user ``by`` asks for it.

        Raises what ``NotebookStops`` and ``Sessions`` do. Who stops it is noted before, for its event may be handled
        before this goes on.
        """
        if not self.enforce:
            return self._would(inspection, by)
        call = StopCall(f"{OURSELVES} for {by}" if by else OURSELVES, self.clock(), inspection.decision.idle_since)
        if not self._note(inspection, call):
            return StopOutcome.CHANGED
        try:
            what = self.stops.stop(inspection.notebook)
        except (StopRefusedError, AccessDeniedError) as exc:
            self._note(inspection, None)
            return self._refused(inspection, exc)
        match what:
            case Stop.STOPPING:
                return self._stopped(inspection, by)
            case Stop.ALREADY | Stop.GONE:
                self._note(inspection, None)
                return self._gone(inspection, inspection.state)
            case _:
                assert_never(what)

    def _note(self, inspection: Inspection, call: StopCall | None) -> bool:
        """Write down that we are about to stop it, or take that back; say whether its session is still open."""
        return self.sessions.amend(replace(inspection.session, stop_call=call))

    def _wait_until(self, inspection: Inspection) -> datetime | None:
        """When its announcement has been in the channel for as long as was promised, if that is still to come."""
        pending = inspection.state.pending
        if pending is None:
            return self.clock() + _AGAIN
        posted = self.posted.find(pending.alert_id)
        if posted is None:
            return self.clock()
        told_until = posted.posted_at + (pending.stop_at - pending.warned_at)
        return told_until if told_until > self.clock() else None

    def _stopped(self, inspection: Inspection, by: str | None) -> StopOutcome:
        now = self.clock()
        stopping = replace(inspection.notebook, status=NotebookStatus.STOPPING, modified_at=now)
        self.tracker.observe(stopping, by=RecordedBy.SWEEP, at=now)
        self._tell(inspection, f"Notebook {inspection.notebook.name} is stopped", self._sentence(inspection, now), by)
        state = self.follow_up.close_message(inspection.state, f"stopped at {clock_time(now, now)}", by=by)
        self.states.save(
            replace(decided(inspection, state), next_check_at=None, busy_since=None), inspection.notebook.region
        )
        return StopOutcome.STOPPED

    def _sentence(self, inspection: Inspection, now: datetime) -> str:
        since, hourly = inspection.decision.idle_since, self.rates.of_notebook(inspection.notebook)
        idled = f"after idling for {duration(int((now - since).total_seconds()))}" if since else "as was asked for"
        saves = "" if hourly is None else f", which saves {money(hourly)} an hour"
        return f"{idled}{saves}; its files stay ({inspection.decision.reason})"

    def _would(self, inspection: Inspection, by: str | None) -> StopOutcome:
        now, pending = self.clock(), inspection.state.pending
        if pending:
            outcome = f"mode is observe: it would have been stopped at {clock_time(now, now)}, and was not"
            self.announcements.update_message(pending.alert_id, outcome, by=by, still_open=by is not None)
            self._remember(replace(inspection.state, pending=replace(pending, finished=True)), inspection, now + _AGAIN)
        return StopOutcome.WOULD_STOP

    def _refused(self, inspection: Inspection, error: Exception) -> StopOutcome:
        """Once per incident; it is tried again later."""
        self._tell(
            inspection, f"Notebook {inspection.notebook.name} could not be stopped", f"AWS refused: {error}", None
        )
        self._remember(inspection.state, inspection, self.clock() + _AGAIN)
        return StopOutcome.REFUSED

    def _gone(self, inspection: Inspection, state: NotebookState) -> StopOutcome:
        """The next sweep sees how it stands."""
        closed = self.follow_up.close_message(state, "it does not run any more; somebody stopped it")
        self.states.save(replace(closed, next_check_at=None), inspection.notebook.region)
        return StopOutcome.ALREADY

    def _tell(self, inspection: Inspection, headline: str, sentence: str, by: str | None) -> None:
        pending = inspection.state.pending
        identity = pending.alert_id if pending else str(inspection.state.announced)
        thread = pending.alert_id if pending else None
        self.announcements.notify(inspection.notebook, headline, sentence, identity, thread=thread, by=by)

    def _remember(self, state: NotebookState, inspection: Inspection, next_check_at: datetime) -> None:
        self.states.save(replace(decided(inspection, state), next_check_at=next_check_at), inspection.notebook.region)
