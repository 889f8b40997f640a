"""Decisions are values: what is wanted, in order, and why."""

from dataclasses import replace
from decimal import Decimal

import pytest

from sagewatch.diagnostics.failure_context import FailureContext
from sagewatch.diagnostics.failure_log import JobLog
from sagewatch.errors import MalformedEventError
from sagewatch.failures.diagnosis import FailureClass, classify
from sagewatch.jobs.alerts import JobAlert, UnpricedAlert
from sagewatch.jobs.decisions import (
    EndedJob,
    JobDecision,
    SendAlert,
    TrackOpenJob,
    UntrackJob,
    WriteRecord,
    decide_ended,
    decide_running,
    decide_unread,
)
from sagewatch.ledger.records import RecordedBy
from sagewatch.ledger.totals import DayKey, RollUpKey, sums_with
from sagewatch.owners.owner import Owner, owner_of
from sagewatch.pricing.job_cost import PricingStatus, cost_of
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus
from tests.worlds.builders import BOOK, NOW, a_failed_job, a_job, a_row


def decided(job: Job) -> JobDecision:
    """Decide about an ended job as RecordJob does."""
    owner = owner_of(job, ["sagewatch:owner"])
    ended = EndedJob(job=job, cost=cost_of(job, BOOK), owner=owner, recorded_by=RecordedBy.EVENT)
    return decide_ended(ended, now=NOW)


def kinds(decision: JobDecision) -> list[str]:
    """The names of the actions, in order."""
    return [type(action).__name__ for action in decision.actions]


@pytest.mark.parametrize("status", [JobStatus.IN_PROGRESS, JobStatus.STOPPING])
def test_a_running_job_is_watched(status: JobStatus) -> None:
    """Until its end is recorded."""
    job = a_job(status=status)

    assert decide_running(job).actions == (TrackOpenJob(job),)


@pytest.mark.parametrize("status", [JobStatus.DELETING, JobStatus.DELETE_FAILED])
def test_a_job_being_deleted_changes_nothing(status: JobStatus) -> None:
    """Its end was reported before."""
    assert decide_running(a_job(status=status)).actions == ()


def test_a_completed_job_is_recorded_and_no_longer_watched() -> None:
    """No alert is sent."""
    assert decided(a_job()).actions == (WriteRecord(a_row()), UntrackJob(a_job()))


def test_a_failed_job_is_recorded_before_it_is_told() -> None:
    """A crash between the two repeats the event; the other way round a message could name a row that is not there."""
    assert kinds(decided(a_failed_job())) == ["WriteRecord", "SendAlert", "UntrackJob"]


def test_a_job_stopped_by_a_person_is_recorded_and_not_told() -> None:
    """They know."""
    assert kinds(decided(a_job(status=JobStatus.STOPPED, secondary_status="Stopped"))) == [
        "WriteRecord",
        "UntrackJob",
    ]


def test_a_job_stopped_by_its_limit_is_told() -> None:
    """It is not a success."""
    decision = decided(a_job(status=JobStatus.STOPPED, secondary_status="MaxRuntimeExceeded"))
    [alert] = [action.alert for action in decision.actions if isinstance(action, SendAlert)]

    assert isinstance(alert, JobAlert)
    assert alert.finding == "job-hit-limit"


def test_a_provisional_row_keeps_the_job_watched() -> None:
    """So that a sweep looks again."""
    assert kinds(decided(a_job(keep_alive_seconds=600))) == [
        "TrackOpenJob",
        "WriteRecord",
        "MarkProvisional",
    ]


def test_the_alert_carries_what_people_need() -> None:
    """What, why, how long, how much at which price, whose."""
    [alert] = [action.alert for action in decided(a_failed_job()).actions if isinstance(action, SendAlert)]

    assert isinstance(alert, JobAlert)
    assert (alert.name, alert.failure_class, alert.reason) == (
        "Fraud-XGB-01",
        "user-code",
        "AlgorithmError: exit code: 1",
    )
    assert (alert.ran_seconds, alert.cost_usd, alert.owner) == (3600, "0.46", "ana@example.com")
    assert alert.prices == "ml.m5.xlarge $0.23/h (Training, us-east-1, shipped table of 2026-09-22)"


