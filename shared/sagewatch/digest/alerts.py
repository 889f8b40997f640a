"""What people are told of money: the digest of a period, and budgets that are being used up."""

from dataclasses import dataclass
from typing import Literal

from sagewatch.alerts.base import AlertBase
from sagewatch.digest.budgets import BudgetState
from sagewatch.digest.summary import Digest


@dataclass(frozen=True, slots=True)
class ChartImage:
    """A picture that is in Slack already, by the ID of its file, and what it shows in words."""

    file_id: str
    alt_text: str


class DigestAlert(AlertBase):
    """The digest of a period. ``no_picture`` says why it has no chart, where there should be one.

    ``health`` says, once a week, whether the watch itself is well.
    """

    finding: Literal["digest"] = "digest"
    digest: Digest
    picture: ChartImage | None = None
    no_picture: str | None = None
    health: str | None = None


class BudgetAlert(AlertBase):
    """A budget has reached a ``threshold`` in percent; without one, its forecast passes it."""

    finding: Literal["budget"] = "budget"
    state: BudgetState
    threshold: int | None
