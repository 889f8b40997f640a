"""The task, the progress and the report of one run of the job sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Protocol, override

from sagewatch.jobs.ports import Checkpoint, OpenJob
from sagewatch.outcomes import EmfMetric, nonzero
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sweeps import SweepReport


class SweepProgress(Protocol):
    """Follows how far a long run has come."""

    def listed(self, kind: ResourceKind, region: str, reached: datetime) -> None:
        """A listing, which goes from the newest job to older ones, has reached that creation time."""

    def done(self, kind: ResourceKind, region: str) -> None:
        """A listing has ended."""

    def looked(self, region: str) -> None:
        """The run has inspected one open job of the region."""


class NoProgress(SweepProgress):
    """Progress that is not shown."""

    @override
    def listed(self, kind: ResourceKind, region: str, reached: datetime) -> None: ...

    @override
    def done(self, kind: ResourceKind, region: str) -> None: ...

    @override
    def looked(self, region: str) -> None: ...


NO_PROGRESS = NoProgress()


def no_time_limit(share: float = 1) -> bool:
    """Let a person's run take its time. Ctrl-C ends it."""
    del share
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRun:
    """What a run is for: since when it lists jobs, and the name of its checkpoints.

    ``backfilled_at`` is the time of a backfill. A backfill inspects only the jobs that a backfill put into the index.
    The sweep inspects the others, because it alerts people to their ends.
    """

    name: str
    since: datetime
    overlap: timedelta
    backfilled_at: datetime | None

    def checkpoint(self, kind: ResourceKind, region: str) -> str:
        """Return the name of one listing's checkpoint."""
        return f"{self.name}#{region}#{kind}"

    def begin(self, last: Checkpoint | None) -> Checkpoint:
        """Return where a listing begins: where the last one was cut off, else at the newest job."""
        if last is None:
            return Checkpoint(self.since, floor=self.since)
        return last if last.low else replace(last, floor=last.top - self.overlap)

    def covers(self, entry: OpenJob) -> bool:
        """Whether the run inspects this open job."""
        return self.backfilled_at is None or entry.backfilled_at is not None

    def cursor(self, region: str) -> str:
        """Return the name of the cursor of the region's inspections."""
        return f"{self.name}#{region}#inspected"


@dataclass(slots=True, kw_only=True)
class JobSweepReport(SweepReport):
    """What a run did, in numbers of jobs and totals.

    ``alerted`` counts alerts about running jobs. ``unreadable`` counts what this release cannot read: stored items, and
    answers of SageMaker. They are kept, and each is in ``failures`` once a day.
    """

    summed: int = 0
    listed: int = 0
    new: int = 0
    looked_at: int = 0
    recorded: int = 0
    still_open: int = 0
    alerted: int = 0
    unreadable: int = 0

    def add(self, other: "JobSweepReport") -> None:
        """Take in the report on a part of the run."""
        for name in _PARTS:
            match getattr(other, name):
                case bool(complete):
                    self.complete = self.complete and complete
                case int(count):
                    setattr(self, name, getattr(self, name) + count)
                case sentences:
                    getattr(self, name).extend(sentences)

    @override
    def metrics(self, sent_at: datetime | None = None) -> Mapping[EmfMetric, float]:
        """Return the numbers for CloudWatch."""
        del sent_at
        happenings = {
            EmfMetric.SWEEPS_INCOMPLETE: int(not self.complete),
            EmfMetric.SWEEP_FAILURES: len(self.failures),
            EmfMetric.JOBS_RECORDED: self.recorded,
            EmfMetric.ITEMS_UNREADABLE: self.unreadable,
            EmfMetric.JOBS_OPEN: self.still_open,
        }
        return nonzero(happenings)


_PARTS = tuple(part.name for part in fields(JobSweepReport))


def advance(point: Checkpoint, page: Sequence[ListedJob]) -> Checkpoint:
    """Return how far a listing has come with this page, to the second."""
    if not page:
        return point
    newest, oldest = (job.created_at.replace(microsecond=0) for job in (page[0], page[-1]))
    return replace(point, top=max(point.top, newest), low=oldest)
