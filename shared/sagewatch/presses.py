"""What people press in Slack: interactions as Slack sends them, and presses as they travel through the queue."""

import json
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from sagewatch.errors import MalformedPressError
from sagewatch.fields import Name, Region
from sagewatch.shapes import faults

Action = Literal["keep_4h", "keep_until_tomorrow", "stop_now", "never_stop", "stop_anyway"]
STOP_ANYWAY = "stop_anyway"  # the callback ID of the dialog that asks
_UserId = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,30}$")]


class _FromSlack(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Target(BaseModel):
    """What a button stands for: its value, which we wrote."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    arn: Annotated[
        str, StringConstraints(pattern=r"^arn:[a-z-]+:sagemaker:[a-z0-9-]+:\d{12}:notebook-instance/[a-z0-9-]+$")
    ]
    name: Name
    region: Region
    incident: str = Field(min_length=1, max_length=200)


class Press(Target):
    """One press, checked: who pressed what, and where. ``view_id`` is the dialog that was opened for it."""

    action: Action
    user: _UserId
    channel: str | None = None
    view_id: str | None = None


class _User(_FromSlack):
    id: _UserId


class _Button(_FromSlack):
    action_id: Action
    value: str = Field(max_length=2000)


class _Channel(_FromSlack):
    id: str


class _BlockActions(_FromSlack):
    type: Literal["block_actions"]
    user: _User
    channel: _Channel
    actions: list[_Button] = Field(min_length=1)
    trigger_id: str | None = None


class _View(_FromSlack):
    id: str
    callback_id: Literal["stop_anyway"]
    private_metadata: str


class _ViewSubmission(_FromSlack):
    type: Literal["view_submission"]
    user: _User
    view: _View


def read_interaction(body: str) -> tuple[Press, str | None]:
    """Read the form Slack posts: the press, and the trigger a dialog can be opened with for three seconds.

    Raises ``MalformedPressError``, which names the fields at fault.
    """
    payload = _json(next(iter(parse_qs(body).get("payload", [])), ""))
    try:
        if payload.get("type") == "view_submission":
            submitted = _ViewSubmission.model_validate(payload)
            asked = _json(submitted.view.private_metadata)
            return _press(asked, "stop_anyway", submitted.user, None, submitted.view.id), None
        pressed = _BlockActions.model_validate(payload)
        button = pressed.actions[0]
        return _press(_json(button.value), button.action_id, pressed.user, pressed.channel.id), pressed.trigger_id
    except ValidationError as exc:
        raise MalformedPressError(f"interaction: {faults(exc)}") from exc


def read_press(body: str) -> Press:
    """Read a press from a queue message. Raises ``MalformedPressError``."""
    try:
        return Press.model_validate_json(body)
    except ValidationError as exc:
        raise MalformedPressError(f"press: {faults(exc)}") from exc


def _press(
    target: dict[str, Any], action: Action, user: _User, channel: str | None, view_id: str | None = None
) -> Press:
    told = {"action": action, "user": user.id, "view_id": view_id}
    return Press.model_validate({"channel": channel, **target, **told})


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise MalformedPressError("interaction: not JSON") from exc
    if not isinstance(value, dict):
        raise MalformedPressError("interaction: not an object")
    return value
