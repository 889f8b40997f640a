"""Alerts about money: the digest of a period, and budgets."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, override

from pydantic import ConfigDict, Field

from sagewatch.alerts.base import AlertBase
from sagewatch.budgets.budget import BudgetState, is_account
from sagewatch.digest.summary import Digest
from sagewatch.models import LazyModel


class ImageRef(LazyModel):
    """An image that the channel holds already, by the channel's ID of it, and what it shows in words."""

    model_config = ConfigDict(
        defer_build=True, extra="ignore", frozen=True, validate_by_name=True, serialize_by_alias=True
    )

    image_id: str = Field(alias="file_id")
    alt_text: str


class StudioFinding(LazyModel):
    """Where Studio's idle shutdown has a fault, and what an hour of the apps under it costs."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True)

    domain: str
    place: str
    app_type: str
    reason: str
    usd: Decimal


class StudioSummary(LazyModel):
    """What the last audits of Studio found: how many faults, what runs under them, and the most expensive."""

    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True)

    count: int
    usd: Decimal
    top: tuple[StudioFinding, ...]


class DigestAlert(AlertBase):
    """The digest of a period. ``no_picture`` says why the chart is missing.

    ``health`` says once a week whether SageWatch itself is well, ``studio`` what the audit of its idle shutdown found.
    """

    finding: Literal["digest"] = "digest"
    digest: Digest
    picture: ImageRef | None = None
    no_picture: str | None = None
    health: str | None = None
    studio: StudioSummary | None = None

    @property
    @override
    def accounts(self) -> Sequence[str]:
        """Those it compares, and those with a budget."""
        named = [share.name for share in self.digest.by_account.top]
        budgets = [state.owner for state in self.digest.budgets if is_account(state.owner)]
        return sorted({*named, *budgets})


class BudgetAlert(AlertBase):
    """A budget reached a ``threshold`` in percent. Without a threshold, the forecast exceeds the budget."""

    finding: Literal["budget"] = "budget"
    state: BudgetState
    threshold: int | None

    @property
    @override
    def accounts(self) -> Sequence[str]:
        """The one whose budget it is."""
        return (self.state.owner,) if is_account(self.state.owner) else ()
