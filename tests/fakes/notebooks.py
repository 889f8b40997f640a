"""Notebook instances and their sessions in memory, for tests; held to the same contract as the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sagewatch.notebooks.session import Session


@dataclass
class InMemorySessions:
    """The ``Sessions`` port on a dictionary."""

    kept: dict[str, Session] = field(default_factory=dict)

    def open_sessions(self, region: str) -> Sequence[Session]:
        """See ``Sessions.open_sessions``."""
        return [session for session in self.kept.values() if session.region == region]

    def get(self, arn: str, region: str) -> Session | None:
        """See ``Sessions.get``."""
        del region
        return self.kept.get(arn)

    def begin(self, session: Session) -> bool:
        """See ``Sessions.begin``."""
        return self.kept.setdefault(session.arn, session) == session

    def amend(self, session: Session) -> bool:
        """See ``Sessions.amend``."""
        before = self.kept.get(session.arn)
        if before is None or before.since != session.since:
            return False
        self.kept[session.arn] = session
        return True

    def end(self, session: Session) -> bool:
        """See ``Sessions.end``."""
        before = self.kept.get(session.arn)
        if before is None or before.since != session.since:
            return False
        del self.kept[session.arn]
        return True
