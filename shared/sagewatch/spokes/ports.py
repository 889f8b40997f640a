"""Protocols for what is kept of other accounts, and for the queue of their sweeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sagewatch.sagemaker.scopes import Scope


class Problem(StrEnum):
    """Why a region of an account cannot be read."""

    ROLE = "role"
    DENIED = "denied"
    REGION = "region"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A problem that lasts: since when, and in how many sweeps in a row it was met."""

    problem: Problem
    since: datetime
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokeState:
    """What the sweeps of that name know of a region of an account."""

    scope: Scope
    sweep: str
    swept_at: datetime | None = None
    trouble: Trouble | None = None


class SpokeStates(Protocol):
    """What is known of the regions of other accounts."""

    def swept(self, scope: Scope, sweep: str, at: datetime) -> None:
        """Note a sweep, which ends whatever trouble there was. Raises what ``Ledger.put`` does."""

    def failed(self, scope: Scope, sweep: str, problem: Problem, at: datetime) -> Trouble:
        """Note a sweep that could not begin. Raises what ``Ledger.put`` does."""

    def all(self) -> Sequence[SpokeState]:
        """Return what is known of every one. Raises what ``Ledger.put`` does."""


class ScopeQueue(Protocol):
    """The queue of sweeps of other accounts: those of one account are done one after the other."""

    def send(self, scopes: Sequence[Scope], due_at: datetime) -> None:
        """Queue a sweep of each. Those of one minute are queued once. Raises what ``AlertQueue.send`` does."""
