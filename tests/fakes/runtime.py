"""The function's own queue in memory."""

from dataclasses import dataclass, field
from typing import override

from sagewatch.runtime.ports import Inbox, QueueMessage


@dataclass
class InMemoryInbox(Inbox):
    """The queue and its dead-letter queue, on two lists."""

    postponed: list[tuple[str, int]] = field(default_factory=list)
    buried: list[tuple[str, str, str]] = field(default_factory=list)

    @override
    def retry_later(self, message: QueueMessage, seconds: int) -> None:
        self.postponed.append((message.body, seconds))

    @override
    def dead_letter(self, message: QueueMessage, error: Exception) -> None:
        self.buried.append((message.body, type(error).__name__, str(error)))
