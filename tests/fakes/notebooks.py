"""The sessions of notebook instances, in memory: held to the same contract as the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import override

from sagewatch.errors import UnreadableError
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import Session
from tests.fakes.scopes import same_scope


@dataclass
class InMemorySessions(Sessions):
    """A dictionary of open sessions by ARN."""

    kept: dict[str, Session] = field(default_factory=dict)
    broken: dict[str, UnreadableError] = field(default_factory=dict)

    @override
    def open_sessions(self, region: str) -> Sequence[Session]:
        return [session for session in self.kept.values() if same_scope(session.scope, region)]

    @override
    def read_region(self, region: str) -> Mapping[str, Session | UnreadableError]:
        return {**{session.arn: session for session in self.open_sessions(region)}, **self.broken}

    @override
    def get(self, arn: str, region: str) -> Session | None:
        del region
        return self.kept.get(arn)

    @override
    def begin(self, session: Session) -> bool:
        return self.kept.setdefault(session.arn, session) == session

    @override
    def amend(self, session: Session) -> bool:
        before = self.kept.get(session.arn)
        if before is None or before.since != session.since:
            return False
        self.kept[session.arn] = session
        return True

    @override
    def succeed(self, before: Session, after: Session) -> bool:
        there = self.kept.get(before.arn)
        if there is None or there.since != before.since:
            return there == after
        self.kept[after.arn] = after
        return True

    @override
    def end(self, session: Session) -> bool:
        before = self.kept.get(session.arn)
        if before is None or before.since != session.since:
            return False
        del self.kept[session.arn]
        return True
