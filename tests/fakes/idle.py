"""What is remembered of notebooks, in memory: held to the same contract as the tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import override

from sagewatch.alerts.ports import Lease
from sagewatch.errors import StateChangedError, UnreadableError
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.state import NotebookState
from sagewatch.sagemaker.scopes import scope_of_arn
from tests.fakes.scopes import same_scope


@dataclass
class InMemoryNotebookStates(NotebookStates):
    """Three dictionaries: states and leases by ARN, archived alerts by ID."""

    kept: dict[str, NotebookState] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    broken: dict[str, UnreadableError] = field(default_factory=dict)

    @override
    def of_region(self, region: str) -> Mapping[str, NotebookState]:
        arns = self.kept.keys() | self.leases.keys()
        return {arn: self.read(arn, region) for arn in arns if same_scope(scope_of_arn(arn, arn.split(":")[3]), region)}

    @override
    def read_region(self, region: str) -> Mapping[str, NotebookState | UnreadableError]:
        return {**self.of_region(region), **self.broken}

    @override
    def read(self, arn: str, region: str) -> NotebookState:
        del region
        lease = self.leases.get(arn)
        return replace(self.kept.get(arn, NotebookState(arn=arn)), lease=lease, stored_lease=lease)

    @override
    def save(self, state: NotebookState, region: str) -> NotebookState:
        del region
        before = self.kept.get(state.arn)
        if (before.version if before else 0) != state.version:
            raise StateChangedError(f"the state of {state.arn} was changed by another invocation")
        self.kept[state.arn] = replace(state, version=state.version + 1)
        return self.kept[state.arn]

    @override
    def archive(self, alert_id: str, body: str) -> None:
        self.files[alert_id] = body

    @override
    def replace(self, alert_id: str, before: str, after: str) -> bool:
        if self.files.get(alert_id) != before:
            return False
        self.files[alert_id] = after
        return True

    @override
    def load(self, alert_id: str) -> str | None:
        return self.files.get(alert_id)
