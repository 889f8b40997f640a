"""RecordJob's work, from an event to the tables and the queue."""

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.items import to_item
from sagewatch.alerts.base import thread_key_of
from sagewatch.clock import iso
from sagewatch.diagnostics.failure_context import FailureContextReader
from sagewatch.errors import (
    AccessDeniedError,
    ForeignAccountError,
    JobNotSettledError,
    MalformedEventError,
    SageWatchError,
    ThrottledError,
    UnavailableError,
)
from sagewatch.jobs.alerts import FamilyFailures, JobAlert
from sagewatch.jobs.long_running import FamilyHistories
from sagewatch.jobs.record import RecordEffect
from sagewatch.jobs.sweep_run import JobSweepReport
from sagewatch.ledger.families import PastRun
from sagewatch.ledger.records import RecordedBy
from sagewatch.ledger.totals import RollUpKey
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.events import read_job_event
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus, Key
from sagewatch.sagemaker.scopes import WatchedAccounts
from tests.worlds.builders import (
    ACCOUNT,
    CREATED,
    ENDED,
    EVENTS,
    NOW,
    STARTED,
    World,
    a_failed_job,
    a_job,
    a_row,
    an_event,
    event_of,
)
from tests.worlds.jobs import JobWorld

DAY = timedelta(days=1)
ANNOUNCED = CREATED.replace(hour=9, minute=20)  # when the jobs of the captured events were created
TRAINING = a_failed_job(
    name="Fraud-XGB-02",
    arn="arn:aws:sagemaker:us-east-1:111122223333:training-job/fraud-xgb-02",
    created_at=ANNOUNCED,
)


def test_a_failed_job_becomes_one_row_and_one_alert() -> None:
    """With what Describe knows and the event does not."""
    world = World()
    world.has(replace(TRAINING, tags=None, billable_seconds=1800))

    outcome = world.recorder.on_event(an_event("training-job-failed"))

    assert outcome.effects == (
        RecordEffect.RECORDED,
        RecordEffect.ALERTED,
        RecordEffect.UNTRACKED,
    )
    [row] = world.rows
    assert (row.cost_usd, row.owner, row.pricing) == (Decimal("0.23"), "ana@example.com", PricingStatus.PRICED)
    assert len(world.alerts.sent) == 1


def test_one_job_costs_one_describe_call() -> None:
    """The event's tags save the other."""
    world = World()
    world.has(replace(TRAINING, tags=None))
    world.recorder.on_event(an_event("training-job-failed"))

    assert world.jobs.calls == ["describe training Fraud-XGB-02 in us-east-1"]


def test_a_transform_jobs_automl_job_is_asked_for() -> None:
    """Its events carry times, instances and tags, but not the AutoML job that started it."""
    world = World()
    automl = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:automl-job/churn"
    event = an_event("transform-job-completed")
    world.has(replace(read_job_event(event), parent_arn=automl, described=True))
    world.recorder.on_event(event)

    assert world.jobs.calls == ["describe transform Score-01 in us-east-1"]
    assert [(row.owner, row.parent_arn) for row in world.rows] == [("chi@example.com", automl)]
    assert RollUpKey(automl) in world.marks.tokens


def test_a_deleted_transform_job_is_what_its_event_says() -> None:
    """Describe knows no more of it."""
    world = World()
    world.recorder.on_event(an_event("transform-job-completed"))

    assert [row.owner for row in world.rows] == ["chi@example.com"]


def test_a_transform_event_without_its_end_is_asked_about() -> None:
    """Describe, where the event lacks what the cost needs."""
    world = World()
    found = a_job(created_at=ANNOUNCED, kind=ResourceKind.TRANSFORM, name="Score-01", billable_seconds=None)
    world.has(found)
    world.recorder.on_event(an_event("transform-job-completed", TransformEndTime=None))

    assert [row.cost_usd for row in world.rows] == [Decimal("0.46")]


