"""The open sessions of notebook instances, as a Protocol. What ``stores`` asks of implementers holds here too."""

from collections.abc import Sequence
from typing import Protocol

from sagewatch.notebooks.session import Session


class SessionReader(Protocol):
    """The open sessions of notebook instances, read."""

    def open_sessions(self, region: str) -> Sequence[Session]:
        """The open sessions of a region. Raises what ``Ledger.put`` does."""


class Sessions(SessionReader, Protocol):
    """One open session for each notebook instance: in service or stopped."""

    def get(self, arn: str, region: str) -> Session | None:
        """A notebook's open session, as it stands this moment. Raises what ``Ledger.put`` does."""

    def begin(self, session: Session) -> bool:
        """Open a session, unless one is open; say whether it was. Raises what ``Ledger.put`` does."""

    def amend(self, session: Session) -> bool:
        """Keep what is known now of that very session; say whether it is open. Raises what ``Ledger.put`` does."""

    def end(self, session: Session) -> bool:
        """Close that very session; say whether it was open. Raises what ``Ledger.put`` does."""
