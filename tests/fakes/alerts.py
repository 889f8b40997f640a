"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from dataclasses import dataclass, field
from typing import Any, override

from sagewatch.alerts.base import AlertBase
from sagewatch.alerts.ports import AlertQueue


@dataclass
class InMemoryAlertQueue(AlertQueue):
    """The ``AlertQueue`` port on a list."""

    sent: list[Any] = field(default_factory=list)

    @override
    def send(self, alert: AlertBase) -> None:
        self.sent.append(alert)