def test_a_processing_jobs_tags_are_asked_for() -> None:
    """Its events carry none."""
    world = World()
    job = a_job(created_at=ANNOUNCED, kind=ResourceKind.PROCESSING, name="Features-01", arn="arn:processing", tags=None)

    world.has(job)
    world.jobs.tagged["arn:processing"] = {"owner": "bo@example.com"}
    world.recorder.on_event(an_event("processing-job-completed"))

    assert [row.owner for row in world.rows] == ["bo@example.com"]


def test_an_event_is_described_in_and_priced_for_its_own_region() -> None:
    """The envelope's, whatever the function's own."""
    world = World()
    event = event_of(an_event("training-job-failed"), region="eu-west-1")
    world.has(replace(TRAINING, region="eu-west-1"))
    world.recorder.on_event(event)

    assert world.jobs.calls == ["describe training Fraud-XGB-02 in eu-west-1"]
    assert [(row.region, row.pricing) for row in world.rows] == [("eu-west-1", PricingStatus.UNPRICED)]


def test_a_deleted_job_is_recorded_from_its_event() -> None:
    """Nothing is lost; the cost is provisional, for spot may have billed less."""
    world = World()
    world.recorder.on_event(an_event("training-job-failed"))

    [row] = world.rows
    # 3600 s x 2 x 0.23 / 3600, and 30 GB x 2 x 0.14 x 3600 / 2,592,000
    assert (row.pricing, row.cost_usd) == (PricingStatus.PROVISIONAL, Decimal("0.4716666667"))
    assert len(world.alerts.sent) == 1


def test_a_region_is_swept_only_once_sagemaker_has_answered_there() -> None:
    """An event names eu-west-11, which every sweep would ask for 400 days. The message waits, and is dead-lettered."""
    world = World()
    world.jobs.failure = UnavailableError("Could not connect to the endpoint")
    for name in ("training-job-in-progress", "training-job-failed"):
        with pytest.raises(UnavailableError):
            world.recorder.on_event(event_of(an_event(name), region="eu-west-11"))
    assert (world.regions.in_use(), world.open_jobs.jobs) == (set(), {})

    world.jobs.failure = None
    world.recorder.on_event(an_event("training-job-in-progress"))
    assert world.regions.in_use() == {"us-east-1"}


def test_a_running_job_is_watched_without_a_call() -> None:
    """Its event says when it was created, and its region is known."""
    world = World()
    world.regions.add("us-east-1")
    outcome = world.recorder.on_event(an_event("training-job-in-progress"))

    assert (outcome.effects, world.jobs.calls, world.rows) == ((RecordEffect.TRACKED,), [], [])
    assert len(world.open_jobs.jobs) == 1


def test_a_running_job_whose_event_lacks_its_creation_is_asked_about() -> None:
    """The key needs it."""
    world = World()
    world.has(a_job(status=JobStatus.IN_PROGRESS, billable_seconds=None))
    world.recorder.on_event(an_event("training-job-in-progress", CreationTime=None))

    assert len(world.open_jobs.jobs) == 1


def test_a_running_job_that_is_gone_or_ended_by_now_ends_well() -> None:
    """Gone: nothing to watch. Ended: recorded."""
    gone, ended = World(), World()
    ended.has(a_job())
    event = an_event("training-job-in-progress", CreationTime=None)

    assert gone.recorder.on_event(event).effects == ()
    assert RecordEffect.RECORDED in ended.recorder.on_event(event).effects


@pytest.mark.parametrize("order", sorted(set(itertools.permutations(["start", "end", "end", "start"]))))
def test_duplicates_and_any_order_give_the_same_table(order: tuple[str, ...]) -> None:
    """One row, nothing open, one identity of alert."""
    world = World()
    world.has(TRAINING)
    events = {
        "start": an_event("training-job-in-progress", TrainingJobName=TRAINING.name, TrainingJobArn=TRAINING.arn),
        "end": an_event("training-job-failed", TrainingJobName=TRAINING.name),
    }
    created = int(ANNOUNCED.timestamp() * 1000)
    for name in order:
        event = events[name]
        event["detail"]["CreationTime"] = created
        world.recorder.on_event(event)

    assert len(world.rows) == 1
    assert world.open_jobs.jobs == {}
    assert len({alert.alert_id for alert in world.alerts.sent}) == 1


