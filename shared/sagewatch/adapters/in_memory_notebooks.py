"""Notebook instances and their sessions in memory, for tests; held to the same contract as the others."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from sagewatch.errors import NotebookNotFoundError
from sagewatch.notebooks import Notebook, NotebookStatus
from sagewatch.ports import Stop
from sagewatch.sessions import Session


@dataclass
class InMemoryNotebooks:
    """The ``Notebooks``, ``NotebookLists`` and ``NotebookStops`` ports on a dictionary keyed by region and name.

    ``failures`` are what a stop of the notebook of that name raises; ``stops`` names those that were stopped.
    """

    found: dict[tuple[str, str], Notebook] = field(default_factory=dict)
    tagged: dict[str, Mapping[str, str]] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    failure: Exception | None = None
    stops: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    page: int = 100

    def describe(self, name: str, region: str, account: str) -> Notebook:
        """See ``Notebooks.describe``."""
        del account
        self._called(f"describe {name} in {region}")
        try:
            return replace(self.found[region, name], tags=None)
        except KeyError as exc:
            raise NotebookNotFoundError(f"notebook instance {name} is not in {region}") from exc

    def tags(self, arn: str, region: str) -> Mapping[str, str]:
        """See ``Notebooks.tags``."""
        self._called(f"tags {arn} in {region}")
        return self.tagged.get(arn, {})

    def in_service(self, region: str) -> Iterator[Sequence[Notebook]]:
        """See ``NotebookLists.in_service``."""
        return self._pages(region, {NotebookStatus.IN_SERVICE})

    def of_region(self, region: str) -> Iterator[Sequence[Notebook]]:
        """See ``NotebookLists.of_region``."""
        return self._pages(region, set(NotebookStatus))

    def _pages(self, region: str, statuses: AbstractSet[NotebookStatus]) -> Iterator[Sequence[Notebook]]:
        there = (notebook for notebook in self.found.values() if notebook.region == region)
        listed = [_as_listed(notebook) for notebook in there if notebook.status in statuses]
        for first in range(0, max(1, len(listed)), self.page):
            self._called(f"list in {region}")
            yield listed[first : first + self.page]

    def stop(self, notebook: Notebook) -> Stop:
        """See ``NotebookStops.stop``."""
        self._called(f"stop {notebook.name} in {notebook.region}")
        if notebook.name in self.failures:
            raise self.failures[notebook.name]
        key = (notebook.region, notebook.name)
        if key not in self.found:
            return Stop.GONE
        if self.found[key].status is not NotebookStatus.IN_SERVICE:
            return Stop.ALREADY
        self.found[key] = replace(self.found[key], status=NotebookStatus.STOPPING)
        self.stops.append(notebook.name)
        return Stop.STOPPING

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self.failure:
            raise self.failure


def _as_listed(notebook: Notebook) -> Notebook:
    return replace(notebook, volume_gb=None, platform=None, role_arn=None, failure_reason=None, tags=None)


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
