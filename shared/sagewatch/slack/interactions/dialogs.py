"""The dialogs of Slack that "Stop now" and "Stop job" open."""

from slack_sdk.models.blocks import PlainTextObject
from slack_sdk.models.views import View

from sagewatch.slack.actions import ActionId
from sagewatch.slack.blocks import escape, section
from sagewatch.slack.interactions.payloads import AnyPress, JobPress, JobTarget, Press, Target

_NOTEBOOK, _JOB = "Stop the notebook", "Stop the job"


def loading_view(press: AnyPress) -> View:
    """Return the dialog that is shown while SageWatch asks AWS."""
    match press:
        case Press():
            return _view(_NOTEBOOK, f"Checking whether `{escape(press.name)}` is in use …")
        case JobPress():
            return _view(_JOB, f"Checking `{escape(press.name)}` …")


def result_view(sentence: str) -> View:
    """Return the dialog that shows what happened to a notebook."""
    return _view(_NOTEBOOK, escape(sentence))


def job_result_view(sentence: str) -> View:
    """Return the dialog that shows what happened to a job."""
    return _view(_JOB, escape(sentence))


def confirm_stop_view(press: Press, why: str) -> View:
    """Return the dialog that asks whether to stop a notebook that may be in use."""
    lost = "Only files in `/home/ec2-user/SageMaker` are kept. Everything else is lost. Stop it anyway?"
    view = _view(_NOTEBOOK, f"`{escape(press.name)}`: {escape(why)}.\n{lost}")
    target = Target.model_validate(press.model_dump())
    return _asking(view, ActionId.STOP_ANYWAY, target, press.channel, ("Stop anyway", "Keep it"))


def confirm_job_stop_view(press: JobPress, cost: str, *, enforce: bool) -> View:
    """Return the dialog that asks whether to stop a job. ``cost`` is a clause with its cost so far."""
    lost = "A job without checkpoints loses its work when it is stopped."
    end = "Stop it?" if enforce else "Trial mode: SageWatch will not stop it, but will say that it would have."
    view = _view(_JOB, f"`{escape(press.name)}`: {escape(cost)}.\n{lost} {end}")
    target = JobTarget.model_validate(press.model_dump())
    return _asking(view, ActionId.STOP_JOB_SURE, target, press.channel, ("Stop job", "Let it run"))


def _asking(view: View, callback: str, target: Target | JobTarget, channel: str | None, words: tuple[str, str]) -> View:
    metadata = target.model_dump_json()
    view.private_metadata = metadata[:-1] + (f',"channel":"{channel}"}}' if channel else "}")
    view.callback_id = callback
    view.submit, view.close = (PlainTextObject(text=text) for text in words)
    return view


def _view(title: str, text: str) -> View:
    return View(type="modal", title=title, close="Close", blocks=[section(text)])
