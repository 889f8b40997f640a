"""The last audits of Studio domains as they are kept, and the Protocols for what keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from sagewatch.sagemaker.scopes import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFinding:
    """A finding as it is kept. ``usd`` is an hour of the apps under it."""

    fault: str
    domain: str
    place: str
    app_type: str
    reason: str
    apps: int
    usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAudit:
    """The last audit of a scope: how many findings it had, the most expensive of them, and when it was."""

    audited_at: datetime
    count: int
    findings: tuple[KeptFinding, ...]


class AuditReader(Protocol):
    """Reads the last audits."""

    def all(self) -> Sequence[KeptAudit]:
        """Return the last audit of every scope. Raises what ``Ledger.put`` does."""

    def last(self, scope: Scope) -> KeptAudit | None:
        """Return the last audit of a scope. Raises what ``Ledger.put`` does."""


class Audits(AuditReader, Protocol):
    """Keeps the last audit of each scope."""

    def save(self, scope: Scope, audit: KeptAudit) -> None:
        """Keep an audit in place of the one before. Raises what ``Ledger.put`` does."""
