"""When two reports of one ARN are of one job, and when its name was used again."""

from datetime import datetime, timedelta

import pytest

from sagewatch.jobs.reconcile import same_job
from sagewatch.sagemaker.resources import Job, JobStatus
from tests.worlds.builders import CREATED, a_job

RUNS = JobStatus.IN_PROGRESS


def at(seconds: float | None) -> datetime | None:
    """So many seconds after a job was created."""
    return None if seconds is None else CREATED + timedelta(seconds=seconds)


def a_report(
    created: float | None,
    ended: float | None = None,
    status: JobStatus = JobStatus.FAILED,
    modified: float | None = None,
) -> Job:
    """Report a job of that name."""
    times = {"created_at": at(created), "ended_at": at(ended), "modified_at": at(modified)}
    return a_job(**times, started_at=None, status=status)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (a_report(0), a_report(60), True),  # a minute apart, and no end is known
        (a_report(0), a_report(61), False),
        (a_report(0, 20), a_report(40, status=RUNS), False),  # it runs after the other one's end
        (a_report(0, 40), a_report(40.9, status=RUNS), True),  # rows and events have whole seconds
        (a_report(0, 40), a_report(41, status=RUNS), False),
        (a_report(0, modified=20), a_report(40, status=RUNS), False),  # it never launched
        (a_report(0, modified=20, status=RUNS), a_report(40, status=RUNS), True),
        (a_report(0, 20), a_report(40), True),  # both failed, and clocks differ
        (a_report(0, 20), a_report(40, 80), True),
        (a_report(0, 20), a_report(40, 81), False),  # one job has one end
        (a_report(0, 20), a_report(0.9, 600), True),  # one key
        (a_report(0.9, 20), a_report(0, 600), True),
        (a_report(None, 20), a_report(80), True),
        (a_report(None, 20), a_report(81), False),
        (a_report(None, 20), a_report(21, status=RUNS), False),
        (a_report(None, modified=20), a_report(81, status=RUNS), False),
        (a_report(None, 20), a_report(None, 600), True),
        (a_report(None), a_report(0), False),  # nothing dates it
    ],
)
def test_creation_times_and_ends_tell_jobs_of_one_name_apart(one: Job, other: Job, same: bool) -> None:  # noqa: FBT001 - a parameter
    """Whichever report comes first."""
    assert same_job(one, other) is same
    assert same_job(other, one) is same
