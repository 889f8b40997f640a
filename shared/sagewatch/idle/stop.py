"""Stopping a notebook: announced, looked at again, then stopped, and what became of that."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import assert_never

from sagewatch.alerts.ports import PostedMessages
from sagewatch.clock import Clock
from sagewatch.errors import AccessDeniedError, NotebookNotFoundError, StopRefusedError
from sagewatch.formatting import clock_time, duration, money
from sagewatch.idle.announcements import NotebookAnnouncements, decided
from sagewatch.idle.decision import Verdict
from sagewatch.idle.inspection import Inspection, NotebookInspector
from sagewatch.idle.outcomes import StopOutcome
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.state import NotebookState
from sagewatch.ledger.records import RecordedBy
from sagewatch.notebooks.session import OURSELVES, StopCall
from sagewatch.notebooks.track import NotebookTracker
from sagewatch.sagemaker.notebooks import NotebookStatus
from sagewatch.sagemaker.ports import NotebookStops, Stop

_AGAIN = timedelta(hours=1)  # what AWS refused is tried again, and told once


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookStop:
    """Stops notebooks, in observe mode only on paper."""

    looker: NotebookInspector
    incidents: NotebookAnnouncements
    stops: NotebookStops
    tracker: NotebookTracker
    watches: NotebookStates
    posted: PostedMessages
    clock: Clock
    enforce: bool

    def stop(self, case: Inspection) -> StopOutcome:
        """Stop a notebook whose grace is over. Raises what ``NotebookInspector.inspect`` and the ports do.

        The people who are told must have been, and whatever has changed since the decision counts.
        """
        wait_until = self._wait_until(case)
        if wait_until:
            self._remember(case.watched, case, wait_until)
            return StopOutcome.NOT_ANNOUNCED
        watched = self.watches.read(case.notebook.arn, case.notebook.region)
        try:
            again = self.looker.inspect(case.session, watched)
        except NotebookNotFoundError:
            return self._gone(case, watched)
        if again.decision.verdict is not Verdict.STOP:
            self.incidents.apply(again)
            return StopOutcome.CHANGED
        return self.act(again)

    def act(self, case: Inspection, *, by: str | None = None) -> StopOutcome:
        """Stop it now: its grace is over, or the Slack user ``by`` asks for it.

        Raises what ``NotebookStops`` and ``Sessions`` do. Who stops it is noted before, for its event may be handled
        before this goes on.
        """
        if not self.enforce:
            return self._would(case, by)
        call = StopCall(f"{OURSELVES} for {by}" if by else OURSELVES, self.clock(), case.decision.idle_since)
        if not self._note(case, call):
            return StopOutcome.CHANGED
        try:
            what = self.stops.stop(case.notebook)
        except (StopRefusedError, AccessDeniedError) as exc:
            self._note(case, None)
            return self._refused(case, exc)
        match what:
            case Stop.STOPPING:
                return self._stopped(case, by)
            case Stop.ALREADY | Stop.GONE:
                self._note(case, None)
                return self._gone(case, case.watched)
            case _:
                assert_never(what)

    def _note(self, case: Inspection, call: StopCall | None) -> bool:
        """Write down that we are about to stop it, or take that back; say whether its session is still open."""
        return self.tracker.sessions.amend(replace(case.session, stop_call=call))

    def _wait_until(self, case: Inspection) -> datetime | None:
        """When its announcement has been in the channel for as long as was promised, if that is still to come."""
        warned = case.watched.warned
        if warned is None:
            return self.clock() + _AGAIN
        posted = self.posted.find(warned.alert_id)
        if posted is None:
            return self.clock()
        told_until = datetime.fromtimestamp(float(posted.ts), UTC) + (warned.stop_at - warned.warned_at)
        return told_until if told_until > self.clock() else None

    def _stopped(self, case: Inspection, by: str | None) -> StopOutcome:
        now = self.clock()
        stopping = replace(case.notebook, status=NotebookStatus.STOPPING, modified_at=now)
        self.tracker.observe(stopping, by=RecordedBy.SWEEP, at=now)
        self._tell(case, f"Notebook {case.notebook.name} is stopped", self._sentence(case, now), by)
        watched = self.incidents.close_message(case.watched, f"stopped at {clock_time(now, now)}", by=by)
        self.watches.save(replace(decided(case, watched), look_at=None, busy_since=None), case.notebook.region)
        return StopOutcome.STOPPED

    def _sentence(self, case: Inspection, now: datetime) -> str:
        since, hourly = case.decision.idle_since, self.incidents.hourly(case.notebook)
        idled = f"after idling for {duration(int((now - since).total_seconds()))}" if since else "as was asked for"
        saves = "" if hourly is None else f", which saves {money(hourly)} an hour"
        return f"{idled}{saves}; its files stay ({case.decision.reason})"

    def _would(self, case: Inspection, by: str | None) -> StopOutcome:
        now, warned = self.clock(), case.watched.warned
        if warned:
            outcome = f"mode is observe: it would have been stopped at {clock_time(now, now)}, and was not"
            self.incidents.update_message(warned.alert_id, outcome, by=by, still_open=by is not None)
            self._remember(replace(case.watched, warned=replace(warned, finished=True)), case, now + _AGAIN)
        return StopOutcome.WOULD_STOP

    def _refused(self, case: Inspection, error: Exception) -> StopOutcome:
        """Once per incident; it is tried again later."""
        self._tell(case, f"Notebook {case.notebook.name} could not be stopped", f"AWS refused: {error}", None)
        self._remember(case.watched, case, self.clock() + _AGAIN)
        return StopOutcome.REFUSED

    def _gone(self, case: Inspection, watched: NotebookState) -> StopOutcome:
        """The next sweep sees how it stands."""
        closed = self.incidents.close_message(watched, "it does not run any more; somebody stopped it")
        self.watches.save(replace(closed, look_at=None), case.notebook.region)
        return StopOutcome.ALREADY

    def _tell(self, case: Inspection, headline: str, sentence: str, by: str | None) -> None:
        warned = case.watched.warned
        identity = warned.alert_id if warned else str(case.watched.incidents)
        thread = warned.alert_id if warned else None
        self.incidents.notify(case.notebook, headline, sentence, identity, thread=thread, by=by)

    def _remember(self, watched: NotebookState, case: Inspection, look_at: datetime) -> None:
        self.watches.save(replace(decided(case, watched), look_at=look_at), case.notebook.region)
