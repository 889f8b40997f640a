"""Routes each press to the handler of its notebook, job or resource, if the person may press buttons."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from sagewatch.slack.interactions.payloads import AnyPress, JobPress, Press, PressOutcome, ResourcePress
from sagewatch.slack.interactions.people import People
from sagewatch.slack.interactions.ports import Answers
from sagewatch.slack.interactions.queued import read_press
from sagewatch.standing.idling.orders import AnnouncedStop

if TYPE_CHECKING:
    from sagewatch.standing.idling.announced import AnnouncedOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PressAnswers:
    """Answers presses of buttons. Who may press them is decided here, for all of them."""

    people: People
    notebooks: Answers[Press, PressOutcome]
    jobs: Answers[JobPress, PressOutcome]
    resources: Answers[ResourcePress, PressOutcome]
    announced: "Answers[AnnouncedStop, AnnouncedOutcome]"

    def on_message(self, body: str) -> "PressOutcome | AnnouncedOutcome":
        """Handle the press, or the order of a sweep, in a queue message.

        Raises ``MalformedPressError`` and what the ports do.
        """
        press = read_press(body)
        return self.announced.handle(press) if isinstance(press, AnnouncedStop) else self._press(press)

    def _press(self, press: AnyPress) -> PressOutcome:
        refusal = self.people.refusal(press.user)
        if refusal:
            return self.people.reply(press, refusal)
        match press:
            case JobPress():
                return self.jobs.handle(press)
            case Press():
                return self.notebooks.handle(press)
            case ResourcePress():
                return self.resources.handle(press)
            case _:
                assert_never(press)
