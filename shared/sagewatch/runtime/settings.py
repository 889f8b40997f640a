"""Settings: one frozen model for each function, read from its environment."""

import os
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from sagewatch.errors import SettingsError
from sagewatch.models import LazyModel


def words(value: object) -> object:
    """Split at commas; blanks between them are dropped."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def pairs(value: object) -> object:
    """Split ``name=value`` at commas; the last ``=`` of a pair divides it."""
    split = (word.rpartition("=") for word in words(value)) if isinstance(value, str) else None  # type: ignore[attr-defined] # a list, as the text is one
    return value if split is None else {name: amount for name, _, amount in split}


def _times(unit: timedelta, least: int) -> BeforeValidator:
    """Read a whole number of a unit of time."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        if not value.strip().isdigit() or int(value) < least:
            raise ValueError(f"must be a whole number, at least {least}")
        return int(value) * unit

    return BeforeValidator(read)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Words = Annotated[tuple[Text, ...], BeforeValidator(words)]
Pairs = Annotated[Mapping[Text, Text], BeforeValidator(pairs)]
Count = Annotated[int, Field(ge=1)]
Percent = Annotated[Decimal, Field(ge=0, le=100)]
Account = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
Discounts = Annotated[Mapping[Account, Percent], BeforeValidator(pairs)]
Usd = Annotated[Decimal, Field(ge=0)]
Hours = Annotated[timedelta, _times(timedelta(hours=1), least=1)]
Minutes = Annotated[timedelta, _times(timedelta(minutes=1), least=0)]


class Settings(LazyModel):
    """What one function reads. Each variable is the name of a field in capitals, or the alias of the field."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=str.upper)

    @classmethod
    def from_env(cls, variables: Mapping[str, str] | None = None) -> Self:
        """Read the environment. Raises ``SettingsError``, which names each variable that is missing or wrong."""
        return cls.read(os.environ if variables is None else variables, {})

    @classmethod
    def read(cls, values: Mapping[str, str], names: Mapping[str, str]) -> Self:
        """Read values by the names of variables, or by those that ``names`` gives instead."""
        renamed = {ours: values[theirs] for ours, theirs in names.items() if theirs in values}
        try:
            return cls.model_validate({**values, **renamed})
        except ValidationError as exc:
            problems = (f"{names.get(str(error['loc'][0]), error['loc'][0])} {_fault(error)}" for error in exc.errors())
            raise SettingsError("; ".join(problems)) from exc


def _fault(error: ErrorDetails) -> str:
    """Say what is wrong with a variable, after its name."""
    if error["type"] in {"missing", "string_too_short", "too_short"}:
        return "is missing or empty"
    return f"is wrong: {error['msg'].removeprefix('Value error, ')}"


class InboxSettings(Settings):
    """The queue of a function. A message is tried ``max_receives`` times before it goes to the dead-letter queue."""

    queue_url: Text
    dead_letter_queue_url: Text
    max_receives: Count


class HubSettings(Settings):
    """Settings of functions that work in other accounts too. ``account`` is the stack's own.

    ``spoke_roles`` is what the names of the roles there begin with; empty if no other account is watched.
    """

    account: str | None = None
    spoke_roles: str = ""
    spoke_external_id: str = ""
    spoke_accounts: Words = ()
    organization_id: str = ""


class LedgerSettings(HubSettings):
    """Settings of functions that write rows: both tables, the tags that name an owner, and the discount."""

    cost_ledger: Text
    watch_state: Text
    owner_tag_keys: Annotated[Words, Field(min_length=1)]
    discount_percent: Percent
    account_discounts: Discounts = Field(default_factory=dict)
    regions: Words = ()  # swept and priced with the home region, whether or not an event arrived


class RecordingSettings(LedgerSettings):
    """Settings of functions that write rows and send alerts."""

    alert_queue_url: Text

    @classmethod
    def from_stack(cls, stack: Mapping[str, str]) -> Self:
        """Read a stack's outputs and parameters. Raises ``SettingsError``, which names what is missing or wrong."""
        return cls.read(stack, _STACK)


_STACK = {
    "COST_LEDGER": "CostLedgerName",
    "WATCH_STATE": "WatchStateName",
    "OWNER_TAG_KEYS": "OwnerTagKeys",
    "DISCOUNT_PERCENT": "DiscountPercent",
    "ACCOUNT_DISCOUNTS": "AccountDiscounts",
    "ALERT_QUEUE_URL": "AlertQueueUrl",
    "REGIONS": "Regions",
    "ACCOUNT": "AccountId",
    "SPOKE_ROLES": "SpokeRoles",
    "SPOKE_EXTERNAL_ID": "SpokeExternalId",
    "SPOKE_ACCOUNTS": "SpokeAccounts",
    "ORGANIZATION_ID": "OrganizationId",
}


class SweepSettings(RecordingSettings):
    """Settings of sweeps. ``home_region`` is the stack's own; the queue is for sweeps of other accounts, if any.

    ``stack`` is the stack's name, under which all its sweeps count those that finished.
    """

    stack: Text
    sweep_queue_url: str = ""
    home_region: Text = Field(alias="AWS_REGION")


class AlertingSettings(RecordingSettings):
    """Settings of functions that report jobs that ended: what they cost at least, and whether their logs are read.

    Jobs that cost more than ``report_usd`` are reported; 0 turns reports off.
    """

    report_usd: Usd
    log_excerpts: Literal["enabled", "disabled"]

    @property
    def read_logs(self) -> bool:
        """Whether SageWatch reads the log of a job that failed, to show its error."""
        return self.log_excerpts == "enabled"


class NotebookSettings(RecordingSettings):
    """Settings of functions that may stop notebooks: the idle rules, and whether they act."""

    mode: Literal["enforce", "observe"]
    idle_after: Minutes = Field(alias="IDLE_AFTER_MINUTES")
    warn: Minutes = Field(alias="WARN_MINUTES")
    jupyter_evidence: Literal["enabled", "disabled"]

    @property
    def enforce(self) -> bool:
        """Whether SageWatch stops notebooks, or only reports what it would stop."""
        return self.mode == "enforce"

    @property
    def ask_jupyter(self) -> bool:
        """Whether the notebook's Jupyter server is asked for its activity."""
        return self.jupyter_evidence == "enabled"