def test_a_final_row_replaces_a_provisional_one_and_never_the_other_way() -> None:
    """First the job seems gone, then it can be read again."""
    world = World()
    event = an_event("training-job-failed")
    world.recorder.on_event(event)
    created = world.rows[0].created_at
    world.has(replace(TRAINING, billable_seconds=60))
    world.recorder.on_event(event)
    world.jobs.found.clear()
    world.recorder.on_event(event)

    assert [(row.created_at, row.pricing, row.billable_seconds) for row in world.rows] == [
        (created, PricingStatus.PRICED, 60)
    ]


def test_an_end_that_describe_does_not_know_yet_is_tried_again() -> None:
    """The event is ahead."""
    world = World()
    world.has(replace(TRAINING, status=JobStatus.IN_PROGRESS))

    with pytest.raises(JobNotSettledError, match="Describe says InProgress"):
        world.recorder.on_event(an_event("training-job-failed"))
    assert world.rows == []


def test_a_completed_job_without_billed_seconds_is_read_again_and_never_written_as_0() -> None:
    """It was read too early."""
    world = World()
    world.has(a_job(created_at=ANNOUNCED, billable_seconds=None, tags=None, ended_at=NOW - timedelta(minutes=59)))

    with pytest.raises(JobNotSettledError, match="billed seconds"):
        world.recorder.on_event(an_event("training-job-completed"))
    assert world.rows == []


def test_a_name_used_again_does_not_hide_the_first_jobs_end() -> None:
    """Describe answers for the second one, which still runs: the event is all there is of the first."""
    world = World()
    world.has(replace(TRAINING, status=JobStatus.IN_PROGRESS, created_at=ENDED + timedelta(hours=5)))
    world.recorder.on_event(an_event("training-job-failed"))

    assert [row.created_at for row in world.rows] == ["2026-11-20T09:20:00Z"]


def test_a_name_used_again_by_a_job_that_ended_too_mixes_nothing() -> None:
    """The first job's late event is its own row, and the second job's row is its own."""
    world = World()
    second = replace(TRAINING, status=JobStatus.COMPLETED, created_at=ENDED + timedelta(hours=5), billable_seconds=7200)
    world.has(second)
    world.recorder.on_event(an_event("training-job-failed"))

    assert [(row.created_at, row.status) for row in world.rows] == [("2026-11-20T09:20:00Z", JobStatus.FAILED)]


def test_a_job_that_never_launched_is_not_taken_for_the_next_one_of_its_name() -> None:
    """Its event has no end, so only the creation times tell the two jobs apart."""
    for status in (JobStatus.IN_PROGRESS, JobStatus.COMPLETED):
        world = World()
        world.has(replace(TRAINING, status=status, created_at=ANNOUNCED + timedelta(minutes=5)))
        world.recorder.on_event(an_event("training-job-failed", TrainingStartTime=None, TrainingEndTime=None))

        assert [(row.created_at, row.status) for row in world.rows] == [("2026-11-20T09:20:00Z", JobStatus.FAILED)]
        assert len(world.alerts.sent) == 1


def test_an_end_of_a_job_that_describe_does_not_know_yet_is_tried_again() -> None:
    """Describe still answers with the job that had the name before."""
    world = World()
    world.has(replace(TRAINING, created_at=ANNOUNCED - timedelta(hours=2), ended_at=ANNOUNCED - timedelta(hours=1)))

    with pytest.raises(JobNotSettledError, match="earlier training job"):
        world.recorder.on_event(an_event("training-job-failed"))
    assert world.rows == []


