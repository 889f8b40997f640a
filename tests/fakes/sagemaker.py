"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import override

from sagewatch.errors import JobNotFoundError, NotebookNotFoundError, UnreadableError
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import (
    JobLists,
    Jobs,
    JobStops,
    KnownTags,
    ListedJob,
    NotebookLists,
    Notebooks,
    NotebookStops,
    Regions,
    Stop,
)
from sagewatch.sagemaker.resources import Job, JobStatus
from sagewatch.sagemaker.scopes import Scope, account_in, region_of, stored_scope
from tests.fakes.scopes import same_scope


@dataclass
class InMemoryJobs(Jobs):
    """The ``Jobs`` port on a dictionary keyed by kind, region and name."""

    found: dict[tuple[ResourceKind, str, str], Job] = field(default_factory=dict)
    tagged: dict[str, Mapping[str, str]] = field(default_factory=dict)
    failure: Exception | None = None
    calls: list[str] = field(default_factory=list)

    @override
    def describe(self, job: Job) -> Job:
        self.calls.append(f"describe {job.kind} {job.name} in {job.region}")
        if self.failure:
            raise self.failure
        try:
            return self.found[job.kind, job.region, job.name]
        except KeyError as exc:
            raise JobNotFoundError(f"{job.kind} job {job.name} is not in {job.region}") from exc

    @override
    def tags(self, arn: str, scope: str) -> Mapping[str, str]:
        self.calls.append(f"tags {arn} in {region_of(scope)}")
        return self.tagged.get(arn, {})


@dataclass
class InMemoryLists(JobLists):
    """The ``JobLists`` port on a list, in pages of ``page``."""

    listed: list[ListedJob] = field(default_factory=list)
    page: int = 100
    unreadable: list[UnreadableError] = field(default_factory=list)
    failures: dict[ResourceKind, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    @override
    def created_since(
        self, kind: ResourceKind, region: str, since: datetime, before: datetime | None = None
    ) -> Iterator[Sequence[ListedJob | UnreadableError]]:
        there = [job for job in self.listed if job.kind is kind and job.arn.split(":")[3] == region]
        wanted = (job for job in there if job.created_at > since and (before is None or job.created_at < before))
        found = sorted(wanted, key=lambda job: job.created_at, reverse=True)
        for first in range(0, max(1, len(found)), self.page):
            self.calls.append(f"list {kind} in {region}")
            if kind in self.failures:
                raise self.failures[kind]
            yield [*found[first : first + self.page], *self.unreadable]


@dataclass
class InMemoryRegions(Regions):
    """The ``Regions`` port on a set."""

    noted: set[str] = field(default_factory=set)
    home: str | None = None

    @override
    def add(self, scope: Scope) -> None:
        self.noted.add(stored_scope(scope, self.home))

    @override
    def has_noted(self, scope: Scope) -> bool:
        return stored_scope(scope, self.home) in self.noted

    @override
    def in_use(self) -> AbstractSet[str]:
        return {scope for scope in self.noted if not account_in(scope)}

    @override
    def in_other_accounts(self) -> AbstractSet[Scope]:
        return {scope for scope in self.noted if account_in(scope)}


@dataclass
class InMemoryJobStops(JobStops):
    """The ``JobStops`` port on the jobs in memory."""

    jobs: InMemoryJobs
    stopped: list[str] = field(default_factory=list)
    failure: Exception | None = None

    @override
    def stop(self, job: Job) -> Stop:
        if self.failure:
            raise self.failure
        key = (job.kind, job.region, job.name)
        found = self.jobs.found.get(key)
        if found is None:
            return Stop.GONE
        if found.status is not JobStatus.IN_PROGRESS:
            return Stop.ALREADY
        self.jobs.found[key] = replace(found, status=JobStatus.STOPPING)
        self.stopped.append(job.name)
        return Stop.STOPPING


@dataclass
class InMemoryNotebooks(Notebooks, NotebookLists, NotebookStops):
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

    @override
    def describe(self, name: str, region: str, account: str) -> Notebook:
        del account
        self._called(f"describe {name} in {region}")
        try:
            return replace(self.found[region, name], tags=None)
        except KeyError as exc:
            raise NotebookNotFoundError(f"notebook instance {name} is not in {region}") from exc

    @override
    def tags(self, arn: str, scope: str) -> Mapping[str, str]:
        self._called(f"tags {arn} in {region_of(scope)}")
        return self.tagged.get(arn, {})

    @override
    def in_service(self, region: str) -> Iterator[Sequence[Notebook]]:
        return self._pages(region, {NotebookStatus.IN_SERVICE})

    @override
    def of_region(self, region: str) -> Iterator[Sequence[Notebook]]:
        return self._pages(region, set(NotebookStatus))

    def _pages(self, region: str, statuses: AbstractSet[NotebookStatus]) -> Iterator[Sequence[Notebook]]:
        there = (notebook for notebook in self.found.values() if same_scope(notebook.scope, region))
        listed = [_as_listed(notebook) for notebook in there if notebook.status in statuses]
        for first in range(0, max(1, len(listed)), self.page):
            self._called(f"list in {region}")
            yield listed[first : first + self.page]

    @override
    def stop(self, notebook: Notebook) -> Stop:
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


@dataclass
class InMemoryKnownTags(KnownTags):
    """The ``KnownTags`` port on the tags of notebooks. It lags: ``late`` are the tags that it still takes for current.

    A resource whose late tags are ``None`` is not known yet. It knows nothing at all while ``off``.
    """

    tagged: dict[str, Mapping[str, str]] = field(default_factory=dict)
    late: dict[str, Mapping[str, str] | None] = field(default_factory=dict)
    off: bool = False
    calls: list[str] = field(default_factory=list)

    @override
    def of(self, arns: Iterable[str], scope: Scope) -> Mapping[str, Mapping[str, str]]:
        asked = list(arns)
        self.calls.append(f"known tags of {len(asked)} in {region_of(scope)}")
        found = {} if self.off else {arn: self.late.get(arn, self.tagged.get(arn)) for arn in asked}
        return {arn: tags for arn, tags in found.items() if tags is not None}


def _as_listed(notebook: Notebook) -> Notebook:
    return replace(notebook, volume_gb=None, platform=None, role_arn=None, failure_reason=None, tags=None)
