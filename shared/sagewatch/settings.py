"""The only reader of the environment: one frozen object per function, which names what is missing or wrong."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Self

from sagewatch.variables import Variables


class FromEnvironment(ABC):
    """What one function needs."""

    __slots__ = ()

    @classmethod
    def from_env(cls, variables: Mapping[str, str] | None = None) -> Self:
        """Read the environment. Raises ``SettingsError``, which names the variable that is at fault."""
        return cls.read(Variables(os.environ if variables is None else variables))

    @classmethod
    @abstractmethod
    def read(cls, env: Variables) -> Self:
        """Read what that function needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSettings:
    """The queue a function works off. ``max_receives`` is how often a message is tried before it is buried."""

    queue_url: str
    dead_letter_queue_url: str
    max_receives: int

    @classmethod
    def read(cls, env: Variables) -> Self:
        """Read what every queue-fed function has."""
        return cls(
            queue_url=env.text("QUEUE_URL"),
            dead_letter_queue_url=env.text("DEAD_LETTER_QUEUE_URL"),
            max_receives=env.count("MAX_RECEIVES"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    """What whoever writes rows needs: both tables, and how what is in them is owned and priced."""

    cost_ledger: str
    watch_state: str
    owner_tag_keys: tuple[str, ...]
    discount_percent: Decimal

    @classmethod
    def read(cls, env: Variables) -> Self:
        """Read what every function that writes rows has."""
        return cls(**_ledger(env))


def _ledger(env: Variables) -> dict[str, Any]:
    return {
        "cost_ledger": env.text("COST_LEDGER"),
        "watch_state": env.text("WATCH_STATE"),
        "owner_tag_keys": env.words("OWNER_TAG_KEYS"),
        "discount_percent": env.percent("DISCOUNT_PERCENT"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSettings(LedgerSettings):
    """What whoever records and tells needs: the way to Slack too."""

    alert_queue_url: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """Read what every function that records and tells has."""
        return cls(**_ledger(env), alert_queue_url=env.text("ALERT_QUEUE_URL"))

    @classmethod
    def from_stack(cls, stack: Mapping[str, str]) -> Self:
        """Read a stack's outputs and parameters. Raises ``SettingsError``, which names what is missing."""
        told = Variables(stack)
        return cls(
            cost_ledger=told.text("CostLedgerName"),
            watch_state=told.text("WatchStateName"),
            alert_queue_url=told.text("AlertQueueUrl"),
            owner_tag_keys=told.words("OwnerTagKeys"),
            discount_percent=told.percent("DiscountPercent"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordJobSettings(FromEnvironment):
    """What RecordJob needs. Jobs dearer than ``report_usd`` are reported; 0 is none."""

    inbox: InboxSettings
    recording: RecordingSettings
    report_usd: Decimal

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            inbox=InboxSettings.read(env),
            recording=RecordingSettings.read(env),
            report_usd=env.usd("REPORT_USD"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepJobsSettings(FromEnvironment):
    """What SweepJobs needs. ``home_region`` is the stack's own."""

    recording: RecordingSettings
    report_usd: Decimal
    long_running: timedelta
    burn_usd: Decimal
    home_region: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            recording=RecordingSettings.read(env),
            report_usd=env.usd("REPORT_USD"),
            long_running=env.hours("LONG_RUNNING_HOURS"),
            burn_usd=env.usd("BURN_ALERT_USD"),
            home_region=env.text("AWS_REGION"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPricesSettings(FromEnvironment):
    """What RefreshPrices needs. ``home_region`` is the stack's own."""

    watch_state: str
    home_region: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(watch_state=env.text("WATCH_STATE"), home_region=env.text("AWS_REGION"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverAlertSettings(FromEnvironment):
    """What DeliverAlert needs."""

    inbox: InboxSettings
    watch_state: str
    slack_channel: str
    slack_routes: Mapping[str, str]
    slack_token_parameter: str
    slack_api_url: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            inbox=InboxSettings.read(env),
            watch_state=env.text("WATCH_STATE"),
            slack_channel=env.text("SLACK_CHANNEL"),
            slack_routes=env.pairs("SLACK_ROUTES"),
            slack_token_parameter=env.text("SLACK_TOKEN_PARAMETER"),
            slack_api_url=env.text("SLACK_API_URL"),
        )
