"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from dataclasses import dataclass, field

from sagewatch.runtime.ports import QueueMessage


@dataclass
class InMemoryInbox:
    """The ``Inbox`` port on two lists."""

    postponed: list[tuple[str, int]] = field(default_factory=list)
    buried: list[tuple[str, str, str]] = field(default_factory=list)

    def postpone(self, message: QueueMessage, seconds: int) -> None:
        """See ``Inbox.postpone``."""
        self.postponed.append((message.body, seconds))

    def bury(self, message: QueueMessage, error: Exception) -> None:
        """See ``Inbox.bury``."""
        self.buried.append((message.body, type(error).__name__, str(error)))
