"""Routes each press to the handler of its notebook or job, if the person may press buttons."""

from dataclasses import dataclass
from typing import assert_never

from sagewatch.slack.interactions.job_buttons import JobButtons
from sagewatch.slack.interactions.notebook_buttons import NotebookButtons
from sagewatch.slack.interactions.payloads import JobPress, Press, PressOutcome, read_press
from sagewatch.slack.interactions.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class PressAnswers:
    """Answers presses of buttons of notebooks and of jobs."""

    people: People
    notebooks: NotebookButtons
    jobs: JobButtons

    def on_message(self, body: str) -> PressOutcome:
        """Handle the press in a queue message. Raises ``MalformedPressError`` and what the ports do."""
        press = read_press(body)
        refusal = self.people.refusal(press.user)
        if refusal:
            return self.people.reply(press, refusal)
        match press:
            case JobPress():
                return self.jobs.handle(press)
            case Press():
                return self.notebooks.handle(press)
            case _:
                assert_never(press)