def test_the_same_finding_has_the_same_identity_and_another_job_has_another() -> None:
    """A name used again is another job."""
    [first], [again], [other] = (
        [action.alert.alert_id for action in decided(job).actions if isinstance(action, SendAlert)]
        for job in (a_failed_job(), a_failed_job(), a_failed_job(created_at=NOW))
    )

    assert first == again != other


def test_a_job_of_the_past_is_recorded_and_not_told() -> None:
    """Its end is no news."""
    job = a_failed_job()
    ended = EndedJob(job=job, cost=cost_of(job, BOOK), owner=None, recorded_by=RecordedBy.SWEEP, alerting=False)
    decision = decide_ended(ended, now=NOW)

    assert kinds(decision) == ["WriteRecord", "UntrackJob"]


def test_a_child_changes_the_sums_of_its_day_and_of_its_parent() -> None:
    """A training job's own children, its rules, do not add up to it."""
    tuner, trainer = (
        f"arn:aws:sagemaker:us-east-1:1:{kind}/p" for kind in ("hyper-parameter-tuning-job", "training-job")
    )

    assert sums_with(a_row(parent_arn=tuner)) == (DayKey("2026-11-20"), RollUpKey(tuner))
    assert sums_with(a_row(parent_arn=trainer)) == (DayKey("2026-11-20"),)


def test_a_roll_up_changes_no_day() -> None:
    """Its children have rows of their own."""
    assert sums_with(a_row(kind=ResourceKind.TUNING, resource_arn="arn:t")) == (RollUpKey("arn:t"),)


def test_an_open_job_that_is_gone_gets_a_row_without_an_amount() -> None:
    """Dated by when it was missed; unknown is never 0."""
    job = a_job(status=JobStatus.IN_PROGRESS, started_at=None, ended_at=None)
    decision = decide_unread(job, JobStatus.DELETING, "it was deleted", now=NOW)
    [row] = [action.row for action in decision.actions if isinstance(action, WriteRecord)]

    assert (row.status, row.pricing, row.cost_usd, row.ended_at) == (
        JobStatus.DELETING,
        PricingStatus.UNPRICED,
        None,
        "2026-11-20T12:00:00Z",
    )
    assert kinds(decision)[-1] == "UntrackJob"


def test_an_unpriced_type_has_one_identity_whichever_job_meets_it() -> None:
    """So it is reported once."""
    groups = (InstanceGroup("ml.p9.48xlarge", 1),)
    alerts = [
        action.alert
        for job in (a_job(groups=groups), a_job(groups=groups, name="other", arn="arn:other"))
        for action in decided(job).actions
        if isinstance(action, SendAlert)
    ]

    assert all(isinstance(alert, UnpricedAlert) for alert in alerts)
    assert len({alert.alert_id for alert in alerts}) == 1


def test_the_row_says_who_when_and_why() -> None:
    """Times to the second, in UTC."""
    row = a_row()

    assert (row.created_at, row.started_at, row.ended_at, row.ended_on) == (
        "2026-11-20T09:58:00Z",
        "2026-11-20T10:00:00Z",
        "2026-11-20T11:00:00Z",
        "2026-11-20",
    )
    assert (row.owner, row.owner_source) == ("ana@example.com", "tag sagewatch:owner")
    assert (row.cost_usd, row.instances, row.billable_seconds) == (Decimal("0.46"), "2 x ml.m5.xlarge", 3600)


def test_the_row_names_every_price_it_used() -> None:
    """The volumes' too, and which of them was borrowed."""
    assert a_row(a_job(volume_gb=100)).prices == (
        "ml.m5.xlarge $0.23/h (Training, us-east-1, shipped table of 2026-09-22);"
        " volumes $0.14/GB-month (Hosting as an estimate, us-east-1, shipped table of 2026-09-22)"
    )


