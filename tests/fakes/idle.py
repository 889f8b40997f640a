"""The stores in memory, for tests: real implementations, held to the same contract as the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sagewatch.alerts.ports import Lease
from sagewatch.idle.state import NotebookState


@dataclass
class InMemoryNotebookStates:
    """The ``NotebookStates`` port on two dictionaries."""

    kept: dict[str, NotebookState] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def of_region(self, region: str) -> Mapping[str, NotebookState]:
        """See ``NotebookStates.of_region``."""
        arns = self.kept.keys() | self.leases.keys()
        return {arn: self.read(arn, region) for arn in arns if arn.split(":")[3] == region}

    def read(self, arn: str, region: str) -> NotebookState:
        """See ``NotebookStates.read``."""
        del region
        return replace(self.kept.get(arn, NotebookState(arn=arn)), lease=self.leases.get(arn))

    def save(self, watched: NotebookState, region: str) -> None:
        """See ``NotebookStates.save``."""
        del region
        self.kept[watched.arn] = watched

    def archive(self, alert_id: str, body: str) -> None:
        """See ``NotebookStates.file``."""
        self.files[alert_id] = body

    def load(self, alert_id: str) -> str | None:
        """See ``NotebookStates.filed``."""
        return self.files.get(alert_id)

    def put_lease(self, arn: str, region: str, lease: Lease) -> None:
        """See ``NotebookStates.put_lease``."""
        del region
        self.leases[arn] = lease
