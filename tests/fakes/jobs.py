"""The stores in memory, for tests: real implementations, held to the same contract as the tables."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from sagewatch.alerts.ports import Lease
from sagewatch.jobs.ports import Checkpoint, OpenJob
from sagewatch.ledger.records import key_of
from sagewatch.sagemaker.resources import Job, Key, job_to_describe
from tests.fakes.ledger import InMemoryLedger


@dataclass
class InMemoryCheckpoints:
    """The ``Checkpoints`` port on a dictionary."""

    kept: dict[str, Checkpoint] = field(default_factory=dict)

    def read(self, name: str) -> Checkpoint | None:
        """See ``Checkpoints.read``."""
        return self.kept.get(name)

    def save(self, name: str, reached: Checkpoint) -> None:
        """See ``Checkpoints.save``."""
        times = {name: time and time.replace(microsecond=0) for name, time in asdict(reached).items()}
        self.kept[name] = Checkpoint(**times)


@dataclass
class InMemoryOpenJobs:
    """The ``OpenJobs`` and ``Snoozes`` ports on a dictionary, beside the ledger they look into."""

    ledger: InMemoryLedger
    jobs: dict[Key, OpenJob] = field(default_factory=dict)

    def add(self, job: Job, *, provisional: bool = False, backfilled_at: datetime | None = None) -> bool:
        """See ``OpenJobs.add``."""
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
        self.jobs[key] = replace(before, job=known, provisional=provisional, backfilled_at=backfilled_at)
        return True

    def mark_alerted(self, job: Job, milestones: Collection[str]) -> bool:
        """See ``OpenJobs.mark_alerted``."""
        found = self.find(job)
        if found:
            self.jobs[key_of(job)] = replace(found, told=found.told | set(milestones))
        return found is not None

    def remove(self, job: Job) -> None:
        """See ``OpenJobs.remove``."""
        self.jobs.pop(key_of(job), None)

    def of_region(self, region: str) -> Sequence[OpenJob]:
        """See ``OpenJobs.of_region``."""
        return [entry for entry in self.jobs.values() if entry.job.region == region]

    def find(self, job: Job) -> OpenJob | None:
        """See ``Snoozes.find``."""
        return self.jobs.get(key_of(job))

    def snooze(self, job: Job, lease: Lease) -> bool:
        """See ``Snoozes.snooze``."""
        found = self.find(job)
        if found:
            self.jobs[key_of(job)] = replace(found, snooze=lease)
        return found is not None
