"""Protocols for the open sessions of notebook instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sagewatch.errors import UnreadableError
    from sagewatch.notebooks.session import Session


class SessionReader(Protocol):
    """Reads the open sessions of notebook instances."""

    def open_sessions(self, region: str) -> Sequence[Session]:
        """Return the open sessions of a region. Raises what ``Ledger.put`` does."""


class Sessions(SessionReader, Protocol):
    """Stores one open session for each notebook instance: in service or stopped."""

    def read_region(self, region: str) -> Mapping[str, Session | UnreadableError]:
        """The open sessions of a region, by ARN; for an item that cannot be read, the error that names it.

        Raises what ``Ledger.put`` does.
        """

    def get(self, arn: str, region: str) -> Session | None:
        """Return a notebook's open session, read consistently. Raises what ``Ledger.put`` does."""

    def begin(self, session: Session) -> bool:
        """Open a session unless one is open; return whether it was opened. Raises what ``Ledger.put`` does."""

    def amend(self, session: Session) -> bool:
        """Update that very session; return whether it is still open. Raises what ``Ledger.put`` does."""

    def succeed(self, before: Session, after: Session) -> bool:
        """Put a session in the place of that very one, in one write; say whether it is there.

        Raises what ``Ledger.put`` does.
        """

    def end(self, session: Session) -> bool:
        """Close that very session; return whether it was open. Raises what ``Ledger.put`` does."""
