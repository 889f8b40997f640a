"""Open jobs and their stops in memory, for tests: real implementations, held to the same contract as the others."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sagewatch.adapters.in_memory import InMemoryJobs
from sagewatch.adapters.in_memory_stores import InMemoryLedger
from sagewatch.ports import Stop
from sagewatch.records import Key, key_of
from sagewatch.resources import Job, JobStatus, job_to_describe
from sagewatch.stores import OpenJob
from sagewatch.watches import Lease


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

    def told(self, job: Job, rungs: Collection[str]) -> bool:
        """See ``OpenJobs.told``."""
        found = self.find(job)
        if found:
            self.jobs[key_of(job)] = replace(found, told=found.told | set(rungs))
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


@dataclass
class InMemoryJobStops:
    """The ``JobStops`` port on the jobs in memory."""

    jobs: InMemoryJobs
    stopped: list[str] = field(default_factory=list)
    failure: Exception | None = None

    def stop(self, job: Job) -> Stop:
        """See ``JobStops.stop``."""
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
