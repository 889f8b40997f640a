"""The only reader of the environment: one frozen object per function, which names what is missing or wrong."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Self

from sagewatch.runtime.variables import Variables


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
class NotebookSettings:
    """What whoever may stop notebooks needs: the rules, and how far they go."""

    recording: RecordingSettings
    enforce: bool
    idle_after: timedelta
    warn: timedelta
    ask_jupyter: bool

    @classmethod
    def read(cls, env: Variables) -> Self:
        """Read what SweepNotebooks and AnswerSlack share."""
        return cls(
            recording=RecordingSettings.read(env),
            enforce=env.chosen("MODE", "enforce", "observe"),
            idle_after=env.minutes("IDLE_AFTER_MINUTES"),
            warn=env.minutes("WARN_MINUTES"),
            ask_jupyter=env.chosen("JUPYTER_EVIDENCE", "enabled", "disabled"),
        )
