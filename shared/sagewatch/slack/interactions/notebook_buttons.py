"""Handles the buttons of idle notebooks: keep or stop. The message then shows who pressed what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sagewatch.alerts.ports import Lease
from sagewatch.clock import Clock
from sagewatch.errors import NotebookNotFoundError
from sagewatch.idle.announcements import FOUR_HOURS, NotebookAnnouncements, kept_until
from sagewatch.idle.inspection import Inspection, NotebookInspector
from sagewatch.idle.outcomes import StopOutcome
from sagewatch.idle.ports import LeaseGrant, Leases, NotebookStates
from sagewatch.idle.reconcile import ending_of
from sagewatch.idle.stop import NotebookStop
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import Session, caller, whole_second
from sagewatch.sagemaker.tags import PROTECT_TAG
from sagewatch.slack.actions import ActionId
from sagewatch.slack.interactions.dialogs import confirm_stop_view
from sagewatch.slack.interactions.objections import Against, objections
from sagewatch.slack.interactions.payloads import Press, PressOutcome
from sagewatch.slack.interactions.people import GONE, People

_STOPS = frozenset({ActionId.STOP_NOW, ActionId.STOP_ANYWAY})


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookButtons:
    """Does what people press. A press that is handled twice does and says the same twice."""

    sessions: Sessions
    states: NotebookStates
    leases: Leases
    announcements: NotebookAnnouncements
    inspector: NotebookInspector
    notebook_stop: NotebookStop
    people: People
    clock: Clock

    def handle(self, press: Press) -> PressOutcome:
        """Do what was pressed. Raises what the ports do."""
        session = self.sessions.get(press.arn, press.region)
        if session is None or not session.in_service:
            return self._over(press, session)
        match press.action:
            case ActionId.KEEP_4H:
                return self._keep(press, whole_second(press.at(self.clock)) + FOUR_HOURS)
            case ActionId.KEEP_UNTIL_TOMORROW:
                return self._until_tomorrow(press)
            case ActionId.NEVER_STOP:
                return self._keep(press, None)
            case ActionId.STOP_NOW | ActionId.STOP_ANYWAY:
                return self._stop(press, session)
            case _:
                assert_never(press.action)

    def _until_tomorrow(self, press: Press) -> PressOutcome:
        morning = self.people.morning(press.user, press.at(self.clock))
        outcome = self._keep(press, morning.at)
        if not morning.zone_known:
            words = f"{outcome.effect}. Slack does not tell SageWatch your time zone, so 09:00 in {morning.zone} counts"
            return self.people.reply(press, words, outcome.effect)
        return outcome

    def _keep(self, press: Press, until: datetime | None) -> PressOutcome:
        lease = Lease(press.user, until, press.at(self.clock))
        match self.leases.grant(press.arn, press.region, lease, self.clock()):
            case LeaseGrant.GRANTED:
                words = kept_until(lease)
                if not self.announcements.show_lease(press.root, lease):
                    return self.people.reply(press, words)
                return PressOutcome(press, words)
            case LeaseGrant.OVERTAKEN:
                return self.people.reply(press, "not kept by this press: another button was pressed after it")
            case LeaseGrant.STOPPING:
                return self.people.reply(press, "too late to keep it: SageWatch is stopping it at this moment")

    def _stop(self, press: Press, session: Session) -> PressOutcome:
        state = self.states.read(press.arn, press.region)
        try:
            inspection = self.inspector.inspect(session, state, last=True)
        except NotebookNotFoundError:
            return self.people.reply(press, GONE)
        if not inspection.notebook.running:
            done = self.notebook_stop.finish(inspection, by=press.user)
            return self._done(press, StopOutcome.STOPPED if done else StopOutcome.ALREADY)
        refusal = self._refusal(press, inspection)
        if refusal:
            return self.people.reply(press, refusal)
        against = self._against(press, inspection)
        if self._has_to_be_asked(press, session, against):
            return self._ask(press, session, against)
        outcome = self.notebook_stop.act(inspection, by=press.user)
        if outcome is StopOutcome.STOPPED and inspection.state.lease:
            self._take_back(press)
        return self._done(press, outcome)

    def _refusal(self, press: Press, inspection: Inspection) -> str | None:
        """Say why a press stops nothing, even if the person confirms it."""
        lease, at = inspection.state.lease, press.at(self.clock)
        if at < (inspection.restarted_at or whole_second(inspection.session.since)):
            return "not stopped: it was started again after this button was pressed"
        if lease and lease.in_force(self.clock()) and lease.written_at > at:
            return "not stopped: another button was pressed after this one"
        if PROTECT_TAG in (inspection.notebook.tags or {}):
            return f"its tag {PROTECT_TAG} protects it; remove the tag first"
        return None

    def _take_back(self, press: Press) -> None:
        """End the lease there is: another button than the one that gave it was pressed."""
        at = press.at(self.clock)
        self.leases.grant(press.arn, press.region, Lease(press.user, at, at), self.clock())

    def _against(self, press: Press, inspection: Inspection) -> Sequence[Against]:
        readings = inspection.readings or tuple(self.inspector.read(inspection.notebook))
        unsure = self.inspector.doubt(inspection, readings)
        return objections(inspection, readings, unsure, press.user, self.clock())

    def _has_to_be_asked(self, press: Press, session: Session, against: Sequence[Against]) -> bool:
        """Whether something speaks against the stop that the person has not confirmed."""
        if press.action is not ActionId.STOP_ANYWAY:
            return bool(against)
        confirmed = press.confirms((each.kind for each in against), self.clock())
        return press.since != session.since or not confirmed

    def _ask(self, press: Press, session: Session, against: Sequence[Against]) -> PressOutcome:
        why = "; ".join(each.words for each in against) or "it was started again, or the question is too old"
        return self.people.ask(press, confirm_stop_view(press, against, session.since, self.clock()), why)

    def _done(self, press: Press, outcome: StopOutcome) -> PressOutcome:
        """A stop is in the message for everyone; what was not done is for the person who pressed."""
        words = _RESULTS[outcome]
        if outcome is StopOutcome.STOPPED:
            self.people.show(press, f"{press.name}: {words}.")
            return PressOutcome(press, outcome)
        return self.people.reply(press, words, outcome)

    def _over(self, press: Press, session: Session | None) -> PressOutcome:
        """A late press, or the second try of one that stopped it. What the message says last stays."""
        if session is None:
            return self.people.reply(press, GONE)
        ending = ending_of(session, self.clock())
        said = self.announcements.update_message(
            press.root, ending.words, by=ending.by, still_open=False, at=session.since
        )
        if not said and press.action not in _STOPS:
            self.announcements.show_end(press.root, press.at(self.clock))
        mine = session.stopped_by == caller(press.user) and press.action in _STOPS
        if mine:
            self._take_back(press)
        if mine and not said:
            self.notebook_stop.report(press.root, session, by=press.user)
        return self._done(press, StopOutcome.STOPPED if mine else StopOutcome.ALREADY)


_RESULTS = {
    StopOutcome.STOPPED: "stopped",
    StopOutcome.WOULD_STOP: "trial mode: nothing was stopped",
    StopOutcome.CHANGED: "not stopped: it was used or changed, or a button was pressed, in the meantime",
    StopOutcome.NOT_ANNOUNCED: "not stopped: its warning is too new",
    StopOutcome.OVERDUE: "not stopped: its warning is not in Slack",
    StopOutcome.ALREADY: "it has already been stopped",
    StopOutcome.REFUSED: "AWS refused to stop it",
}
