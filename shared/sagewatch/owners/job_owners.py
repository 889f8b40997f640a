"""Finds the owner of a job: from its tags, or from its parent's tags."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sagewatch.owners.owner import Owner, owner_of, tagged_owner
from sagewatch.sagemaker.ports import Jobs
from sagewatch.sagemaker.resources import Job
from sagewatch.sagemaker.tags import tagged_as


@dataclass(frozen=True, slots=True)
class JobOwners:
    """Reads the tags of jobs and their parents."""

    jobs: Jobs
    tag_keys: tuple[str, ...]

    def with_tags(self, job: Job) -> Job:
        """Return the job with its tags, which Describe leaves out. Raises what ``Jobs.tags`` does."""
        return job if job.tags is not None else replace(job, tags=self.jobs.tags(job.arn, job.scope))

    def of(self, job: Job) -> Owner | None:
        """Return the owner of a job whose tags and parent are known. Raises what ``Jobs.tags`` does."""
        return owner_of(job, self.tag_keys, self._parent_tags(job))

    def _parent_tags(self, job: Job) -> Mapping[str, str] | None:
        """Read the parent's tags only for a child without an owner of its own: it costs a call."""
        if job.parent_arn is None or tagged_owner(job.tags, self.tag_keys):
            return None
        return self.jobs.tags(tagged_as(job.parent_arn), job.scope)