def test_an_end_in_the_same_second_as_the_creation_is_the_same_job() -> None:
    """Events and Describe differ below the second."""
    world = World()
    moment = CREATED.replace(hour=9, minute=20)
    found = replace(TRAINING, created_at=moment.replace(microsecond=400_000), started_at=None, billable_seconds=None)
    world.has(found)
    event = an_event("training-job-failed", TrainingStartTime=None, TrainingEndTime=moment.isoformat())
    world.recorder.on_event(event)

    assert [(row.pricing, row.cost_usd) for row in world.rows] == [(PricingStatus.PRICED, Decimal(0))]


def test_what_describe_leaves_out_the_event_fills() -> None:
    """A job that ran is never written as 0: its event knows that it started."""
    world = World()
    world.has(replace(TRAINING, started_at=None, ended_at=None, billable_seconds=None, volume_gb=None))
    world.recorder.on_event(an_event("training-job-failed"))

    assert [(row.pricing, row.cost_usd) for row in world.rows] == [(PricingStatus.PROVISIONAL, Decimal("0.46"))]


def test_a_deleted_job_whose_event_tells_no_start_is_unpriced_and_not_free() -> None:
    """Only Describe's word makes an absent start a job that never launched."""
    world = World()
    world.recorder.on_event(an_event("training-job-failed", TrainingStartTime=None))

    assert [(row.pricing, row.cost_usd) for row in world.rows] == [(PricingStatus.UNPRICED, None)]


def test_billed_seconds_that_never_come_leave_a_provisional_row() -> None:
    """An hour after the end, start and end have to do."""
    world = World()
    world.has(
        a_job(
            created_at=ANNOUNCED,
            billable_seconds=None,
            ended_at=NOW - timedelta(minutes=61),
            started_at=NOW - timedelta(minutes=91),
        )
    )
    world.recorder.on_event(an_event("training-job-completed", TrainingEndTime=None))

    assert [(row.pricing, row.cost_usd) for row in world.rows] == [(PricingStatus.PROVISIONAL, Decimal("0.23"))]


def test_the_last_modification_dates_a_row_and_prices_nothing() -> None:
    """It is not the end."""
    world = World()
    job = a_job(
        created_at=ANNOUNCED,
        kind=ResourceKind.PROCESSING,
        name="Features-01",
        billable_seconds=None,
        ended_at=None,
        modified_at=ENDED,
    )
    world.has(job)
    world.recorder.on_event(an_event("processing-job-completed", ProcessingEndTime=None))

    assert [(row.ended_at, row.pricing) for row in world.rows] == [("2026-11-20T11:00:00Z", PricingStatus.UNPRICED)]


def test_an_unpriced_type_is_recorded_and_told() -> None:
    """Its row has no amount."""
    world = World()
    world.has(a_job(created_at=ANNOUNCED, groups=(InstanceGroup("ml.p9.48xlarge", 1),), started_at=STARTED))
    world.recorder.on_event(an_event("training-job-completed"))

    assert [(row.pricing, row.cost_usd) for row in world.rows] == [(PricingStatus.UNPRICED, None)]
    assert [alert.finding for alert in world.alerts.sent] == ["unpriced-type"]


def test_a_throttled_describe_writes_nothing_and_passes_the_error_on() -> None:
    """The queue waits."""
    world = World()
    world.jobs.failure = ThrottledError("slow down")

    with pytest.raises(ThrottledError):
        world.recorder.on_event(an_event("training-job-failed"))
    assert (world.rows, world.alerts.sent) == ([], [])


@pytest.mark.parametrize(
    "body", ["", "not json", "[]", "null", '{"detail": 1}', json.dumps("Failed"), "9" * 5000, "[" * 100_000]
)
def test_what_is_no_event_is_refused(body: str) -> None:
    """Typed, so that it is dead-lettered at once."""
    with pytest.raises(MalformedEventError):
        World().recorder.on_message(body)


