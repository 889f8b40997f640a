"""Group many alerts into one message with a count and a list."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from sagewatch.alerts.base import AlertBase, alert_id
from sagewatch.formatting import minute_of


class GroupKind(StrEnum):
    """The reason why alerts are grouped."""

    PARENT = "parent"
    STORM = "storm"
    STALE = "stale"

    @property
    def sent_individually(self) -> int:
        """The number of alerts of each group that are still sent one by one. Stale alerts are only counted."""
        return 0 if self is GroupKind.STALE else 5


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """The members so far: their number, by what happened to them, and their cost in USD.

    ``unpriced`` are those whose cost is not known: they are not in ``usd``. ``names`` are the first ones'.
    """

    count: int = 0
    by_label: Mapping[str, int] = field(default_factory=dict)
    usd: Decimal = Decimal(0)
    unpriced: int = 0
    names: tuple[str, ...] = ()


class GroupAlert(AlertBase):
    """Says that the message of a group has to be brought up to date; ``group`` names it, and is its message's alert.

    ``label`` is what happened to the members of a storm; ``since`` is when a storm, or the day of stale ones, began.
    ``summary`` is filled in at delivery.
    """

    finding: Literal["group"] = "group"
    group_kind: GroupKind = Field(alias="gathering")
    group: str
    label: str | None = None
    since: AwareDatetime | None = None
    summary: GroupSummary | None = Field(default=None, alias="gathered")

    @property
    def order(self) -> str:
        """See ``AlertBase.order``: with the members of its parent, else by itself."""
        return self.thread_key or self.group


_STORM = timedelta(minutes=10)
_STALE = timedelta(days=1)  # what is older is no news


def group_of(alert: AlertBase, now: AwareDatetime, route: str | None = None) -> GroupAlert | None:
    """Return the alert's group, if any: stale alerts first, then its parent's, then others of its kind.

    Each ``route`` that leads somewhere has groups of its own.
    """
    member, at = alert.member, alert.happened_at
    if member is None or at is None:
        return None
    common: dict[str, object] = {"account": alert.account, "region": alert.region, "instances": None, "route": route}
    common["account_names"] = alert.account_names
    if now - at > _STALE:
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        return _group(GroupKind.STALE, (alert.account, route or "", day.isoformat()), common, since=day)
    if alert.stands_alone:
        return None
    if alert.parent_arn:
        parent = {"parent_arn": alert.parent_arn, "thread_key": alert.thread_key}
        return _group(GroupKind.PARENT, (alert.parent_arn,), common | parent)
    begun = minute_of(at, _STORM)
    identity = (alert.account, route or "", member.label, begun.isoformat())
    return _group(GroupKind.STORM, identity, common, since=begun, label=member.label)


def _group(
    group_kind: GroupKind, identity: tuple[str, ...], common: Mapping[str, object], **more: object
) -> GroupAlert:
    name = alert_id(group_kind, *identity)
    return GroupAlert.model_validate({"alert_id": name, "group": name, "gathering": group_kind, **common, **more})
