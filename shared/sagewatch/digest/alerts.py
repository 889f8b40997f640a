"""What people are told of money: the digest of a period, and budgets that are being used up."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sagewatch.alerts.base import AlertBase
from sagewatch.digest.budgets import BudgetState
from sagewatch.digest.summary import Digest


class ImageRef(BaseModel):
    """An image that the channel holds already, by the channel's ID of it, and what it shows in words."""

    model_config = ConfigDict(extra="ignore", frozen=True, validate_by_name=True, serialize_by_alias=True)

    image_id: str = Field(alias="file_id")
    alt_text: str


class DigestAlert(AlertBase):
    """The digest of a period. ``no_picture`` says why it has no chart, where there should be one.

    ``health`` says, once a week, whether the watch itself is well.
    """

    finding: Literal["digest"] = "digest"
    digest: Digest
    picture: ImageRef | None = None
    no_picture: str | None = None
    health: str | None = None


class BudgetAlert(AlertBase):
    """A budget has reached a ``threshold`` in percent; without one, its forecast passes it."""

    finding: Literal["budget"] = "budget"
    state: BudgetState
    threshold: int | None
