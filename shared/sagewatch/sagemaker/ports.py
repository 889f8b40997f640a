"""Define the ports to SageMaker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from sagewatch.clock import iso
from sagewatch.sagemaker.scopes import Scope, region_of

if TYPE_CHECKING:
    from sagewatch.errors import UnreadableError
    from sagewatch.sagemaker.kinds import ResourceKind
    from sagewatch.sagemaker.notebooks import Notebook
    from sagewatch.sagemaker.resources import Job, Key


class RegionReader(Protocol):
    """Reads the regions in which jobs were seen."""

    def in_use(self) -> AbstractSet[str]:
        """The regions of the stack's own account that were noted. Raises what ``Ledger.put`` does."""

    def in_other_accounts(self) -> AbstractSet[Scope]:
        """The regions of other accounts that were noted. Raises what ``Ledger.put`` does."""


def watched_regions(home_region: str, regions: RegionReader) -> list[str]:
    """Return the stack's own region and those in use, sorted. Raises what ``Ledger.put`` does."""
    return sorted({home_region, *regions.in_use()})


def watched_scopes(home_region: str, regions: RegionReader) -> list[Scope]:
    """Return those of ``watched_regions``, and the regions of other accounts. Raises what ``Ledger.put`` does."""
    return [*watched_regions(home_region, regions), *sorted(regions.in_other_accounts())]


def priced_regions(home_region: str, regions: RegionReader) -> list[str]:
    """Return every region whose prices are needed, sorted. Raises what ``Ledger.put`` does."""
    return sorted({region_of(scope) for scope in watched_scopes(home_region, regions)})


class Regions(RegionReader, Protocol):
    """Reads and adds the regions in which jobs were seen."""

    def add(self, scope: Scope) -> None:
        """Note that a region of an account is in use. Raises what ``Ledger.put`` does."""

    def has_noted(self, scope: Scope) -> bool:
        """Whether this process has noted it today; it costs no call."""


class Jobs(Protocol):
    """Describes jobs."""

    def describe(self, job: Job) -> Job:
        """Ask for the job of that kind, name and region. Tags stay unknown.

        Raises ``JobNotFoundError``, ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """

    def tags(self, arn: str, scope: Scope) -> Mapping[str, str]:
        """Ask for the tags of a job or of its parent, none for one that is gone. Raises what else ``describe`` does.

        The tags of parents are asked for by every child, so an answer may be some minutes old.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """A job as a listing returns it: enough to build its key and to describe it."""

    kind: ResourceKind
    name: str
    arn: str
    created_at: datetime

    @property
    def key(self) -> Key:
        """The key its row has, or will have."""
        return self.arn, iso(self.created_at)


class JobLists(Protocol):
    """Lists jobs."""

    def created_since(
        self, kind: ResourceKind, region: str, since: datetime, before: datetime | None = None
    ) -> Iterator[Sequence[ListedJob | UnreadableError]]:
        """Yield pages of the jobs created after ``since``, newest first, and only those before a time if one is given.

        A summary that cannot be read is yielded as the error that names it. A page may be empty and not the last.
        Raises what ``Jobs.describe`` does, but for ``JobNotFoundError``.
        """


class Notebooks(Protocol):
    """Describes notebook instances."""

    def describe(self, name: str, region: str, account: str) -> Notebook:
        """Ask for the notebook of that name, with its volume and platform. Tags stay unknown.

        Raises ``NotebookNotFoundError``, ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``, and
        ``MalformedEventError`` for an answer that cannot be understood.
        """

    def tags(self, arn: str, scope: Scope) -> Mapping[str, str]:
        """Ask for a notebook's tags, none for one that is gone. Raises what else ``describe`` does."""


class KnownTags(Protocol):
    """Reads the tags of many resources in few calls, for what only describes them: owners, costs."""

    def of(self, arns: Iterable[str], scope: Scope) -> Mapping[str, Mapping[str, str]]:
        """Return tags by ARN, as it was given. It raises nothing.

        They may be minutes old, so they lead to no message and to no stop. The tags of a resource that is left out are
        to be read: it never had any, it is new, or AWS gave no answer. One that lost its last tag may have none here.
        """


class NotebookLists(Protocol):
    """Lists notebook instances."""

    def in_service(self, region: str) -> Iterator[Sequence[Notebook]]:
        """Yield pages of the notebooks in service. Raises what else ``Notebooks.describe`` does."""

    def of_region(self, region: str) -> Iterator[Sequence[Notebook]]:
        """Yield pages of all notebooks, whatever their status. Raises what else ``Notebooks.describe`` does."""


class Stop(StrEnum):
    """What a stop that was not refused found. ``ALREADY`` is one that is not billed any more."""

    STOPPING = "stopping"
    ALREADY = "already"
    GONE = "gone"


class NotebookStops(Protocol):
    """The one call that ends a notebook's session."""

    def stop(self, notebook: Notebook) -> Stop:
        """Stop a notebook.

        Raises ``StopRefusedError`` with AWS's sentence, ``ThrottledError``, ``AccessDeniedError``,
        ``UnavailableError``.
        """


class JobStops(Protocol):
    """The one call that ends a job, of whichever kind."""

    def stop(self, job: Job) -> Stop:
        """Stop a job; ``Stop.ALREADY`` is one that has ended or is ending.

        Raises ``StopRefusedError`` with AWS's sentence, ``ThrottledError``, ``AccessDeniedError``,
        ``UnavailableError``.
        """
