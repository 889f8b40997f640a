"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from dataclasses import dataclass, field

from sagewatch.runtime.ports import QueueMessage


@dataclass
class InMemoryInbox:
    """The ``Inbox`` port on two lists."""

    postponed: list[tuple[str, int]] = field(default_factory=list)
    buried: list[tuple[str, str, str]] = field(default_factory=list)

    def retry_later(self, message: QueueMessage, seconds: int) -> None:
        """See ``Inbox.retry_later``."""
        self.postponed.append((message.body, seconds))

    def dead_letter(self, message: QueueMessage, error: Exception) -> None:
        """See ``Inbox.dead_letter``."""
        self.buried.append((message.body, type(error).__name__, str(error)))
