"""What every alert has, and the rule that gives each its identity."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Self, override

from pydantic import AwareDatetime, ConfigDict, Field

from sagewatch.models import LazyModel
from sagewatch.sagemaker.fields import Region
from sagewatch.sagemaker.kinds import rolls_up

# Amounts travel as text: JSON numbers are floats to most readers.
Usd = Annotated[str, Field(pattern=r"^\d+(\.\d+)?$")]


def as_text(usd: Decimal | None) -> Usd | None:
    """An amount as it travels; not known stays not known."""
    return None if usd is None else f"{usd:f}"


def from_text(usd: Usd | None) -> Decimal | None:
    """An amount that has travelled."""
    return None if usd is None else Decimal(usd)


@dataclass(frozen=True, slots=True)
class GroupMember:
    """One alert of a group: its resource, what happened to it in words, and its cost in USD.

    ``already_counted`` means that another alert counts this resource: its failure has a message of its own.
    """

    name: str
    label: str
    usd: Decimal | None
    already_counted: bool = False


class AlertBase(LazyModel):
    """What every alert has. The same finding always gets the same ``alert_id``, however often it is found.

    ``thread`` is the ``alert_id`` of the message it replies to, ``edits`` that of the message it replaces.
    Alerts with one ``thread_key`` share a thread: the first of them to be posted is its root. Those with a
    ``parent_arn`` are counted in that parent's message. ``route`` is what the resource's tag asks for;
    ``happened_at`` is when the event it reports happened. ``account_names`` are set when it is delivered, as far as
    they are known.

    Alerts wait in queues and archives while releases change: unknown fields are ignored, and JSON keeps its names.
    """

    model_config = ConfigDict(
        defer_build=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        serialize_by_alias=True,
    )

    alert_id: str = Field(min_length=1, max_length=200)
    account: str
    region: Region
    instances: str | None
    thread: str | None = None
    edits: str | None = None
    thread_key: str | None = Field(default=None, alias="incident")
    owner: str | None = None
    parent_arn: str | None = None
    route: str | None = None
    happened_at: AwareDatetime | None = None
    account_names: Mapping[str, str] = Field(default_factory=dict)

    @property
    def accounts(self) -> Sequence[str]:
        """The accounts that its message names."""
        return (self.account,)

    def account_title(self, account: str) -> str:
        """An account for people: ``ml-research (222233334444)``, or its ID alone."""
        name = self.account_names.get(account)
        return f"{name} ({account})" if name else account

    @property
    def closed(self) -> bool:
        """Whether nothing is left to press: if its message is deleted, an edit does not post it again."""
        return False

    @property
    def order(self) -> str:
        """Alerts with the same ``order`` are delivered one after the other, as they were queued."""
        return self.edits or self.thread or self.thread_key or self.alert_id

    stands_alone: ClassVar[bool] = False
    """Whether a recent alert always gets a message of its own, even when many of its kind arrive."""

    @property
    def member(self) -> GroupMember | None:
        """How it counts in a group; ``None`` for an alert that always gets its own message."""
        return None


class OpenAlert(AlertBase):
    """An alert whose message has buttons while it is ``open``.

    ``outcome`` is what has happened since, ``by`` the Slack user who did it, and ``outcome_at`` when it became so.
    """

    outcome: str | None = None
    outcome_at: AwareDatetime | None = None
    by: str | None = None
    open: bool = True

    @property
    @override
    def closed(self) -> bool:
        return not self.open

    @property
    def root(self) -> str:
        """The message that others edit."""
        return self.edits or self.alert_id

    def answered(self, outcome: str, at: datetime, *, by: str | None, still_open: bool) -> Self:
        """Return it with what has become of it. What is older than what an open message shows is left out."""
        if self.open and still_open and self.outcome_at and self.outcome_at > at:
            return self
        return self.model_copy(update={"outcome": outcome, "outcome_at": at, "by": by, "open": still_open})


def thread_key_of(arn: str, created_at: str, parent_arn: str | None = None) -> str:
    """The key of a job's thread: its parent's, where it has one. Children know their parent by its ARN alone."""
    if parent_arn or rolls_up(arn):
        return alert_id("incident", parent_arn or arn)
    return alert_id("incident", arn, created_at)


def alert_id(finding: str, *identity: str) -> str:
    """Name a finding the same way every time: its kind and a digest of what it is about."""
    return f"{finding}-{hashlib.sha256('|'.join(identity).encode()).hexdigest()[:32]}"
