"""Decides who may press buttons, and answers the person who pressed one."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, assert_never
from zoneinfo import ZoneInfo

from sagewatch.errors import PermanentError, RetryableError, SageWatchError, ThrottledError, UnavailableError
from sagewatch.slack.actions import OPENS_DIALOG
from sagewatch.slack.interactions.dialogs import job_result_view, resource_result_view, result_view
from sagewatch.slack.interactions.payloads import AnyPress, JobPress, Press, PressOutcome, ResourcePress
from sagewatch.slack.interactions.ports import Dialogs

if TYPE_CHECKING:
    from slack_sdk.models.views import View

_MAY_NOT = "you are not on the list of people who may use these buttons; ask those who run SageWatch"
_UNREADABLE = "SageWatch may not read the user groups on its list of approvers; ask those who run SageWatch"
_MORNING = time(9, 0)
_A_NIGHT = timedelta(hours=8)

GONE = "it no longer exists"  # what a button belonged to


@dataclass(frozen=True, slots=True)
class Morning:
    """When a person's next morning is. ``zone_known`` says whether Slack gave the person's time zone."""

    at: datetime
    zone: str
    zone_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Knows who may press buttons, and answers them. ``approvers`` are users and groups; none means everyone."""

    dialogs: Dialogs
    approvers: tuple[str, ...]
    zone: ZoneInfo

    def refusal(self, user: str) -> str | None:
        """Say why a user may not press buttons, if so. Raises ``ThrottledError`` and ``UnavailableError``."""
        if not self.approvers or user in self.approvers:
            return None
        groups = [name for name in self.approvers if name.startswith("S")]
        try:
            return None if any(user in self.dialogs.members(name) for name in groups) else _MAY_NOT
        except (ThrottledError, UnavailableError):
            raise
        except (PermanentError, RetryableError):
            return _UNREADABLE

    def reply(self, press: AnyPress, words: str, effect: str | None = None) -> PressOutcome:
        """Tell the person who pressed, and no one else: in the open dialog, else in a message only they see.

        What was done is done, so a reply that fails is left out.
        """
        sentence = f"{press.name}: {words}."
        if not self.show(press, sentence) and press.channel:
            with suppress(SageWatchError):
                self.dialogs.post_ephemeral(press.channel, press.user, sentence)
        return PressOutcome(press, effect or words)

    def show(self, press: AnyPress, sentence: str) -> bool:
        """Show a sentence in the dialog that the press opened; say whether it is still open."""
        if not _has_dialog(press):
            return False
        match press:
            case Press():
                return self._update(press, result_view(sentence))
            case JobPress():
                return self._update(press, job_result_view(sentence))
            case ResourcePress():
                return self._update(press, resource_result_view(sentence))
            case _:
                assert_never(press)

    def ask(self, press: AnyPress, question: "View", why: str) -> PressOutcome:
        """Ask for confirmation. A dialog that was closed means no."""
        if not _has_dialog(press):
            done, button = ("changed", "button") if isinstance(press, ResourcePress) else ("stopped", "stop button")
            return self.reply(press, f"not {done}: {why}. Press the {button} once more to confirm")
        self._update(press, question)
        return PressOutcome(press, f"asked: {why}")

    def morning(self, user: str, now: datetime) -> Morning:
        """Say when the person's next morning is that is a night away."""
        zone, known = self._zone(user)
        here = now.astimezone(zone)
        days = [datetime.combine(here.date() + timedelta(days=ahead), _MORNING, zone) for ahead in range(3)]
        return Morning(next(day for day in days if day - now >= _A_NIGHT), str(zone), known)

    def _zone(self, user: str) -> tuple[ZoneInfo, bool]:
        try:
            name = self.dialogs.time_zone(user)
            return (ZoneInfo(name), True) if name else (self.zone, False)
        except (SageWatchError, LookupError, ValueError, OSError):  # Slack does not say, or names no zone
            return self.zone, False

    def _update(self, press: AnyPress, view: "View") -> bool:
        try:
            self.dialogs.update(press.view_id or "", view)
        except SageWatchError:  # the person closed it, or Slack does not answer
            return False
        return True


def _has_dialog(press: AnyPress) -> bool:
    """Whether the press opened a dialog."""
    return press.view_id is not None and press.action in OPENS_DIALOG
