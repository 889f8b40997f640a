"""Define a standing resource as a value: what it is, what it bills, what shows its use, and what stopping it means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sagewatch.errors import SageWatchError
from sagewatch.owners.owner import Owner
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.evidence import Evidence


class Unit(StrEnum):
    """The units that the price list has for standing resources."""

    HOUR = "hour"
    GB_MONTH = "GB-month"


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A quantity of one item of the price list, for example 2 hours an hour of ``Hosting`` ``ml.g5.xlarge``.

    For volumes the quantity is in GB and ``item`` is empty.
    """

    component: str
    item: str
    quantity: Decimal
    unit: Unit = Unit.HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledPart:
    """A part of a resource with a bill of its own, such as a variant; ``name`` is empty where there is only one.

    ``unpriced`` says why nothing can be priced, ``covered`` why nothing is billed by the hour: it was paid before.
    """

    name: str = ""
    lines: tuple[BilledLine, ...] = ()
    unpriced: str | None = None
    covered: str | None = None

    @property
    def bills(self) -> bool:
        """Whether anything is billed at this moment, or may be."""
        return self.unpriced is not None or any(line.quantity for line in self.lines)


class ResourceUnreadError(SageWatchError):
    """A resource that a listing names could not be read, so nothing is known of it."""

    def __init__(self, name: str, cause: SageWatchError) -> None:
        super().__init__(str(cause))
        self.name = name


@dataclass(frozen=True, slots=True)
class EndCall:
    """The one call that ends the bill of a resource, if there is one: an operation of SageMaker and its request."""

    operation: str
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingResource:
    """One resource that bills until a person ends it, as its listing and Describe answers say.

    ``arn`` holds the account and the region, and is written as AWS does. ``since`` is when it began to bill as it does,
    ``changed_at`` its last change. ``configuration`` is one line for people. ``owner`` is what its answers say of its
    owner; its tags outrank that. ``stopping`` says what ends the bill, and what is lost; ``end`` is the call for that.
    ``actions`` are what a person may do with it in Slack, and ``keys`` what names it in a listing: only resources with
    actions have them.
    """

    kind: ResourceKind
    arn: str
    name: str
    status: str
    since: datetime | None
    changed_at: datetime | None = None
    configuration: str
    parts: tuple[BilledPart, ...]
    evidence: Evidence
    stopping: str
    end: EndCall | None = None
    owner: Owner | None = None
    taggable: bool = True
    note: str | None = None
    actions: tuple[ResourceAction, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The account in its ARN."""
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        """The region in its ARN."""
        return self.arn.split(":")[3]

    @property
    def bills(self) -> bool:
        """Whether any part bills at this moment, or may."""
        return any(part.bills for part in self.parts)
