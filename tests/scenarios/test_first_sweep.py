"""The first sweeps of a busy account: 50,000 jobs of the last month, and a clock that each call moves.

The times are those of SageMaker's rate (a page of a listing every 0.55 s) and of slow answers; nothing here waits.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, override

from sagewatch.errors import UnreadableError
from sagewatch.runtime.scheduled import Deadline
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sagemaker.resources import Job
from sagewatch.wiring.clients import LONGEST_LOOK
from tests.fakes.jobs import InMemoryOpenJobs
from tests.fakes.sagemaker import InMemoryJobs, InMemoryLists
from tests.unit.runtime.test_handlers import Context
from tests.worlds.builders import NOW, World, a_job

JOBS = 2_500  # each counts for twenty: its calls take twenty times as long
PAGE, DESCRIBE, WRITE = 1.0, 6.0, 0.4  # seconds of a List, of a Describe with the writes after it, of a new index item


class Invocation(Context):
    """One invocation, whose time passes with each call."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override] # its own time
        """What is left."""
        return round(self.left * 1000)


class Busy(World):
    """An account with a past. ``invocation`` is the one that runs."""

    def __init__(self, template: dict[str, Any]) -> None:
        super().__init__()
        self.seconds = float(template["Resources"]["SweepJobs"]["Properties"]["Timeout"])
        self.invocation = Invocation(self.seconds)
        for number in range(JOBS):
            created = NOW - timedelta(days=29) + number * timedelta(seconds=1000)
            arn = f"arn:aws:sagemaker:us-east-1:111122223333:training-job/old-{number}"
            times = {"created_at": created, "started_at": created, "ended_at": created + timedelta(minutes=5)}
            job = a_job(name=f"old-{number}", arn=arn, **times)
            self.jobs.found[job.kind, job.region, job.name] = job
            self.lists.listed.append(ListedJob(kind=job.kind, name=job.name, arn=job.arn, created_at=created))

    def spend(self, seconds: float) -> None:
        """Let time pass."""
        self.invocation.left -= seconds

    def sweep_in_time(self) -> float:
        """Sweep as Lambda does; the seconds that it took."""
        self.invocation = Invocation(self.seconds)
        self.job_sweep.sweep(Deadline(self.invocation, LONGEST_LOOK))
        return self.seconds - self.invocation.left


def test_50000_old_jobs_are_recorded_by_sweeps_that_each_end_in_time(template: dict[str, Any]) -> None:
    """Each job gets one row; no sweep comes near Lambda's limit, and the listing is not repeated from its start."""
    world = Busy(template)
    pages, described = _slowed(world)
    took: list[float] = []
    while len(world.ledger.rows) < JOBS and len(took) < 100:
        took.append(world.sweep_in_time())

    assert max(took) < world.seconds - 60
    assert len(world.rows) == JOBS
    assert set(described.values()) == {1}
    assert pages.total() < 2 * JOBS / world.lists.page + 10 * len(took)
    assert len(took) <= 48  # twelve hours


def _slowed(world: Busy) -> tuple[Counter[ResourceKind], Counter[str]]:
    """Let the calls take time; count pages and Describe calls."""
    pages: Counter[ResourceKind] = Counter()
    described: Counter[str] = Counter()

    class Lists(InMemoryLists):
        @override
        def created_since(
            self, kind: ResourceKind, region: str, since: datetime, before: datetime | None = None
        ) -> Iterator[Sequence[ListedJob | UnreadableError]]:
            for page in super().created_since(kind, region, since, before):
                world.spend(PAGE)
                pages[kind] += 1
                yield page

    class Jobs(InMemoryJobs):
        @override
        def describe(self, job: Job) -> Job:
            world.spend(DESCRIBE)
            described[job.name] += 1
            return super().describe(job)

    class OpenJobs(InMemoryOpenJobs):
        @override
        def add(self, job: Job, *, provisional: bool = False, backfilled_at: datetime | None = None) -> bool:
            world.spend(WRITE)
            return super().add(job, provisional=provisional, backfilled_at=backfilled_at)

    lists, jobs, open_jobs = Lists(world.lists.listed, page=5), Jobs(world.jobs.found), OpenJobs(world.ledger)
    world.lists = lists
    world.recorder = replace(world.recorder, jobs=jobs, open_jobs=open_jobs)
    inspector = replace(world.job_sweep.inspector, recorder=world.recorder, jobs=jobs, open_jobs=open_jobs)
    world.job_sweep = replace(world.job_sweep, inspector=inspector, lists=lists, open_jobs=open_jobs, tracked=open_jobs)
    return pages, described
