"""Parses the interactions that Slack sends to the endpoint."""

import json
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

from pydantic import ConfigDict, Field, ValidationError

from sagewatch.errors import MalformedPressError
from sagewatch.models import LazyAdapter, LazyModel
from sagewatch.sagemaker.fields import field_errors
from sagewatch.slack.actions import ActionId, DialogId
from sagewatch.slack.interactions.payloads import AnyPress, UserId

_PRESS: LazyAdapter[AnyPress] = LazyAdapter(Annotated[AnyPress, Field(discriminator="action")])


class _FromSlack(LazyModel):
    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class _User(_FromSlack):
    id: UserId


class _Button(_FromSlack):
    action_id: ActionId
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
    callback_id: DialogId
    private_metadata: str


class _ViewSubmission(_FromSlack):
    type: Literal["view_submission"]
    user: _User
    view: _View


def read_interaction(body: str) -> tuple[AnyPress, str | None]:
    """Read the form that Slack posts. Return the press, and the trigger that opens a dialog for three seconds.

    Raises ``MalformedPressError``, which names the invalid fields.
    """
    payload = _json(next(iter(parse_qs(body).get("payload", [])), ""))
    try:
        if payload.get("type") == "view_submission":
            submitted = _ViewSubmission.model_validate(payload)
            asked = _json(submitted.view.private_metadata)
            return _press(asked, submitted.view.callback_id, submitted.user, None, submitted.view.id), None
        pressed = _BlockActions.model_validate(payload)
        button = pressed.actions[0]
        return _press(_json(button.value), button.action_id, pressed.user, pressed.channel.id), pressed.trigger_id
    except ValidationError as exc:
        raise MalformedPressError(f"interaction: {field_errors(exc)}") from exc


def _press(
    target: dict[str, Any], action: ActionId, user: _User, channel: str | None, view_id: str | None = None
) -> AnyPress:
    pressed = {"action": action, "user": user.id, "view_id": view_id}
    return _PRESS.validate_python({"channel": channel, **target, **pressed})


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise MalformedPressError("interaction: not JSON") from exc
    if not isinstance(value, dict):
        raise MalformedPressError("interaction: not an object")
    return value