@pytest.mark.parametrize("field", ["CreationTime", "TrainingStartTime", "TrainingEndTime", "LastModifiedTime"])
@pytest.mark.parametrize(
    "moment", [datetime(9999, 12, 31, tzinfo=UTC), datetime(2017, 11, 28, tzinfo=UTC), NOW + 2 * DAY]
)
def test_a_time_that_no_job_can_have_is_refused(field: str, moment: datetime) -> None:
    """Neither a row nor a mark is dated by it. Tomorrow is still possible, because clocks differ."""
    world = World()
    event = an_event("training-job-failed", **{field: int(moment.timestamp())})

    with pytest.raises(MalformedEventError, match="is before 2017-11-29 or after tomorrow"):
        world.recorder.on_event(event)
    assert (world.rows, world.marks.tokens, world.regions.in_use()) == ([], {}, set())
    world.recorder.on_event(an_event("training-job-failed", **{field: int((NOW + DAY / 2).timestamp())}))
    assert len(world.rows) == 1


def test_the_answer_names_the_reason_and_what_happened() -> None:
    """What `sam local invoke` prints."""
    world = World()
    world.has(a_job(created_at=ANNOUNCED))

    assert world.recorder.on_message(json.dumps(an_event("training-job-completed"))).to_log() == {
        "reason": "training job Fraud-XGB-01 ended as Completed: priced $0.46,"
        " calculated from its billed time at the on-demand list price",
        "effects": ["recorded", "no longer tracked"],
    }


def test_a_child_without_an_owner_asks_its_parent_and_one_with_an_owner_does_not() -> None:
    """Tuning jobs' children inherit no tags."""
    world = World()
    world.jobs.tagged["arn:tuner"] = {"owner": "bo@example.com"}
    world.has(replace(TRAINING, tags=None, parent_arn="arn:tuner"))
    world.recorder.on_event(an_event("training-job-failed", Tags={}))
    world.has(a_job(created_at=ANNOUNCED, parent_arn="arn:tuner"))
    world.recorder.on_event(an_event("training-job-completed"))

    assert [(row.owner, row.owner_source) for row in world.rows] == [
        ("bo@example.com", "parent's tag owner"),
        ("ana@example.com", "tag sagewatch:owner"),
    ]
    assert world.jobs.calls.count("tags arn:tuner in us-east-1") == 1


def test_clocks_that_differ_a_little_make_no_other_job_of_it() -> None:
    """The event says that the job ended half a minute before Describe says that it was created."""
    world = World()
    end = CREATED.replace(hour=9, minute=20)
    found = replace(
        TRAINING, created_at=end + timedelta(seconds=30), started_at=None, ended_at=None, billable_seconds=None
    )
    world.has(found)
    world.recorder.on_event(an_event("training-job-failed", TrainingStartTime=None, TrainingEndTime=end.isoformat()))

    assert [(row.created_at, row.pricing, row.cost_usd) for row in world.rows] == [
        ("2026-11-20T09:20:30Z", PricingStatus.PRICED, Decimal(0))
    ]


def test_the_end_of_a_job_that_is_being_deleted_is_its_events() -> None:
    """Describe answers Deleting by then, and still knows the times."""
    world = World()
    world.has(replace(TRAINING, status=JobStatus.DELETING))
    world.recorder.on_event(an_event("training-job-failed"))

    assert [(row.status, row.cost_usd) for row in world.rows] == [(JobStatus.FAILED, Decimal("0.46"))]


def test_a_job_of_a_pipeline_is_its_executions_and_its_owner_the_pipelines() -> None:
    """The tag names the execution; the pipeline has the tags."""
    world = World()
    execution = "arn:aws:sagemaker:us-east-1:111122223333:pipeline/nightly/execution/abc123"
    world.jobs.tagged["arn:aws:sagemaker:us-east-1:111122223333:pipeline/nightly"] = {"owner": "bo@example.com"}
    world.has(replace(TRAINING, tags=None))
    world.recorder.on_event(an_event("training-job-failed", Tags={"sagemaker:pipeline-execution-arn": execution}))

    assert [(row.parent_arn, row.owner, row.owner_source) for row in world.rows] == [
        (execution, "bo@example.com", "parent's tag owner")
    ]


