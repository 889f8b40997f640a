"""When two reports of one ARN are of one job, and when its name was used again."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from sagewatch.jobs.reconcile import lacks_billed_seconds, lacks_something, reconcile, same_job, without_pool
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job, JobStatus
from tests.worlds.builders import CREATED, ENDED, NOW, a_failed_job, a_job

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


@pytest.mark.parametrize(
    ("job", "asked"),
    [
        (a_job(kind=ResourceKind.TUNING), False),
        (a_job(kind=ResourceKind.TUNING, created_at=None), True),
        (a_job(kind=ResourceKind.TUNING, tags=None), True),
        (a_job(), True),
    ],
)
def test_describe_is_asked_for_what_an_event_lacks(job: Job, asked: bool) -> None:  # noqa: FBT001 - a parameter
    """A tuning job's event has everything, if it has its time and tags."""
    assert lacks_something(job) is asked


def test_the_event_fills_what_describe_lacks() -> None:
    """And Describe decides where both know."""
    reported = a_failed_job(failure_reason="of the event", secondary_status=None)
    gaps = {
        "created_at": None,
        "started_at": None,
        "ended_at": None,
        "groups": (),
        "failure_reason": None,
        "tags": None,
    }
    there = {"failure_reason": "of Describe", "tags": {}}

    filled = reconcile(reported, a_failed_job(modified_at=ENDED, **gaps), NOW)
    assert [getattr(filled, name) for name in gaps] == [getattr(reported, name) for name in gaps]
    decided = reconcile(reported, a_failed_job(**there), NOW)
    assert [getattr(decided, name) for name in there] == list(there.values())


def test_for_an_hour_after_the_end_billed_seconds_are_waited_for() -> None:
    """Then start and end have to do."""
    job = a_job(billable_seconds=None)

    assert lacks_billed_seconds(job, ENDED + timedelta(minutes=59, seconds=59)) is True
    assert lacks_billed_seconds(job, ENDED + timedelta(hours=1)) is False
    assert lacks_billed_seconds(a_job(billable_seconds=None, ended_at=None), NOW) is True
    assert lacks_billed_seconds(a_failed_job(billable_seconds=None), ENDED) is False


@pytest.mark.parametrize("paid", [{"training_plan_arn": "arn:plan"}, {"serverless": True}], ids=str)
def test_what_is_not_priced_by_its_seconds_waits_for_none(paid: dict[str, Any]) -> None:
    """A training plan was paid before, and serverless training is billed by the token."""
    assert lacks_billed_seconds(a_job(billable_seconds=None, **paid), ENDED) is False


def test_a_pool_that_was_never_reported_existed_never() -> None:
    """An hour after the keep-alive of ten minutes is over."""
    kept = a_job(keep_alive_seconds=600)
    over = ENDED + timedelta(seconds=600, hours=1)

    assert without_pool(kept, over - timedelta(seconds=1)) == kept
    assert without_pool(kept, over) == a_job()
    for job in (
        a_job(keep_alive_seconds=600, warm_pool_status="Available"),
        a_job(keep_alive_seconds=600, ended_at=None),
    ):
        assert without_pool(job, over) == job
