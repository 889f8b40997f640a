"""The order of a sweep to end a resource whose announced time has come."""

from typing import Literal

from pydantic import ConfigDict

from sagewatch.models import LazyModel
from sagewatch.sagemaker.fields import Region


class AnnouncedStop(LazyModel):
    """The announced time of a resource has come. ``root`` is the ``alert_id`` of the announcement."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    action: Literal["announced_stop"] = "announced_stop"
    arn: str
    name: str
    region: Region
    root: str