LOG = ["epoch 1", "Traceback (most recent call last):", "KeyError: 'x' of bo@example.com, ana@example.com"]


def told(world: World) -> JobAlert:
    """The one alert that was sent."""
    [alert] = world.alerts.sent
    assert isinstance(alert, JobAlert)
    return alert


def test_a_failure_is_told_with_its_log_its_family_and_its_thread() -> None:
    """Three failures of fraud-xgb in a week, each $0.46; the owner's own address is shown, no other."""
    world = World()
    for number in (1, 2):
        past = a_failed_job(
            name=f"Fraud-XGB-0{number}", arn=f"arn:past-{number}", ended_at=ENDED - timedelta(days=number)
        )
        world.ledger.put(a_row(past))
    world.logs.written[TRAINING.name] = [LOG]
    reason = "AlgorithmError: ask bo@example.com or ana@example.com"
    world.recorder.record(replace(TRAINING, failure_reason=reason), RecordedBy.EVENT)
    alert = told(world)

    assert alert.log == "\n".join([LOG[1], "KeyError: 'x' of [redacted], ana@example.com"])
    assert alert.family == FamilyFailures(name="Fraud-XGB", count=3, cost_usd="1.38", unknown=0, more=False)
    assert alert.reason == "AlgorithmError: ask [redacted] or ana@example.com"
    assert alert.thread_key == thread_key_of(TRAINING.arn, "2026-11-20T09:20:00Z")
    assert alert.happened_at == ENDED


def test_a_child_joins_its_parents_thread() -> None:
    """Whatever of the family fails."""
    world, tuner = World(), "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/hpo"
    world.recorder.record(replace(TRAINING, parent_arn=tuner), RecordedBy.EVENT)

    assert told(world).thread_key == thread_key_of(tuner, "")


def test_a_job_that_never_launched_is_told_as_such_and_has_no_log_to_read() -> None:
    """A second event, of which Describe knows nothing any more, has the same identity."""
    world = World()
    launched = replace(TRAINING, started_at=None, ended_at=ENDED, billable_seconds=None)
    world.recorder.record(launched, RecordedBy.EVENT)
    world.recorder.record(replace(launched, described=False), RecordedBy.EVENT)
    first, again = world.alerts.sent

    assert (first.finding, again.finding) == ("job-never-started", "job-failed")
    assert first.alert_id == again.alert_id
    assert world.logs.calls == ["log of Fraud-XGB-02"]  # of the second alone


@pytest.mark.parametrize(
    ("failure", "trouble"),
    [
        (AccessDeniedError("logs:GetLogEvents of x: denied"), "logs:GetLogEvents of x: denied"),
        (ThrottledError("slow down"), None),
        (UnavailableError("gone"), None),
        (KeyError("events"), None),
    ],
)
def test_a_log_that_cannot_be_read_keeps_nothing_from_being_recorded(failure: Exception, trouble: str | None) -> None:
    """Only a missing permission is reported, because a person can grant it."""
    world = World()
    world.logs.failure = failure
    world.recorder.record(TRAINING, RecordedBy.EVENT)

    assert len(world.rows) == 1
    assert (told(world).log, told(world).log_trouble) == (None, trouble)


def test_neither_log_nor_family_is_asked_for_where_nobody_is_told() -> None:
    """A success, a person's stop, the past."""
    world = World()
    for job in (a_job(), a_job(status=JobStatus.STOPPED, secondary_status="Stopped", arn="arn:b")):
        world.recorder.record(job, RecordedBy.EVENT)
    world.recorder.decide(TRAINING, RecordedBy.SWEEP, alerting=False)

    assert world.logs.calls == []


