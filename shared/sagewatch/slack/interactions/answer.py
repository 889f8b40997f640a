"""Routes each press to the handler of its notebook, job or resource, if the person may press buttons."""

from dataclasses import dataclass
from typing import assert_never

from sagewatch.slack.interactions.job_buttons import JobButtons
from sagewatch.slack.interactions.notebook_buttons import NotebookButtons
from sagewatch.slack.interactions.payloads import AnyPress, JobPress, Press, PressOutcome, ResourcePress
from sagewatch.slack.interactions.people import People
from sagewatch.slack.interactions.queued import read_press
from sagewatch.slack.interactions.resource_buttons import ResourceButtons
from sagewatch.standing.idling.announced import AnnouncedEnding, AnnouncedOutcome
from sagewatch.standing.idling.orders import AnnouncedStop


@dataclass(frozen=True, slots=True, kw_only=True)
class PressAnswers:
    """Answers presses of buttons. Who may press them is decided here, for all of them."""

    people: People
    notebooks: NotebookButtons
    jobs: JobButtons
    resources: ResourceButtons
    announced: AnnouncedEnding

    def on_message(self, body: str) -> PressOutcome | AnnouncedOutcome:
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
