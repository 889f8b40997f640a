"""Handles the buttons of idle notebooks: keep or stop. The message then shows who pressed what.

Presses of job buttons go on to ``job_buttons``.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from sagewatch.alerts.ports import Lease
from sagewatch.clock import Clock
from sagewatch.errors import NotebookNotFoundError, SageWatchError
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.decision import doubt
from sagewatch.idle.evidence import Active
from sagewatch.idle.inspection import Inspection, NotebookInspector
from sagewatch.idle.outcomes import StopOutcome
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.stop import NotebookStop
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import Session
from sagewatch.sagemaker.tags import PROTECT_TAG
from sagewatch.slack.actions import ActionId
from sagewatch.slack.interactions.dialogs import confirm_stop_view, result_view
from sagewatch.slack.interactions.job_buttons import JobButtons
from sagewatch.slack.interactions.payloads import JobPress, Press, PressOutcome, read_press
from sagewatch.slack.interactions.ports import Dialogs

_MORNING = time(9, 0)
_FOUR_HOURS = timedelta(hours=4)
_MAY_NOT = "you are not allowed to press these buttons; ask the people who run SageWatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookButtons:
    """Keeps and stops notebooks, and hands the presses of job buttons to ``JobButtons``."""

    sessions: Sessions
    states: NotebookStates
    announcements: NotebookAnnouncements
    inspector: NotebookInspector
    notebook_stop: NotebookStop
    jobs: JobButtons
    dialogs: Dialogs
    clock: Clock
    zone: ZoneInfo
    approvers: tuple[str, ...]

    def on_message(self, body: str) -> PressOutcome:
        """Handle the press in a queue message. Raises ``MalformedPressError`` and what the ports do."""
        press = read_press(body)
        may = self._may(press.user)
        match press:
            case JobPress():
                return self.jobs.handle(press) if may else self.jobs.reply_to_user(press, _MAY_NOT)
            case Press():
                return self._answer(press) if may else self._say(press, _MAY_NOT)
            case _:
                assert_never(press)

    def _answer(self, press: Press) -> PressOutcome:
        session = self.sessions.get(press.arn, press.region)
        if session is None or not session.in_service:
            return self._over(press)
        return self._do(press, session)

    def _do(self, press: Press, session: Session) -> PressOutcome:
        match press.action:
            case ActionId.KEEP_4H:
                return self._keep(press, self.clock() + _FOUR_HOURS, "kept for 4 h")
            case ActionId.KEEP_UNTIL_TOMORROW:
                return self._keep(press, self._tomorrow(), "kept until tomorrow morning")
            case ActionId.NEVER_STOP:
                return self._keep(press, None, "never stopped automatically, until another button is pressed")
            case ActionId.STOP_NOW | ActionId.STOP_ANYWAY:
                return self._stop(press, session, sure=press.action is ActionId.STOP_ANYWAY)
            case _:
                assert_never(press.action)

    def _may(self, user: str) -> bool:
        """Whether a user may press buttons: the list names users and groups, and an empty list allows everyone."""
        groups = [name for name in self.approvers if name.startswith("S")]
        return (
            not self.approvers or user in self.approvers or any(user in self.dialogs.members(name) for name in groups)
        )

    def _tomorrow(self) -> datetime:
        here = self.clock().astimezone(self.zone)
        return datetime.combine(here.date() + timedelta(days=1), _MORNING, self.zone)

    def _keep(self, press: Press, until: datetime | None, words: str) -> PressOutcome:
        now = self.clock()
        self.states.put_lease(press.arn, press.region, Lease(press.user, until, now))
        when = f", to {until.astimezone(self.zone):%a %Y-%m-%d %H:%M %Z}" if until else ""
        if not self.announcements.update_message(press.incident, f"{words}{when}", by=press.user, still_open=True):
            return self._say(press, f"{press.name} is {words}{when}")
        return PressOutcome(press, f"{words}{when}")

    def _stop(self, press: Press, session: Session, *, sure: bool) -> PressOutcome:
        try:
            inspection = self.inspector.inspect(session, self.states.read(press.arn, press.region), last=True)
        except NotebookNotFoundError:
            return self._over(press)
        if not inspection.notebook.running:
            return self._over(press)
        if PROTECT_TAG in (inspection.notebook.tags or {}):
            return self._say(press, f"its tag {PROTECT_TAG} protects it; remove the tag first")
        against = None if sure else self._against(inspection)
        if against:
            return self._ask(press, against)
        return self._done(press, self.notebook_stop.act(inspection, by=press.user))

    def _against(self, inspection: Inspection) -> str | None:
        """Return a reason not to stop it now, if there is one."""
        readings = inspection.readings or tuple(self.inspector.read(inspection.notebook))
        active = next((reading.words for reading in readings if isinstance(reading, Active)), None)
        unsure = doubt(readings, self.clock())
        if active or unsure:
            return active or f"SageWatch cannot tell whether it is in use ({unsure})"
        if inspection.notebook.stop_is_one_way:
            return f"on {inspection.notebook.platform or 'an unknown platform'} it cannot be started again"
        return None

    def _ask(self, press: Press, why: str) -> PressOutcome:
        if press.view_id is None:
            return self._say(press, f"not stopped: {why}; press the button again to stop it anyway")
        self.dialogs.update(press.view_id, confirm_stop_view(press, why))
        return PressOutcome(press, f"asked: {why}")

    def _done(self, press: Press, outcome: StopOutcome) -> PressOutcome:
        self._show(press, f"{press.name}: {outcome}.")
        return PressOutcome(press, outcome)

    def _over(self, press: Press) -> PressOutcome:
        """Answer a press that came too late."""
        words = "it is no longer running, so there is nothing to keep or to stop"
        self.announcements.update_message(press.incident, words, still_open=False)
        return self._say(press, words)

    def _say(self, press: Press, words: str) -> PressOutcome:
        """Answer only the user who pressed: in the dialog, otherwise in an ephemeral message."""
        if press.view_id:
            self._show(press, f"{press.name}: {words}.")
        elif press.channel:
            self.dialogs.post_ephemeral(press.channel, press.user, f"{press.name}: {words}.")
        return PressOutcome(press, words)

    def _show(self, press: Press, sentence: str) -> None:
        """Show the result in the dialog, if it is still open. The press has had its effect either way."""
        if press.view_id is None:
            return
        try:
            self.dialogs.update(press.view_id, result_view(sentence))
        except SageWatchError:  # the user closed it, or Slack does not answer
            return