def test_a_family_that_cannot_be_read_is_left_out() -> None:
    """The row comes first."""

    class Broken:
        """An index that is being built."""

        def recent(self, family: str, since: datetime, most: int) -> Sequence[PastRun]:
            """Give no answer."""
            raise UnavailableError(f"{family}, {since}, {most}")

        def instances(self, keys: Sequence[Key]) -> Sequence[str]:
            """Give no answer."""
            raise UnavailableError(str(keys))

    world = World()
    recorder = replace(world.recorder, failure_context=FailureContextReader(Broken(), None))
    recorder.record(TRAINING, RecordedBy.EVENT)

    assert (told(world).family, len(world.rows)) == (None, 1)


def test_an_account_that_is_not_watched_is_refused_and_nothing_is_asked() -> None:
    """With the stack's own account known: its credentials would find another job of that name."""
    world = World()
    watched = WatchedAccounts(home=ACCOUNT, named=frozenset({"222233334444"}))
    recorder = replace(world.recorder, watched=watched)
    stranger, theirs = (
        event_of(an_event("training-job-failed"), account=account) for account in ("444455556666", "222233334444")
    )

    with pytest.raises(ForeignAccountError, match="444455556666 is not watched"):
        recorder.on_event(stranger)
    assert (world.jobs.calls, world.rows, world.regions.noted) == ([], [], set())
    recorder.on_event(theirs)
    assert [(row.account, row.region) for row in world.rows] == [("222233334444", "us-east-1")]
    replace(recorder, watched=WatchedAccounts(home=ACCOUNT, organization=True)).on_event(stranger)


SECOND_JOB = {"created_at": ANNOUNCED + timedelta(seconds=40), "started_at": None, "ended_at": None}
QUICK = {"CreationTime": ANNOUNCED.isoformat(), "TrainingEndTime": (ANNOUNCED + timedelta(seconds=20)).isoformat()}


def test_two_jobs_of_a_name_within_a_minute_are_told_apart_by_the_end_of_the_first() -> None:
    """It failed, was deleted and created again in 40 seconds. Neither is lost, and neither has the other's row."""
    world = World()
    running = replace(TRAINING, status=JobStatus.IN_PROGRESS, billable_seconds=None, **SECOND_JOB)  # type: ignore[arg-type] # by name
    world.has(running)
    world.recorder.on_event(an_event("training-job-failed", **QUICK))
    rows = list(world.rows)
    ended = {"started_at": ANNOUNCED + timedelta(minutes=2), "ended_at": ANNOUNCED + timedelta(hours=1)}
    world.now += timedelta(hours=2)
    world.has(replace(running, status=JobStatus.COMPLETED, billable_seconds=3480, **ended))  # type: ignore[arg-type] # by name
    world.sweep()

    assert [(row.created_at, row.status) for row in rows] == [(iso(ANNOUNCED), JobStatus.FAILED)]
    assert [(row.created_at, row.status) for row in world.rows] == [
        (iso(ANNOUNCED), JobStatus.FAILED),
        (iso(ANNOUNCED + timedelta(seconds=40)), JobStatus.COMPLETED),
    ]


def test_an_open_job_is_not_closed_by_the_row_of_one_that_ended_within_the_minute_before() -> None:
    """The second one is deleted before its end was read: it has a row of its own, without an amount."""
    world = World()
    world.has(replace(TRAINING, status=JobStatus.IN_PROGRESS, **SECOND_JOB))  # type: ignore[arg-type] # by name
    world.sweep()
    world.recorder.on_event(an_event("training-job-failed", **QUICK))
    world.jobs.found.clear()
    world.sweep()

    assert [(row.created_at, row.status) for row in world.rows] == [
        (iso(ANNOUNCED), JobStatus.FAILED),
        (iso(ANNOUNCED + timedelta(seconds=40)), JobStatus.DELETING),
    ]


