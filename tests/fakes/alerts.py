"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from dataclasses import dataclass, field
from typing import Any

from sagewatch.alerts.base import AlertBase


@dataclass
class InMemoryAlertQueue:
    """The ``AlertQueue`` port on a list."""

    sent: list[Any] = field(default_factory=list)

    def send(self, alert: AlertBase) -> None:
        """See ``AlertQueue.send``."""
        self.sent.append(alert)
