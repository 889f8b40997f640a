"""The dialogs of Slack that buttons open before something is stopped or deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sagewatch.sagemaker.notebooks import KEPT_FOLDER
from sagewatch.slack.actions import ActionId
from sagewatch.slack.interactions.payloads import (
    AnyPress,
    JobPress,
    JobTarget,
    Press,
    ResourcePress,
    ResourceTarget,
    Target,
)
from sagewatch.slack.text import by, escape, sentence
from sagewatch.standing.actions import ResourceAction

if TYPE_CHECKING:
    from slack_sdk.models.views import View

    from sagewatch.slack.interactions.objections import Against

_NOTEBOOK, _JOB, _RESOURCE = "Stop the notebook", "Stop the job", "Idle resource"


def loading_view(press: AnyPress) -> "View":
    """Return the dialog that is shown while SageWatch asks AWS."""
    match press:
        case Press():
            return _view(_NOTEBOOK, f"Checking whether `{escape(press.name)}` is in use …")
        case JobPress():
            return _view(_JOB, f"Checking `{escape(press.name)}` …")
        case ResourcePress():
            return _view(_RESOURCE, f"Checking whether `{escape(press.name)}` is in use …")


def result_view(text: str) -> "View":
    """Return the dialog that shows what happened to a notebook."""
    return _view(_NOTEBOOK, escape(text))


def job_result_view(text: str) -> "View":
    """Return the dialog that shows what happened to a job."""
    return _view(_JOB, escape(text))


def resource_result_view(text: str) -> "View":
    """Return the dialog that shows what happened to an idle resource."""
    return _view(_RESOURCE, escape(text))


def confirm_stop_view(press: Press, against: Sequence["Against"], since: datetime, now: datetime) -> "View":
    """Return the dialog that asks whether to stop a notebook although something speaks against it.

    The answer carries what was asked, about the run that began at ``since``.
    """
    lost = f"Only files in `{KEPT_FOLDER}` are kept. Everything else is lost. Stop it anyway?"
    why = "\n".join(f"• {sentence(each.words)}{by(each.user)}" for each in against)
    view = _view(_NOTEBOOK, f"`{escape(press.name)}`\n{why}\n{lost}" if why else f"`{escape(press.name)}`\n{lost}")
    asked = {"since": since, "asked_at": now, "against": tuple(each.kind.value for each in against)}
    target = Target.model_validate(press.model_dump() | asked)
    return _asking(view, ActionId.STOP_ANYWAY, target, press.channel, ("Stop anyway", "Keep it"))


def confirm_job_stop_view(press: JobPress, cost: str, *, enforce: bool) -> "View":
    """Return the dialog that asks whether to stop a job. ``cost`` is a clause with its cost so far."""
    lost = "A job without checkpoints loses its work when it is stopped."
    end = "Stop it?" if enforce else "Trial mode: SageWatch will not stop it, but will say that it would have."
    view = _view(_JOB, f"`{escape(press.name)}`: {escape(cost)}.\n{lost} {end}")
    target = JobTarget.model_validate(press.model_dump())
    return _asking(view, ActionId.STOP_JOB_SURE, target, press.channel, ("Stop job", "Let it run"))


def confirm_resource_view(  # noqa: PLR0913, PLR0917 - what the question consists of
    press: ResourcePress,
    action: ResourceAction,
    submit: str,
    consequence: str,
    against: Sequence["Against"],
    now: datetime,
) -> "View":
    """Return the dialog that asks whether to change a resource, with what speaks against it at this moment."""
    why = "".join(f"• {sentence(each.words)}{by(each.user)}\n" for each in against)
    view = _view(_RESOURCE, f"`{escape(press.name)}`\n{why}{escape(consequence)}")
    asked = {"wanted": action, "asked_at": now, "against": tuple(each.kind.value for each in against)}
    target = ResourceTarget.model_validate(press.model_dump() | asked)
    return _asking(view, ActionId.RESOURCE_SURE, target, press.channel, (submit, "Change nothing"))


def _asking(
    view: "View",
    callback: str,
    target: Target | JobTarget | ResourceTarget,
    channel: str | None,
    words: tuple[str, str],
) -> "View":
    from slack_sdk.models.blocks import PlainTextObject  # noqa: PLC0415 - heavy, and most presses open no dialog

    metadata = target.model_dump_json()
    view.private_metadata = metadata[:-1] + (f',"channel":"{channel}"}}' if channel else "}")
    view.callback_id = callback
    view.submit, view.close = (PlainTextObject(text=text) for text in words)
    return view


def _view(title: str, text: str) -> "View":
    from slack_sdk.models.views import View  # noqa: PLC0415 - as above

    from sagewatch.slack.blocks import section  # noqa: PLC0415 - as above

    return View(type="modal", title=title, close="Close", blocks=[section(text)])
