"""Reads the messages of AnswerSlack's queue: presses, and what sweeps order."""

from typing import Annotated

from pydantic import Field, ValidationError

from sagewatch.errors import MalformedPressError
from sagewatch.models import LazyAdapter
from sagewatch.sagemaker.fields import field_errors
from sagewatch.slack.interactions.payloads import AnyPress
from sagewatch.standing.idling.orders import AnnouncedStop

_QUEUED: LazyAdapter[AnyPress | AnnouncedStop] = LazyAdapter(
    Annotated[AnyPress | AnnouncedStop, Field(discriminator="action")]
)


def read_press(body: str) -> AnyPress | AnnouncedStop:
    """Read a press, or what a sweep ordered, from a queue message. Raises ``MalformedPressError``.

    What Slack sends is never read as an order: ``read_interaction`` knows presses alone.
    """
    try:
        return _QUEUED.validate_json(body)
    except ValidationError as exc:
        raise MalformedPressError(f"press: {field_errors(exc)}") from exc
