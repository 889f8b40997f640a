"""200,000 open jobs at 1,000 Describes a sweep: how many sweeps inspect all of them, and the memory of a sweep.

The index is computed and not kept, as DynamoDB keeps it outside the process. Run ``python -m bench.open_jobs``.
"""

import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sagewatch.errors import UnreadableError
from sagewatch.jobs.ports import OpenJob
from sagewatch.sagemaker.resources import Job, JobStatus
from tests.worlds.builders import NOW, World, a_job

JOBS, DESCRIBES, MEASURED = 200_000, 1_000, 3


def open_job(number: int) -> OpenJob:
    """A job of the index."""
    name = f"job-{number:06}"
    arn = f"arn:aws:sagemaker:us-east-1:111122223333:training-job/{name}"
    created = NOW - timedelta(hours=1)
    return OpenJob(a_job(name=name, arn=arn, created_at=created, status=JobStatus.IN_PROGRESS, ended_at=None))


def after(region: str, key: str | None) -> Iterator[tuple[str, OpenJob | UnreadableError]]:
    """Yield the index from behind a key on."""
    del region
    for number in range(int(key[4:10]) + 1 if key else 0, JOBS):
        yield f"job-{number:06}", open_job(number)


def main() -> None:
    """Sweep until every job was inspected."""
    world: Any = World()
    seen: set[str] = set()
    count = 0

    def describe(job: Job) -> Job:
        nonlocal count
        count += 1
        seen.add(job.name)
        return replace(job, role_arn="arn:aws:iam::1:role/x")

    world.jobs.describe, world.open_jobs.after = describe, after
    world.open_jobs.add = lambda *_args, **_options: True

    def time_left(share: float = 1) -> bool:
        return share < 1 or count < DESCRIBES

    sweeps, peak = 0, 0
    while len(seen) < JOBS:
        count, sweeps = 0, sweeps + 1
        if sweeps <= MEASURED:
            tracemalloc.start()
        world.job_sweep.sweep(time_left)
        if sweeps <= MEASURED:
            peak = max(peak, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    sys.stdout.write(f"{JOBS} open jobs, {DESCRIBES} Describes a sweep: {sweeps} sweeps, peak {peak / 2**20:.1f} MiB\n")


if __name__ == "__main__":
    main()
