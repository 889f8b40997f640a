"""What the Slack channel asks for beside Slack's methods, as Protocols."""

from typing import Protocol


class UserDirectory(Protocol):
    """The people Slack knows."""

    def id_for_email(self, email: str) -> str | None:
        """The Slack user with that address, if there is one. Raises what ``Channel.post`` and ``Ledger.put`` do."""
