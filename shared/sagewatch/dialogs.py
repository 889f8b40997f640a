"""The dialogs of Slack that "Stop now" opens."""

from slack_sdk.models.blocks import PlainTextObject
from slack_sdk.models.views import View

from sagewatch.mrkdwn import escape, section
from sagewatch.presses import STOP_ANYWAY, Press, Target

_TITLE = "Stop the notebook"


def looking(name: str) -> View:
    """While it is looked at."""
    return _view(f"Looking whether anything runs on `{escape(name)}` …")


def told(sentence: str) -> View:
    """What has become of it."""
    return _view(escape(sentence))


def ask(press: Press, why: str) -> View:
    """Whether to stop it although something speaks against it."""
    target = Target.model_validate(press.model_dump()).model_dump_json()
    metadata = target[:-1] + (f',"channel":"{press.channel}"}}' if press.channel else "}")
    lost = "What is only in memory is lost if it is stopped. Stop it all the same?"
    text = f"*{escape(press.name)}*: {escape(why)}.\n{lost}"
    view = _view(text)
    view.callback_id, view.private_metadata = STOP_ANYWAY, metadata
    view.submit, view.close = PlainTextObject(text="Stop anyway"), PlainTextObject(text="Keep it")
    return view


def _view(text: str) -> View:
    return View(type="modal", title=_TITLE, close="Close", blocks=[section(text)])
