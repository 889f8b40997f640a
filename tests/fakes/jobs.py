"""The stores in memory, for tests: real implementations, held to the same contract as the tables."""

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import override

from sagewatch.alerts.ports import Lease
from sagewatch.clock import Clock, iso
from sagewatch.errors import UnreadableError
from sagewatch.jobs.ports import (
    Checkpoint,
    Checkpoints,
    Cursor,
    Cursors,
    DailyNotices,
    OpenJob,
    OpenJobs,
    Snoozes,
    TrackedJobs,
)
from sagewatch.ledger.records import key_of
from sagewatch.pricing.job_cost import unbilled_as
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sagemaker.resources import Job, Key, job_to_describe
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.scopes import same_scope


@dataclass
class InMemoryCheckpoints(Checkpoints):
    """The checkpoints, on a dictionary."""

    kept: dict[str, Checkpoint] = field(default_factory=dict)

    @override
    def read(self, name: str) -> Checkpoint | None:
        return self.kept.get(name)

    @override
    def save(self, name: str, reached: Checkpoint) -> None:
        times = {name: time and time.replace(microsecond=0) for name, time in asdict(reached).items()}
        self.kept[name] = Checkpoint(**times)


@dataclass
class InMemoryCursors(Cursors):
    """The cursors of inspections, on a dictionary."""

    kept: dict[str, Cursor] = field(default_factory=dict)

    @override
    def read(self, name: str) -> Cursor:
        return self.kept.get(name, Cursor())

    @override
    def save(self, name: str, cursor: Cursor) -> None:
        self.kept[name] = cursor


@dataclass
class InMemoryDailyNotices(DailyNotices):
    """The problems reported today, on a dictionary."""

    clock: Clock
    noticed: dict[str, str] = field(default_factory=dict)

    @override
    def first_today(self, subject: str) -> bool:
        today, before = iso(self.clock())[:10], self.noticed.get(subject)
        self.noticed[subject] = today
        return before != today


@dataclass
class InMemoryOpenJobs(OpenJobs, TrackedJobs, Snoozes):
    """The index of open jobs and its snoozes, on a dictionary, with the ledger they check."""

    ledger: InMemoryLedger
    jobs: dict[Key, OpenJob] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)

    @override
    def add(self, job: Job, *, provisional: bool = False, backfilled_at: datetime | None = None) -> bool:
        key = key_of(job)
        if key in self.ledger.rows:
            return False
        known = job_to_describe(
            kind=job.kind,
            name=job.name,
            arn=job.arn,
            region=job.region,
            created_at=datetime.fromisoformat(key[1]),
            role_arn=job.role_arn,
            groups=job.groups,
        )
        before = self.jobs.get(key, OpenJob(known))
        unbilled = unbilled_as(job) or before.unbilled
        state = {"provisional": provisional, "backfilled_at": backfilled_at, "unbilled": unbilled}
        self.jobs[key] = replace(before, job=known, **state)  # type: ignore[arg-type] # by name
        return True

    @override
    def add_all(self, jobs: Sequence[Job], *, backfilled_at: datetime | None = None) -> None:
        for job in jobs:
            self.add(job, backfilled_at=backfilled_at)

    @override
    def mark_provisional(self, job: Job) -> bool:
        found = self.find(job)
        if found:
            self.jobs[key_of(job)] = replace(found, provisional=True, warm_pool_seconds=job.warm_pool_seconds or 0)
        return found is not None

    @override
    def mark_alerted(self, job: Job, milestones: Collection[str]) -> bool:
        found = self.find(job)
        if found:
            self.jobs[key_of(job)] = replace(found, alerted=found.alerted | set(milestones))
        return found is not None

    @override
    def remove(self, job: Job) -> None:
        self.jobs.pop(key_of(job), None)

    @override
    def of_region(self, region: str) -> Iterator[OpenJob]:
        return (entry for _, entry in self.after(region, None) if not isinstance(entry, UnreadableError))

    @override
    def after(self, region: str, key: str | None) -> Iterator[tuple[str, OpenJob | UnreadableError]]:
        names = [
            *self.unreadable,
            *(f"{arn}#{time}" for (arn, time), one in self.jobs.items() if same_scope(one.job.scope, region)),
        ]
        for name in sorted(names):
            arn, _, time = name.rpartition("#")
            if key is None or name > key:
                if name in self.unreadable:
                    yield name, UnreadableError(f"open job {name}: bad item")
                elif (arn, time) in self.jobs:
                    yield name, self.jobs[arn, time]

    @override
    def tracked(self, region: str, jobs: Sequence[ListedJob]) -> AbstractSet[Key]:
        return {job.key for job in jobs if job.key in self.jobs and same_scope(self.jobs[job.key].job.scope, region)}

    @override
    def find(self, job: Job) -> OpenJob | None:
        return self.jobs.get(key_of(job))

    @override
    def snooze(self, job: Job, lease: Lease) -> bool:
        found = self.find(job)
        if found:
            self.jobs[key_of(job)] = replace(found, snooze=lease)
        return found is not None