def test_two_jobs_of_a_name_within_a_minute_that_were_both_deleted_unread_have_a_row_each() -> None:
    """The first one's row is dated by when it was missed, which says nothing of an end."""
    world = World()
    world.open_jobs.add(replace(TRAINING, status=JobStatus.IN_PROGRESS))
    world.open_jobs.add(replace(TRAINING, status=JobStatus.IN_PROGRESS, created_at=SECOND_JOB["created_at"]))
    world.sweep()

    assert [(row.created_at, row.status) for row in world.rows] == [
        (iso(ANNOUNCED), JobStatus.DELETING),
        (iso(ANNOUNCED + timedelta(seconds=40)), JobStatus.DELETING),
    ]


_ODD: Sequence[Any] = (
    None,
    True,
    -1,
    0,
    0.5,
    10**9,
    10**18,
    10**40,
    "",
    "?",
    "-1",
    "9" * 40,
    [],
    ["?"],
    {},
    {"?": "?"},
)
_ENDED = json.loads((EVENTS / "training-job-failed.json").read_text(encoding="utf-8"))["detail"]
_DETAIL = _ENDED | {"StoppingCondition": {"MaxRuntimeInSeconds": 1}, "TrainingStartTime": STARTED.timestamp()}
_MORE = ("KeepAlivePeriodInSeconds", "VolumeSizeInGB", "InstanceGroups", "TrainingPlanArn")
_PLACES = [
    *((name, None) for name in (*_DETAIL, "WarmPoolStatus", "BillableTimeInSeconds", "ProgressInfo", "TuningJobArn")),
    *((name, inner) for name, value in _DETAIL.items() if isinstance(value, dict) for inner in value),
    *(("ResourceConfig", inner) for inner in _MORE),
    *(("WarmPoolStatus", inner) for inner in ("Status", "ResourceRetainedBillableTimeInSeconds")),
]


def odd_details() -> Iterator[dict[str, Any]]:
    """The detail with one odd value in each place, and without anything in that place."""
    for name, inner in _PLACES:
        yield {other: value for other, value in _DETAIL.items() if other != name}
        for value in _ODD:
            yield {**_DETAIL, name: value if inner is None else {**_DETAIL.get(name, {}), inner: value}}


def test_whatever_an_event_holds_the_job_is_recorded_or_the_reason_is_typed() -> None:
    """Of a deleted job, the event is all there is. An untyped error is retried for hours and names no reason."""
    event = an_event("training-job-failed")
    for detail in odd_details():
        world = World()
        with suppress(SageWatchError):
            world.recorder.on_event({**event, "detail": detail})
        for row in world.rows:
            to_item(asdict(row))
            assert row.cost_usd is None or row.cost_usd >= 0


@pytest.mark.parametrize("status", [{}, {"TrainingJobStatus": "InProgress", "TrainingEndTime": None}], ids=str)
def test_whatever_describe_answers_no_sweep_meets_an_untyped_error(status: dict[str, Any]) -> None:
    """Of a job that ended, and of one that runs. What cannot be read is counted, and the job stays open."""
    for detail in odd_details():
        world, answer = JobWorld(), {**detail, **status}
        world.open_jobs.add(replace(TRAINING, status=JobStatus.IN_PROGRESS))
        world.jobs.describe = partial(_described, answer)  # type: ignore[method-assign] # a fake's
        [entry], report = list(world.open_jobs.of_region("us-east-1")), JobSweepReport()
        with suppress(SageWatchError):
            world.job_sweep.inspector.inspect(entry, FamilyHistories(), report)

        assert not [failure for failure in report.failures if "unexpected" in failure]
        assert len(world.rows) == report.recorded
        assert world.rows or len(world.open_jobs.jobs) == 1


def _described(answer: dict[str, Any], job: Job) -> Job:
    return read_job(job.kind, answer, account=ACCOUNT, region=job.region, described=True)
