"""What is kept of other accounts, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import override

from sagewatch.sagemaker.scopes import Scope
from sagewatch.spokes.ports import Problem, ScopeQueue, SpokeState, SpokeStates, Trouble


@dataclass
class InMemorySpokeStates(SpokeStates):
    """The ``SpokeStates`` port on a dictionary."""

    kept: dict[tuple[Scope, str], SpokeState] = field(default_factory=dict)

    @override
    def swept(self, scope: Scope, sweep: str, at: datetime) -> None:
        self.kept[scope, sweep] = SpokeState(scope=scope, sweep=sweep, swept_at=at.replace(microsecond=0))

    @override
    def failed(self, scope: Scope, sweep: str, problem: Problem, at: datetime) -> Trouble:
        before = self.kept.get((scope, sweep), SpokeState(scope=scope, sweep=sweep))
        known = before.trouble or Trouble(problem=problem, since=at.replace(microsecond=0), times=0)
        trouble = replace(known, problem=problem, times=known.times + 1)
        self.kept[scope, sweep] = replace(before, trouble=trouble)
        return trouble

    @override
    def all(self) -> Sequence[SpokeState]:
        return [self.kept[key] for key in sorted(self.kept)]


@dataclass
class InMemoryScopeQueue(ScopeQueue):
    """The ``ScopeQueue`` port on a list."""

    sent: list[Scope] = field(default_factory=list)

    @override
    def send(self, scopes: Sequence[Scope], due_at: datetime) -> None:
        self.sent += scopes
