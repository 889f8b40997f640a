"""Stops a notebook: checks its announcement, inspects it again, calls StopNotebookInstance, reports the result."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from sagewatch.alerts.ports import PostedMessages
from sagewatch.clock import Clock
from sagewatch.errors import AccessDeniedError, NotebookNotFoundError, StopRefusedError, ThrottledError
from sagewatch.formatting import clock_time, duration, money
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.decision import Verdict
from sagewatch.idle.follow_up import FollowUp, decided
from sagewatch.idle.inspection import Inspection, NotebookInspector
from sagewatch.idle.outcomes import StopOutcome
from sagewatch.idle.ports import Leases, NotebookStates
from sagewatch.idle.rates import HourlyRates
from sagewatch.idle.state import Hold, NotebookState, PendingStop
from sagewatch.ledger.records import RecordedBy
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import Session, StopCall, caller, whole_second
from sagewatch.notebooks.track import NotebookTracker
from sagewatch.sagemaker.notebooks import KEPT_FOLDER, NotebookStatus
from sagewatch.sagemaker.ports import Notebooks, NotebookStops, Stop
from sagewatch.sagemaker.scopes import Scope

_UNANSWERED = timedelta(minutes=15)  # for so long, a stop may come from our own call that got no answer
_RESENT, _SOON = timedelta(hours=2), timedelta(minutes=15)
_GIVEN_UP = timedelta(days=1)  # a warning that is in no channel by then is made again
_STOPPED = frozenset({NotebookStatus.STOPPING, NotebookStatus.STOPPED})
_KEPT = f"Start it again at any time: {KEPT_FOLDER} is as you left it, everything else is gone"
_AGAIN = timedelta(hours=1)  # a stop that AWS refused is tried again, and reported once


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookStop:
    """Stops notebooks. In trial mode it reports the stop and makes no call.

    ``pace`` waits for a stop's turn. That comes before the last inspection, whose evidence would be older after it.
    """

    notebooks: Notebooks
    inspector: NotebookInspector
    announcements: NotebookAnnouncements
    follow_up: FollowUp
    rates: HourlyRates
    stops: NotebookStops
    tracker: NotebookTracker
    sessions: Sessions
    leases: Leases
    states: NotebookStates
    posted: PostedMessages
    clock: Clock
    enforce: bool
    pace: Callable[[Scope], None] = lambda _: None

    def stop(self, inspection: Inspection, *, announced: bool = False) -> StopOutcome:
        """Stop a notebook whose announced time has come. Raises what ``NotebookInspector.inspect`` and the ports do.

        First the announcement must have been in Slack for long enough, and a new inspection must still say stop.
        ``announced`` says that ``is_announced`` has found the former, which stays so.
        """
        wait_until = None if announced else self._wait_until(inspection)
        if wait_until:
            return self._postpone(inspection, wait_until)
        self.pace(inspection.notebook.scope)
        state = self.states.read(inspection.notebook.arn, inspection.notebook.region)
        try:
            again = self.inspector.inspect(inspection.session, state, last=True)
        except NotebookNotFoundError:
            return self._gone(inspection, state)
        if again.decision.verdict is not Verdict.STOP:
            self.follow_up.apply(again)
            return StopOutcome.CHANGED
        return self.act(again)

    def act(self, inspection: Inspection, *, by: str | None = None) -> StopOutcome:
        """Stop it now: its announced time has come, or the Slack user ``by`` asks for it.

        Raises what ``NotebookStops`` and the stores do. The call is noted before it is made, in a transaction that
        fails if a person pressed a button since the inspection, or if someone else is making it.
        """
        if not self.enforce:
            return self._would(inspection, by)
        earlier = self._earlier_call(inspection, by)
        call = earlier or StopCall(caller(by), self.clock(), inspection.decision.idle_since)
        if not self.leases.claim_stop(inspection.session, call, inspection.state.stored_lease):
            return StopOutcome.CHANGED
        try:
            what = self.stops.stop(inspection.notebook)
        except (StopRefusedError, AccessDeniedError) as exc:
            self._take_back(inspection, earlier)
            return self._refused(inspection, exc)
        except ThrottledError:  # no stop was begun, so a person may still keep it
            self._take_back(inspection, earlier)
            raise
        match what:
            case Stop.STOPPING:
                return self._stopped(inspection, by, self.clock(), call)
            case Stop.ALREADY if self._is_ours(inspection, call):
                return self._stopped(inspection, by, self.clock(), call)
            case Stop.ALREADY | Stop.GONE:
                self._take_back(inspection, earlier)
                return self._gone(inspection, inspection.state)
            case _:
                assert_never(what)

    def finish(self, inspection: Inspection, *, by: str) -> bool:
        """Report a stop that a call of the Slack user ``by`` began, if an interrupted press left that out."""
        call, found = inspection.session.stop_call, inspection.notebook
        if call is None or call.by != caller(by) or found.status not in _STOPPED or found.modified_at is None:
            return False
        if not whole_second(call.at) <= found.modified_at <= call.at + _UNANSWERED:
            return False
        self._stopped(inspection, by, call.at)
        return True

    def report(self, announcement: str, session: Session, *, by: str) -> None:
        """Report a stop that the Slack user ``by`` made, if it was interrupted before any message said so."""
        alert = self.announcements.find(announcement)
        if alert and (alert.outcome or "").startswith("stopped"):
            return
        try:
            found = self.notebooks.describe(session.name, session.region, session.account)
        except NotebookNotFoundError:
            return
        notebook = replace(found, tags=self.notebooks.tags(found.arn, found.scope))
        state, now = self.states.read(session.arn, session.region), self.clock()
        identity = state.pending.alert_id if state.pending else str(state.announced)
        sentence = f"stopped as asked at {clock_time(session.since, now)}. {_KEPT}"
        headline = f"Notebook {notebook.name} is stopped"
        self.announcements.notify(notebook, headline, sentence, identity, by=by)

    def _is_ours(self, inspection: Inspection, call: StopCall) -> bool:
        """Whether the stop that AWS reports began with our call, whose first answer was lost."""
        notebook = inspection.notebook
        try:
            found = self.notebooks.describe(notebook.name, notebook.region, notebook.account)
        except NotebookNotFoundError:
            return False
        began = whole_second(call.at)
        return found.status is NotebookStatus.STOPPING and found.modified_at is not None and found.modified_at >= began

    def _earlier_call(self, inspection: Inspection, by: str | None) -> StopCall | None:
        """Return the call that an invocation at the same moment, or an interrupted one, made for the same person."""
        session = self.sessions.get(inspection.session.arn, inspection.session.region)
        call = session.stop_call if session else None
        return call if call and call.by == caller(by) and self.clock() - call.at < _UNANSWERED else None

    def _take_back(self, inspection: Inspection, earlier: StopCall | None) -> None:
        """Forget the call, unless an earlier one was noted: that one may have stopped it."""
        if earlier is None:
            self.sessions.amend(replace(inspection.session, stop_call=None))

    def is_announced(self, inspection: Inspection) -> bool:
        """Whether its announcement has been in Slack for as long as it promises. Raises what the stores do."""
        return self._wait_until(inspection) is None

    def _postpone(self, inspection: Inspection, until: datetime) -> StopOutcome:
        """Move the stop, and say so in the message. A warning that does not get to Slack is queued again.

        After a day without it, SageWatch makes a new one.
        """
        state, pending, now = inspection.state, inspection.state.pending, self.clock()
        missing = pending is not None and self.posted.find(pending.alert_id) is None
        overdue = missing and pending is not None and now - pending.warned_at >= _RESENT
        if pending and overdue:
            pending = self._queued_again(pending, now)
        elif pending and not missing:
            self.announcements.reschedule(pending.alert_id, until)
        self._remember(replace(state, pending=pending and replace(pending, stop_at=until)), inspection, until)
        return StopOutcome.OVERDUE if overdue else StopOutcome.NOT_ANNOUNCED

    def _queued_again(self, pending: PendingStop, now: datetime) -> PendingStop | None:
        waited = now - pending.warned_at
        if waited >= _GIVEN_UP:
            return None
        if waited % _RESENT < _SOON:
            self.announcements.send_again(pending.alert_id)
        return pending

    def _wait_until(self, inspection: Inspection) -> datetime | None:
        """Return when its announcement will have been in the channel for as long as it promises; ``None`` if it has."""
        pending = inspection.state.pending
        if pending is None:
            return self.clock() + _AGAIN
        posted = self.posted.find(pending.alert_id)
        if posted is None:
            return self.clock() + _SOON
        announced_until = posted.posted_at + self.follow_up.warn
        return announced_until if announced_until > self.clock() else None

    def _stopped(
        self, inspection: Inspection, by: str | None, now: datetime, claimed: StopCall | None = None
    ) -> StopOutcome:
        """Report a stop. ``claimed`` is the call that was just noted in the session, which then need not be read."""
        stopping = replace(inspection.notebook, status=NotebookStatus.STOPPING, modified_at=now)
        session = replace(inspection.session, stop_call=claimed) if claimed else None
        self.tracker.observe(stopping, by=RecordedBy.SWEEP, at=now, session=session)
        self._tell(inspection, f"Notebook {inspection.notebook.name} is stopped", self._sentence(inspection, now), by)
        state = self.follow_up.close_message(inspection.state, f"stopped at {clock_time(now, now)}", by=by)
        self.states.save(
            replace(decided(inspection, state), next_check_at=None, busy_since=None), inspection.notebook.region
        )
        return StopOutcome.STOPPED

    def _sentence(self, inspection: Inspection, now: datetime) -> str:
        since, hourly = inspection.decision.idle_since, self.rates.of_notebook(inspection.notebook)
        idled = f"after {duration(int((now - since).total_seconds()))} without activity" if since else "as asked"
        saves = "" if hourly is None else f" That saves {money(hourly)}/h."
        return f"stopped {idled} ({inspection.decision.reason}).{saves} {_KEPT}"

    def _would(self, inspection: Inspection, by: str | None) -> StopOutcome:
        now, pending = self.clock(), inspection.state.pending
        if pending:
            when = clock_time(now, now)
            outcome = (
                f"trial mode: SageWatch would have stopped it at {when}. It is still running and billed. "
                "If you are done with it, stop it in the console"
            )
            # A button that was pressed since the warning has the last word, whichever edit comes first.
            self.announcements.update_message(pending.alert_id, outcome, by=by, still_open=True, at=pending.warned_at)
            held = replace(inspection.state, pending=replace(pending, held=Hold.TRIAL))
            self._remember(held, inspection, now + _AGAIN)
        return StopOutcome.WOULD_STOP

    def _refused(self, inspection: Inspection, error: Exception) -> StopOutcome:
        """Report the refusal once for each announcement, and try again later."""
        self._tell(
            inspection, f"Notebook {inspection.notebook.name} could not be stopped", f"AWS refused: {error}", None
        )
        pending = inspection.state.pending
        state = replace(inspection.state, pending=pending and replace(pending, refused=True))
        self._remember(state, inspection, self.clock() + _AGAIN)
        return StopOutcome.REFUSED

    def _gone(self, inspection: Inspection, state: NotebookState) -> StopOutcome:
        """Leave it to the next sweep, which sees who ended it and says so in the message."""
        self.states.save(replace(state, next_check_at=None), inspection.notebook.region)
        return StopOutcome.ALREADY

    def _tell(self, inspection: Inspection, headline: str, sentence: str, by: str | None) -> None:
        pending = inspection.state.pending
        identity = pending.alert_id if pending else str(inspection.state.announced)
        thread = pending.alert_id if pending else None
        self.announcements.notify(inspection.notebook, headline, sentence, identity, thread=thread, by=by)

    def _remember(self, state: NotebookState, inspection: Inspection, next_check_at: datetime) -> None:
        self.states.save(replace(decided(inspection, state), next_check_at=next_check_at), inspection.notebook.region)