def test_a_job_without_any_time_cannot_be_keyed() -> None:
    """A row that could be written twice is worse than none."""
    with pytest.raises(MalformedEventError, match="nothing says when"):
        decided(a_job(created_at=None, started_at=None, ended_at=None))


def test_the_first_owner_tag_with_a_value_counts() -> None:
    """Blank values do not."""
    job = a_job(tags={"Owner": "late", "owner": "  ", "sagewatch:owner": ""})

    assert owner_of(job, ["sagewatch:owner", "owner", "Owner"]) == Owner("late", "tag Owner")
    assert owner_of(a_job(tags={}), ["owner"]) is None
    assert owner_of(a_job(tags=None), ["owner"]) is None


def test_a_job_that_names_nobody_inherits_its_owner() -> None:
    """From its parent's tags, else its Studio user profile, else its role; and says from which."""
    profile = "arn:aws:sagemaker:us-east-1:111122223333:user-profile/d-abc/ana"
    job = a_job(
        tags={"sagemaker:user-profile-arn": profile}, role_arn="arn:aws:iam::111122223333:role/team/DataScience"
    )

    assert owner_of(job, ["owner"], {"owner": "bo"}) == Owner("bo", "parent's tag owner")
    assert owner_of(job, ["owner"], {}) == Owner("ana", "user profile")
    assert owner_of(replace(job, tags={}), ["owner"]) == Owner("DataScience", "role")
    assert owner_of(replace(job, tags={"owner": "chi"}), ["owner"], {"owner": "bo"}) == Owner("chi", "tag owner")


def test_a_job_of_an_unknown_status_stays_open() -> None:
    """A status that AWS adds later is no end."""
    job = a_job(status=JobStatus.UNKNOWN)
    decision = decide_running(job)

    assert decision.actions == (TrackOpenJob(job),)
    assert decision.reason == "training job Fraud-XGB-01 has a status this version does not know: it stays open"


def test_each_decision_says_why() -> None:
    """One sentence for the log."""
    running = [decide_running(a_job(status=status)).reason for status in (JobStatus.STOPPING, JobStatus.DELETING)]
    unread = decide_unread(a_job(), JobStatus.DELETING, "it was deleted before its end was read", now=NOW)
    [write, _] = unread.actions

    assert running == [
        "training job Fraud-XGB-01 is Stopping: tracked until it ends",
        "training job Fraud-XGB-01 is Deleting: its end was reported before",
    ]
    assert unread.reason.endswith("ended as Deleting: unpriced, it was deleted before its end was read")
    assert isinstance(write, WriteRecord)
    assert (write.row.recorded_by, write.row.pricing_reason) == (
        RecordedBy.SWEEP,
        "it was deleted before its end was read",
    )
    provisional = decided(a_failed_job(billable_seconds=None))
    assert provisional.reason.startswith("training job Fraud-XGB-01 ended as Failed: provisional $0.46, ")


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED])
def test_an_end_is_no_running_job(status: JobStatus) -> None:
    """Deciding so is a slip of the caller."""
    with pytest.raises(ValueError, match=f"{status} is an end"):
        decide_running(a_job(status=status))


def test_the_log_decides_the_class_where_the_reason_says_nothing() -> None:
    """A row has the class that its alert shows."""
    log = JobLog(text="torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB")
    job = a_failed_job()
    ended = EndedJob(
        job=job, cost=cost_of(job, BOOK), owner=None, recorded_by=RecordedBy.EVENT, context=FailureContext(log=log)
    )
    [write, *_] = decide_ended(ended, now=NOW).actions

    assert isinstance(write, WriteRecord)
    assert (write.row.failure_class, classify(job)) == (FailureClass.OUT_OF_MEMORY, FailureClass.USER_CODE)
