"""What a run of the sweep is for, what it did, who watches it, and how one failure is kept from hindering the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from sagewatch.jobs.ports import Checkpoint, OpenJob
from sagewatch.outcomes import EmfMetric, nonzero
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sagemaker.resources import ResourceKind
from sagewatch.sweeps import first_few


class SweepProgress(Protocol):
    """Somebody who likes to know how far a long run has come."""

    def listed(self, kind: ResourceKind, region: str, advance: datetime) -> None:
        """A listing, from the newest job to older ones, has come to those created then."""

    def done(self, kind: ResourceKind, region: str) -> None:
        """A listing has come to its end."""

    def found(self, region: str, jobs: int) -> None:
        """So many open jobs of a region will be looked at."""

    def looked(self) -> None:
        """One of them was."""


class NoProgress:
    """A watcher who does not care."""

    def listed(self, kind: ResourceKind, region: str, advance: datetime) -> None:
        """See ``SweepProgress.listed``."""

    def done(self, kind: ResourceKind, region: str) -> None:
        """See ``SweepProgress.done``."""

    def found(self, region: str, jobs: int) -> None:
        """See ``SweepProgress.found``."""

    def looked(self) -> None:
        """See ``SweepProgress.looked``."""


NO_PROGRESS = NoProgress()


def no_time_limit(share: float = 1) -> bool:
    """A person waits, and ends it with Ctrl-C."""
    del share
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRun:
    """What a run is for: since when jobs are listed, and under which name it keeps how far it came.

    ``backfilled_at`` is the time of a backfill, which looks only at jobs that a backfill put into the index: the others
    are the sweep's, for of their ends somebody should hear.
    """

    name: str
    since: datetime
    overlap: timedelta
    backfilled_at: datetime | None

    def checkpoint(self, kind: ResourceKind, region: str) -> str:
        """The name of how far one listing has come."""
        return f"{self.name}#{region}#{kind}"

    def begin(self, last: Checkpoint | None) -> Checkpoint:
        """Where a listing begins: where the last one was cut off, else at the newest job, down to what is known."""
        if last is None:
            return Checkpoint(self.since, floor=self.since)
        return last if last.low else replace(last, floor=last.top - self.overlap)

    def covers(self, entry: OpenJob, *, past: bool) -> bool:
        """Whether the run looks at an open job that is, or is not, of the past a backfill found."""
        backfilled = entry.backfilled_at is not None
        return backfilled is past and (backfilled or self.backfilled_at is None)


@dataclass(slots=True)
class JobSweepReport:
    """What a run did, in numbers of jobs and sums, and what went wrong, each in one sentence.

    ``told`` are running jobs people were told of. ``failures`` need a person; what was ``postponed`` the next run tries
    again. ``complete`` says that nothing was left for it: neither time nor SageMaker's patience ended before.
    """

    summed: int = 0
    listed: int = 0
    new: int = 0
    looked_at: int = 0
    recorded: int = 0
    still_open: int = 0
    told: int = 0
    complete: bool = True
    failures: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)

    def to_log(self) -> Mapping[str, object]:
        """The outcome as JSON, for logs and for whoever invoked the function by hand."""
        return {**asdict(self), "failures": first_few(self.failures), "postponed": first_few(self.postponed)}

    def metrics(self, sent_at: datetime | None = None) -> Mapping[EmfMetric, float]:
        """See ``Measured``. A sweep with failures has not finished."""
        del sent_at
        happenings = {
            EmfMetric.SWEEPS_FINISHED: int(not self.failures),
            EmfMetric.SWEEPS_INCOMPLETE: int(not self.complete),
            EmfMetric.SWEEP_FAILURES: len(self.failures),
            EmfMetric.JOBS_RECORDED: self.recorded,
        }
        return {EmfMetric.JOBS_OPEN: self.still_open, **nonzero(happenings)}


def advance(point: Checkpoint, page: Sequence[ListedJob]) -> Checkpoint:
    """How far a listing has come with a page; times are kept to the second."""
    if not page:
        return point
    newest, oldest = (job.created_at.replace(microsecond=0) for job in (page[0], page[-1]))
    return replace(point, top=max(point.top, newest), low=oldest)
