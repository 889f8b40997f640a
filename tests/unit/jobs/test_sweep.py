"""SweepJobs finds jobs whose events were lost, records them as their events would have, and reports recent ones."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sagewatch.clock import TimeBudget
from sagewatch.errors import (
    AccessDeniedError,
    MalformedEventError,
    SweepIncompleteError,
    ThrottledError,
    UnavailableError,
    UnreadableError,
)
from sagewatch.jobs.ports import Checkpoint
from sagewatch.jobs.sweep_run import JobSweepReport
from sagewatch.ledger.records import RecordedBy
from sagewatch.ledger.totals import Amounts, DayKey, DayTotal, RollUp, RollUpKey, roll_up, spend_of
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job, JobStatus
from tests.fakes.ledger import InMemoryTotalStore
from tests.worlds.builders import (
    CREATED,
    ENDED,
    NOW,
    STARTED,
    World,
    a_failed_job,
    a_job,
    a_row,
    an_event,
    enough_for,
    no_time_limit,
)

RUNNING = a_job(
    status=JobStatus.IN_PROGRESS, secondary_status="Training", ended_at=None, billable_seconds=None, tags=None
)
ENDED_JOB = a_job(tags=None)

TOO_LATE = NOW + timedelta(days=1, seconds=1)


def time_to_list(steps: int) -> TimeBudget:
    """Time for so many steps of listings, and for everything else."""
    left = iter([True] * steps)
    return lambda share=1: share == 1 or next(left, False)


def numbered(job: Job, number: int, created_at: datetime = CREATED) -> Job:
    """The same job under another name."""
    name = f"{job.name}-{number}"
    return replace(job, name=name, arn=f"{job.arn}-{number}", created_at=created_at + timedelta(seconds=number))


def test_a_job_whose_events_were_all_lost_is_found_and_recorded() -> None:
    """By a listing, with its tags, and with who found it."""
    world = World()
    world.has(ENDED_JOB)
    world.jobs.tagged[ENDED_JOB.arn] = {"owner": "bo@example.com"}
    swept = world.sweep()

    [row] = world.rows
    assert (row.recorded_by, row.cost_usd, row.owner) == (RecordedBy.SWEEP, Decimal("0.46"), "bo@example.com")
    assert (swept.listed, swept.new, swept.recorded, swept.still_open, swept.complete) == (1, 1, 1, 0, True)
    assert world.open_jobs.jobs == {}


def test_a_job_whose_end_was_lost_is_found_among_the_open_ones() -> None:
    """However long ago it was created."""
    world = World()
    world.recorder.on_event(an_event("training-job-in-progress", TrainingJobArn=ENDED_JOB.arn))
    [key] = world.open_jobs.jobs
    world.has(replace(ENDED_JOB, created_at=world.open_jobs.jobs[key].job.created_at))
    world.lists.listed.clear()
    world.sweep()

    assert [row.recorded_by for row in world.rows] == [RecordedBy.SWEEP]


def test_the_role_and_instances_of_a_job_that_was_only_listed_are_kept_once() -> None:
    """Describe is asked of every open job anyway."""
    world = World()
    world.has(replace(RUNNING, role_arn="arn:aws:iam::111122223333:role/team", groups=ENDED_JOB.groups))
    added = world.open_jobs.add
    adds: list[Job] = []

    def add(job: Job, *, provisional: bool = False, backfilled_at: datetime | None = None) -> bool:
        adds.append(job)
        return added(job, provisional=provisional, backfilled_at=backfilled_at)

    world.open_jobs.add = add  # type: ignore[method-assign] # counts
    for _ in range(3):
        world.sweep()

    [entry] = world.open_jobs.jobs.values()
    assert (entry.job.role_arn, entry.job.groups) == ("arn:aws:iam::111122223333:role/team", ENDED_JOB.groups)
    assert [job.role_arn is not None for job in adds] == [False, True]


def test_a_second_sweep_changes_nothing_and_describes_nothing() -> None:
    """What is in the ledger costs a listing, and a look at the ledger."""
    world = World()
    world.has(ENDED_JOB)
    world.sweep()
    before = list(world.rows)
    world.jobs.calls.clear()
    swept = world.sweep()

    assert (world.rows, world.jobs.calls, swept.listed, swept.new) == (before, [], 1, 0)


def test_a_running_job_is_watched_until_it_ends() -> None:
    """It is described once a sweep."""
    world = World()
    world.has(RUNNING)
    assert (world.sweep().still_open, world.rows) == (1, [])
    world.has(ENDED_JOB)
    world.sweep()

    assert [row.pricing for row in world.rows] == [PricingStatus.PRICED]
    assert [call for call in world.jobs.calls if call.startswith("describe")] == [
        "describe training Fraud-XGB-01 in us-east-1",
        "describe training Fraud-XGB-01 in us-east-1",
    ]


@pytest.mark.parametrize(
    ("ago", "alerts"),
    [
        (timedelta(hours=23, minutes=59), 1),
        (timedelta(days=1), 1),
        (timedelta(days=1, seconds=1), 0),
        (timedelta(days=20), 0),
    ],
)
def test_an_end_is_told_while_it_is_news(ago: timedelta, alerts: int) -> None:
    """A day; recorded it is in any case."""
    world = World()
    ended = NOW - ago
    job = a_failed_job(created_at=ended - timedelta(hours=2), started_at=ended - timedelta(hours=1), ended_at=ended)
    world.has(replace(job, tags=None))
    world.sweep()

    assert (len(world.rows), len(world.alerts.sent)) == (1, alerts)


def test_an_event_and_a_sweep_agree_on_one_row_and_one_alert() -> None:
    """Whichever comes first."""
    found = replace(
        a_failed_job(name="Fraud-XGB-02"), tags=None, created_at=datetime.fromisoformat("2026-11-20T09:20Z")
    )
    found = replace(found, arn="arn:aws:sagemaker:us-east-1:111122223333:training-job/fraud-xgb-02")
    event = an_event("training-job-failed")
    for first_swept in (True, False):
        world = World()
        world.has(found)
        steps: list[Callable[[], object]] = [world.sweep, lambda world=world: world.recorder.on_event(event)]  # type: ignore[misc] # bound early
        for step in steps if first_swept else reversed(steps):
            step()

        assert len(world.rows) == 1
        assert len({alert.alert_id for alert in world.alerts.sent}) == 1


def test_a_completed_job_without_its_billed_seconds_is_read_again_by_the_next_sweep() -> None:
    """And never written as 0."""
    world = World()
    late = replace(ENDED_JOB, ended_at=NOW - timedelta(minutes=5), billable_seconds=None)
    world.has(late)
    assert (world.sweep().still_open, world.rows) == (1, [])
    world.has(replace(late, billable_seconds=3600))
    world.sweep()

    assert [(row.pricing, row.cost_usd) for row in world.rows] == [(PricingStatus.PRICED, Decimal("0.46"))]


def test_a_warm_pool_is_read_until_it_ends_and_the_day_is_summed_again() -> None:
    """Two hours after its job: 0.46 + 2 h x 2 x 0.23 = 1.38."""
    world = World()
    pooled = replace(ENDED_JOB, keep_alive_seconds=7200, warm_pool_status="Available", warm_pool_seconds=0)
    world.has(pooled)
    world.sweep()
    assert [(row.pricing, row.cost_usd) for row in world.rows] == [(PricingStatus.PROVISIONAL, Decimal("0.46"))]
    world.now = NOW + timedelta(days=1)
    world.sweep()
    before = world.totals.kept["2026-11-20"]
    world.has(replace(pooled, warm_pool_status="Terminated", warm_pool_seconds=7200))
    world.sweep()
    world.sweep()
    after = world.totals.kept["2026-11-20"]

    assert [(row.pricing, row.cost_usd, row.warm_pool_usd) for row in world.rows] == [
        (PricingStatus.PRICED, Decimal("1.38"), Decimal("0.92"))
    ]
    assert [sum(spend.cost_usd for spend in total.cells.values()) for total in (before, after)] == [
        Decimal("0.46"),
        Decimal("1.38"),
    ]
    assert world.open_jobs.jobs == {}


@pytest.mark.parametrize("failing", ["put", "alert", "done"])
@pytest.mark.parametrize("after", [False, True])
def test_work_on_a_provisional_row_that_was_cut_off_is_done_by_the_next_sweep(failing: str, after: bool) -> None:  # noqa: FBT001 - a table
    """Whichever write fails, before or after it took effect: the job counts as done only when all else is done."""
    world = World()
    world.has(replace(a_failed_job(billable_seconds=None), tags=None))
    owner, name = {
        "put": (world.ledger, "put"),
        "alert": (world.alerts, "send"),
        "done": (world.open_jobs, "mark_provisional"),
    }[failing]
    real = getattr(owner, name)

    def once(*args: object) -> object:
        setattr(owner, name, real)
        if after:
            real(*args)
        raise ThrottledError("slow down")

    setattr(owner, name, once)
    world.sweep()
    world.sweep()

    assert [row.pricing for row in world.rows] == [PricingStatus.PROVISIONAL]
    assert DayKey("2026-11-20") in world.marks.tokens
    assert len({alert.alert_id for alert in world.alerts.sent}) == 1
    assert [entry.provisional for entry in world.open_jobs.jobs.values()] == [True]


def test_a_pool_that_still_runs_writes_nothing_and_tells_nothing_again() -> None:
    """Its job failed, which was reported."""
    world = World()
    world.has(replace(a_failed_job(keep_alive_seconds=7200, warm_pool_status="Available"), tags=None))
    world.sweep()
    rows, sent = list(world.rows), list(world.alerts.sent)
    world.sweep()

    assert (world.rows, world.alerts.sent) == (rows, sent)


def test_a_keep_alive_without_a_pool_is_final_an_hour_after_it_is_over() -> None:
    """Describe leaves WarmPoolStatus out where none was kept."""
    world = World()
    world.has(replace(ENDED_JOB, keep_alive_seconds=1800))
    world.sweep()
    first = [row.pricing for row in world.rows]
    world.now = ENDED + timedelta(minutes=91)
    world.sweep()

    assert (first, [row.pricing for row in world.rows]) == ([PricingStatus.PROVISIONAL], [PricingStatus.PRICED])


def test_what_stays_uncertain_for_eight_days_is_left_as_it_is() -> None:
    """A pool lives for seven at most."""
    world = World()
    world.has(replace(a_failed_job(billable_seconds=None), tags=None))
    world.sweep()
    assert len(world.open_jobs.jobs) == 1
    world.now = ENDED + timedelta(days=8)
    world.sweep()

    assert (world.open_jobs.jobs, [row.pricing for row in world.rows]) == ({}, [PricingStatus.PROVISIONAL])


def test_a_job_deleted_before_its_end_was_read_is_not_passed_over() -> None:
    """It has a row without an amount."""
    world = World()
    world.has(RUNNING)
    world.sweep()
    world.jobs.found.clear()
    swept = world.sweep()

    assert [(row.pricing, row.cost_usd) for row in world.rows] == [(PricingStatus.UNPRICED, None)]
    assert (swept.recorded, world.open_jobs.jobs) == (1, {})


def test_the_event_of_a_deleted_job_still_improves_its_row() -> None:
    """It comes late, and knows more."""
    world = World()
    event = an_event("training-job-failed")
    running = an_event(
        "training-job-in-progress",
        **{k: event["detail"][k] for k in ("TrainingJobArn", "TrainingJobName", "CreationTime")},
    )
    world.recorder.on_event(running)
    world.sweep()
    assert [row.pricing for row in world.rows] == [PricingStatus.UNPRICED]
    world.recorder.on_event(event)

    assert [row.pricing for row in world.rows] == [PricingStatus.PROVISIONAL]


def test_a_provisional_row_of_a_job_that_is_gone_stands() -> None:
    """Nothing better will come."""
    world = World()
    world.recorder.on_event(an_event("training-job-failed"))
    rows = list(world.rows)
    world.sweep()

    assert (world.rows, world.open_jobs.jobs) == (rows, {})


def test_a_name_used_again_is_a_second_row_and_hides_no_first() -> None:
    """The open one is gone, the new one is its own."""
    world = World()
    world.has(RUNNING)
    world.sweep()
    world.has(replace(ENDED_JOB, created_at=CREATED + timedelta(minutes=50)))
    world.sweep()

    assert sorted((row.created_at, row.pricing) for row in world.rows) == [
        ("2026-11-20T09:58:00Z", PricingStatus.UNPRICED),
        ("2026-11-20T10:48:00Z", PricingStatus.PRICED),
    ]


def test_clocks_that_differ_a_little_make_no_second_row() -> None:
    """The event dated the job two seconds before Describe did."""
    world = World()
    world.open_jobs.add(replace(RUNNING, created_at=CREATED - timedelta(seconds=30)))
    world.ledger.put(a_row(created_at="2026-11-20T09:57:58Z"))
    world.has(ENDED_JOB)
    world.sweep()

    assert (len(world.rows), world.open_jobs.jobs) == (1, {})


def test_a_job_being_deleted_is_recorded_while_it_can_be_read() -> None:
    """Describe still knows its times."""
    world = World()
    world.has(replace(ENDED_JOB, status=JobStatus.DELETING))
    world.sweep()

    assert [(row.status, row.cost_usd) for row in world.rows] == [(JobStatus.DELETING, Decimal("0.46"))]


def test_automl_jobs_are_found_though_no_event_tells_of_them() -> None:
    """They roll up their children."""
    world = World()
    arn = "arn:aws:sagemaker:us-east-1:111122223333:automl-job/auto"
    parent = a_job(kind=ResourceKind.AUTOML, name="auto", arn=arn, groups=(), billable_seconds=None)
    world.has(parent)
    for number in (1, 2):
        world.has(numbered(a_job(parent_arn=arn), number))
    world.sweep()
    world.sweep()

    assert world.ledger.roll_ups[arn, "2026-11-20T09:58:00Z"].cost_usd == Decimal("0.92")
    assert [row.cost_usd for row in world.rows if row.kind is ResourceKind.AUTOML] == [None]


def test_the_next_listing_begins_a_day_before_the_newest_job_of_the_last() -> None:
    """What is older costs nothing."""
    world = World()
    for number, days in enumerate((0, 0.9, 1.1, 20)):
        world.has(numbered(ENDED_JOB, number, CREATED - timedelta(days=days)))
    first, second = world.sweep(), world.sweep()

    assert (first.listed, second.listed) == (4, 2)
    assert len(world.rows) == 4


def test_the_first_sweep_looks_back_for_as_long_as_a_training_job_can_run() -> None:
    """And not further: the past before is for the backfill."""
    world = World()
    for number, days in enumerate((29, 31)):
        world.has(numbered(ENDED_JOB, number, NOW - timedelta(days=days)))

    assert world.sweep().listed == 1


def test_every_region_in_use_is_swept() -> None:
    """The stack's own, and those events came from."""
    world = World()
    world.regions.add("eu-west-1")
    arn = ENDED_JOB.arn.replace("us-east-1", "eu-west-1")
    world.has(replace(ENDED_JOB, region="eu-west-1", arn=arn))
    world.sweep()

    assert [row.region for row in world.rows] == ["eu-west-1"]
    assert {call.rpartition(" ")[2] for call in world.lists.calls} == {"us-east-1", "eu-west-1"}


def test_a_sweep_out_of_time_keeps_how_far_it_came() -> None:
    """The next sweep continues from there."""
    world = World()
    world.lists.page = 2
    for number in range(6):
        world.has(numbered(ENDED_JOB, number, CREATED + timedelta(days=2 * number) - timedelta(days=20)))
    swept = world.job_sweep.sweep(enough_for(2))
    assert (swept.complete, swept.new) == (False, 4)
    reached = world.checkpoints.kept["sweep#us-east-1#training"]
    while not world.sweep().complete:
        pass

    assert (reached.top, reached.low) == (
        (CREATED - timedelta(days=10)).replace(second=5),
        (CREATED - timedelta(days=16)).replace(second=2),
    )
    assert len(world.rows) == 6


@pytest.mark.parametrize("error", [ThrottledError("Rate exceeded")])
def test_a_throttled_sagemaker_is_left_alone_until_the_next_sweep(error: Exception) -> None:
    """One job is described, not twenty-five; nothing is lost, and no alarm goes off."""
    world = World()
    for number in range(25):
        world.has(numbered(ENDED_JOB, number))
    world.jobs.failure = error
    swept = world.sweep()
    assert (swept.looked_at, swept.complete, world.rows, len(world.open_jobs.jobs)) == (1, False, [], 25)
    world.jobs.failure = None
    world.sweep()

    assert len(world.rows) == 25


def test_a_throttled_listing_hinders_no_other() -> None:
    """Kinds are listed each for itself."""
    world = World()
    world.has(a_job(kind=ResourceKind.TRANSFORM, billable_seconds=None))
    world.lists.failures[ResourceKind.TRAINING] = ThrottledError("Rate exceeded")
    swept = world.sweep()

    assert (len(world.rows), swept.complete) == (1, False)


def test_what_time_does_not_mend_is_reported_after_everything_was_tried() -> None:
    """The function then fails, which an operator sees."""
    world = World()
    world.has(a_job(kind=ResourceKind.TRANSFORM, billable_seconds=None))
    world.lists.failures[ResourceKind.TRAINING] = AccessDeniedError("no grant")

    with pytest.raises(SweepIncompleteError, match="us-east-1: no grant") as failure:
        world.sweep()
    assert len(world.rows) == 1
    assert failure.value.outcome is not None
    assert failure.value.outcome.to_log()["recorded"] == 1


def test_what_the_next_sweep_may_mend_wakes_nobody() -> None:
    """It is in the log."""
    world = World()
    world.lists.failures[ResourceKind.TRAINING] = UnavailableError("no answer")
    swept = world.sweep()

    assert (swept.complete, swept.postponed) == (False, ["us-east-1: no answer"])


def test_a_job_that_describe_answers_oddly_of_stays_open_is_counted_and_named_once_a_day() -> None:
    """A status that AWS added later is no end: its end, when it can be read, is recorded as every other."""
    world = World()
    world.has(RUNNING)
    world.jobs.failure = MalformedEventError("training job: TrainingJobStatus: no such")
    with pytest.raises(SweepIncompleteError, match="no such") as failure:
        world.sweep()
    second = world.sweep()
    world.now += timedelta(days=1)
    with pytest.raises(SweepIncompleteError, match="no such"):
        world.sweep()
    assert isinstance(failure.value.outcome, JobSweepReport)
    assert [report.unreadable for report in (failure.value.outcome, second)] == [1, 1]
    assert (second.failures, second.still_open, world.rows) == ([], 1, [])
    world.jobs.failure = None
    world.has(ENDED_JOB)
    world.sweep()

    assert [(row.pricing, row.cost_usd) for row in world.rows] == [(PricingStatus.PRICED, Decimal("0.46"))]


def test_an_open_job_that_cannot_be_read_hinders_no_other_and_is_kept() -> None:
    """Whether a later release wrote it or a person did: it is counted, named once a day, and never deleted."""
    world = World()
    world.open_jobs.unreadable.add(f"{ENDED_JOB.arn[:-1]}#2026-11-20T09:58:00Z")
    world.has(ENDED_JOB)
    with pytest.raises(SweepIncompleteError, match="bad item"):
        world.sweep()

    assert len(world.rows) == 1
    assert (world.sweep().unreadable, len(world.open_jobs.unreadable)) == (1, 1)


def test_a_fault_of_ours_in_one_job_hinders_no_other_and_shows_no_text() -> None:
    """The error's text may hold what no log may; its kind and place do."""
    world = World()
    for number in range(3):
        world.has(numbered(ENDED_JOB, number))
    describe = world.jobs.describe

    def faulty(job: Job) -> Job:
        if job.name.endswith("-1"):
            raise KeyError("a secret")
        return describe(job)

    world.jobs.describe = faulty  # type: ignore[method-assign] # the fault
    with pytest.raises(SweepIncompleteError, match=r"unexpected KeyError in test_sweep\.py:\d+") as failure:
        world.sweep()

    assert "secret" not in str(failure.value)
    assert len(world.rows) == 2


@pytest.mark.parametrize("looks", [1, 7, 25])
@pytest.mark.parametrize("regions", [1, 3])
def test_with_ten_sweeps_of_work_ten_sweeps_inspect_every_open_job(looks: int, regions: int) -> None:
    """There is time for so many Describes a sweep, in one region or three of different size."""
    world = World()
    for number in range(10 * looks):
        region = ("us-east-1", "eu-west-1", "ap-south-1")[min(number // 2, regions - 1)]
        arn = f"arn:aws:sagemaker:{region}:111122223333:training-job/job-{number:04}"
        job = replace(RUNNING, name=f"job-{number:04}", arn=arn, region=region)
        world.regions.add(region)
        world.open_jobs.add(job)
        world.jobs.found[job.kind, job.region, job.name] = job
    inspected: set[str] = set()
    for _ in range(10):
        world.jobs.calls.clear()
        world.job_sweep.sweep(lambda share=1: share != 1 or len(world.jobs.calls) < looks)
        inspected.update(world.jobs.calls)

    assert len(inspected) == 10 * looks


def test_a_job_that_is_throttled_every_time_holds_up_no_other() -> None:
    """It has its turn in each lap; the jobs behind it have theirs."""
    world = World()
    for number in range(20):
        job = numbered(RUNNING, number)
        world.open_jobs.add(job)
        world.jobs.found[job.kind, job.region, job.name] = job
    describe = world.jobs.describe

    def throttled(job: Job) -> Job:
        if job.name.endswith("-5"):
            raise ThrottledError("Rate exceeded")
        return describe(job)

    world.jobs.describe = throttled  # type: ignore[method-assign] # one of them
    for _ in range(3):
        world.sweep()

    assert len({call for call in world.jobs.calls if call.startswith("describe")}) == 19


def test_a_throttled_region_is_left_alone_and_the_others_are_not() -> None:
    """Their jobs are inspected in the same sweep."""
    world = World()
    for region in ("eu-west-1", "us-east-1"):
        for number in range(5):
            arn = f"arn:aws:sagemaker:{region}:111122223333:training-job/job-{number}"
            world.regions.add(region)
            job = replace(RUNNING, name=f"job-{number}", arn=arn, region=region)
            world.open_jobs.add(job)
            world.jobs.found[job.kind, job.region, job.name] = job
    describe = world.jobs.describe

    def throttled(job: Job) -> Job:
        if job.region == "eu-west-1":
            raise ThrottledError("Rate exceeded")
        return describe(job)

    world.jobs.describe = throttled  # type: ignore[method-assign] # one region
    swept = world.sweep()

    assert (swept.still_open, swept.complete) == (5, False)


def test_of_many_failures_the_first_are_told() -> None:
    """A message has limits."""
    world = World()
    for number in range(50):
        world.has(numbered(ENDED_JOB, number))
    world.jobs.failure = AccessDeniedError("no grant")

    with pytest.raises(SweepIncompleteError, match="and 30 more"):
        world.sweep()


def test_a_day_with_more_jobs_than_a_sweep_can_list_is_listed_all_the_same() -> None:
    """A listing that was cut off continues where it was, and not a day before."""
    world = World()
    world.lists.page = 10
    for number in range(200):
        world.has(numbered(ENDED_JOB, number))
    sweeps = [world.job_sweep.sweep(time_to_list(steps)) for steps in (12, 24)]

    assert (len(world.rows), [swept.complete for swept in sweeps]) == (200, [False, True])
    assert world.lists.calls.count("list training in us-east-1") == 21  # the second it was cut off in is listed again


def test_a_listing_that_was_cut_off_is_not_resumed_for_ever() -> None:
    """Its newest job gets older than the first look back, and later jobs must still be listed."""
    world = World()
    world.lists.page = 2
    for number in range(4):
        world.has(numbered(ENDED_JOB, number))
    world.job_sweep.sweep(time_to_list(1))
    world.now += timedelta(days=40)
    world.sweep()
    later = numbered(ENDED_JOB, 100, NOW + timedelta(days=39))
    world.has(later)
    world.sweep()

    assert later.name in {row.resource_name for row in world.rows}


def test_a_resumed_listing_that_makes_no_progress_begins_again_at_the_newest_job() -> None:
    """Its next page fails every time; what is newer is listed all the same."""
    world = World()
    world.lists.page = 2
    for number in range(4):
        world.has(numbered(ENDED_JOB, number))
    world.job_sweep.sweep(time_to_list(1))
    world.lists.failures[ResourceKind.TRAINING] = ThrottledError("Rate exceeded")
    world.sweep()
    world.lists.failures.clear()
    world.has(numbered(ENDED_JOB, 100))
    world.sweep()

    assert len(world.rows) == 5


@pytest.mark.parametrize("point", [Checkpoint(TOO_LATE), Checkpoint(NOW, low=NOW, floor=TOO_LATE)], ids=str)
def test_a_checkpoint_after_tomorrow_is_not_believed(point: Checkpoint) -> None:
    """No job is newer, so none would ever be listed again. It is counted, named once, and replaced."""
    world = World()
    world.checkpoints.kept["sweep#us-east-1#training"] = point
    world.has(ENDED_JOB)

    with pytest.raises(SweepIncompleteError, match="checkpoint sweep#us-east-1#training: it is after tomorrow"):
        world.sweep()
    assert [row.resource_name for row in world.rows] == [ENDED_JOB.name]
    assert world.sweep().unreadable == 0


def test_jobs_created_while_a_listing_was_cut_off_are_listed_by_the_next() -> None:
    """First the rest, then what is newer."""
    world = World()
    world.lists.page = 2
    for number in range(4):
        world.has(numbered(ENDED_JOB, number))
    world.job_sweep.sweep(enough_for(1))
    world.has(numbered(ENDED_JOB, 100))
    world.sweep()
    world.sweep()

    assert len(world.rows) == 5


def test_a_gap_of_more_than_a_month_is_listed_too() -> None:
    """No sweep ran for 45 days."""
    world = World()
    world.has(ENDED_JOB)
    world.sweep()
    for days in (10, 40):
        world.has(numbered(ENDED_JOB, days, CREATED + timedelta(days=days)))
    world.now = NOW + timedelta(days=46)
    world.sweep()

    assert len(world.rows) == 3


def test_a_late_row_of_another_day_takes_the_job_out_of_the_day_it_was_missed_on() -> None:
    """It was deleted before its end was read; its event knows better, two days later."""
    world = World()
    event = an_event("training-job-failed")
    same = {name: event["detail"][name] for name in ("TrainingJobArn", "TrainingJobName", "CreationTime")}
    world.recorder.on_event(an_event("training-job-in-progress", **same))
    world.now = NOW + timedelta(days=1)
    world.sweep()
    world.now = NOW + timedelta(days=3)
    world.sweep()
    assert [total.day for total in world.totals.kept.values() if total.cells] == ["2026-11-21"]
    world.recorder.on_event(event)
    world.sweep()

    assert [total.day for total in world.totals.kept.values() if total.cells] == ["2026-11-20"]


def test_a_failed_job_without_any_end_is_told_by_the_sweep() -> None:
    """DescribeTransformJob returns no modification time, and no end for a job that never launched."""
    world = World()
    never = a_failed_job(kind=ResourceKind.TRANSFORM, started_at=None, ended_at=None, billable_seconds=None)
    world.has(replace(never, modified_at=None))
    world.sweep()

    assert (len(world.rows), len(world.alerts.sent)) == (1, 1)


def test_a_backfilled_job_with_a_warm_pool_is_told_to_nobody_when_its_pool_ends() -> None:
    """Its end was the past."""
    world = World()
    pooled = a_failed_job(keep_alive_seconds=7200, warm_pool_status="Available")
    world.has(pooled)
    world.job_sweep.backfill(NOW - timedelta(days=60), ["us-east-1"], no_time_limit)
    world.has(replace(pooled, warm_pool_status="Terminated", warm_pool_seconds=60))
    world.sweep()

    assert ([row.pricing for row in world.rows], world.alerts.sent) == ([PricingStatus.PRICED], [])


def test_a_roll_up_of_what_is_not_known_has_no_amount() -> None:
    """Nor is a serverless job's cost 0."""
    assert roll_up([Amounts(kind=ResourceKind.TRAINING, pricing=PricingStatus.UNPRICED)] * 2) == RollUp(
        jobs=2, unpriced_jobs=2
    )
    serverless = Amounts(kind=ResourceKind.TRAINING, pricing=PricingStatus.NOT_INSTANCE_PRICED)
    covered = Amounts(kind=ResourceKind.TRAINING, pricing=PricingStatus.COVERED)
    tuner = Amounts(
        kind=ResourceKind.TUNING,
        pricing=PricingStatus.NOT_INSTANCE_PRICED,
        rollup_usd=Decimal(3),
        rollup_jobs=4,
        rollup_unpriced_jobs=1,
    )

    assert [spend_of(row).unpriced_jobs for row in (serverless, covered, tuner)] == [1, 0, 0]
    assert roll_up([serverless, tuner]) == RollUp(jobs=5, cost_usd=Decimal(3), unpriced_jobs=2)


def test_a_backfill_records_the_past_and_tells_nobody() -> None:
    """The same way, and without alerts."""
    world = World()
    for number, days in enumerate((0.01, 40, 100)):
        ended = NOW - timedelta(days=days)
        world.has(
            numbered(
                a_failed_job(started_at=ended - timedelta(hours=1), ended_at=ended), number, ended - timedelta(hours=2)
            )
        )
    swept = world.job_sweep.backfill(NOW - timedelta(days=60), ["us-east-1"], no_time_limit)

    assert (swept.recorded, len(world.rows), world.alerts.sent) == (2, 2, [])


def test_a_backfill_leaves_live_jobs_to_the_sweep_which_tells_of_them() -> None:
    """One whose end was lost, and one that was running when the past was recorded."""
    world = World()
    live, running = (numbered(a_failed_job(), number) for number in (1, 2))
    world.open_jobs.add(replace(RUNNING, name=live.name, arn=live.arn, created_at=live.created_at))
    world.has(live)
    world.has(replace(running, status=JobStatus.IN_PROGRESS, ended_at=None, billable_seconds=None))
    world.job_sweep.backfill(NOW - timedelta(days=60), ["us-east-1"], no_time_limit)
    assert world.rows == []
    world.now = NOW + timedelta(hours=2)
    world.has(replace(running, ended_at=NOW + timedelta(hours=1)))
    world.sweep()

    assert (len(world.rows), len(world.alerts.sent)) == (2, 2)


def test_what_a_backfill_left_undone_is_recorded_by_the_sweep_and_told_to_nobody() -> None:
    """It was the past when it was found."""
    world = World()
    world.has(a_failed_job())
    world.job_sweep.backfill(NOW - timedelta(days=60), ["us-east-1"], enough_for(10))
    assert (world.rows, len(world.open_jobs.jobs)) == ([], 1)
    world.sweep()

    assert (len(world.rows), world.alerts.sent) == (1, [])


def test_a_backfill_that_was_interrupted_describes_nothing_twice() -> None:
    """The listing continues where it was."""
    world = World()
    for number in range(5):
        world.has(numbered(ENDED_JOB, number, STARTED - timedelta(days=40 - number)))
    since = NOW - timedelta(days=60)
    world.job_sweep.backfill(since, ["us-east-1"], enough_for(13))
    done = len(world.rows)
    world.job_sweep.backfill(since, ["us-east-1"], no_time_limit)

    assert 0 < done < 5
    assert len(world.rows) == 5
    assert sum(call.startswith("describe") for call in world.jobs.calls) == 5


def test_a_day_is_summed_once_it_is_over_and_again_when_a_late_row_lands_in_it() -> None:
    """An hour after midnight; a mark set while the sum is formed stays."""
    world = World()
    world.has(ENDED_JOB)
    world.sweep()
    world.now = datetime.fromisoformat("2026-11-21T00:59:59Z")
    assert (world.sweep().summed, world.totals.kept) == (0, {})
    world.now = datetime.fromisoformat("2026-11-21T01:00:00Z")
    assert world.sweep().summed == 1
    assert world.sweep().summed == 0
    world.has(numbered(ENDED_JOB, 2))
    world.sweep()
    assert world.sweep().summed == 1

    [total] = world.totals.kept.values()
    assert [(spend.jobs, spend.cost_usd) for spend in total.cells.values()] == [(2, Decimal("0.92"))]


def test_a_sum_that_fails_hinders_no_other() -> None:
    """It is tried again by the next sweep."""
    world = World()
    world.now = NOW + timedelta(days=2)
    for number in (1, 2):
        world.marks.add(DayKey(f"2026-11-{19 + number}"))
    refuse = iter([AccessDeniedError("no grant"), None])

    class Refusing(InMemoryTotalStore):
        def save(self, total: DayTotal) -> None:
            if problem := next(refuse, None):
                raise problem
            super().save(total)

    totals = Refusing()
    job_sweep = replace(world.job_sweep, totals=replace(world.totals_refresh, totals=totals))
    with pytest.raises(SweepIncompleteError, match="no grant"):
        job_sweep.sweep(no_time_limit)
    assert list(totals.kept) == ["2026-11-21"]
    job_sweep.sweep(no_time_limit)

    assert sorted(totals.kept) == ["2026-11-20", "2026-11-21"]


def test_a_region_is_swept_from_then_on_once_a_backfill_found_jobs_in_it() -> None:
    """They may still run; a region that is misspelt would fail every sweep."""
    world = World()
    world.has(replace(RUNNING, region="eu-west-1", arn=RUNNING.arn.replace("us-east-1", "eu-west-1")))
    world.job_sweep.backfill(NOW - timedelta(days=60), ["eu-west-1", "eu-wst-1"], no_time_limit)

    assert world.regions.in_use() == {"eu-west-1"}


def test_a_roll_up_holds_those_of_its_children() -> None:
    """An AutoML job's tuning job's training job."""
    world = World()
    auto, tuner = (
        f"arn:aws:sagemaker:us-east-1:111122223333:{kind}/p" for kind in ("automl-job", "hyper-parameter-tuning-job")
    )
    world.ledger.put(
        a_row(kind=ResourceKind.AUTOML, resource_arn=auto, pricing=PricingStatus.NOT_INSTANCE_PRICED, cost_usd=None)
    )
    world.ledger.put(a_row(kind=ResourceKind.TUNING, resource_arn=tuner, parent_arn=auto, cost_usd=None))
    world.ledger.put(a_row(parent_arn=tuner))
    world.ledger.put(a_row(resource_arn="arn:other", parent_arn=auto, pricing=PricingStatus.UNPRICED, cost_usd=None))
    world.marks.add(RollUpKey(tuner))
    world.sweep()
    world.sweep()
    top = world.ledger.roll_ups[auto, "2026-11-20T09:58:00Z"]

    assert (top.jobs, top.cost_usd, top.unpriced_jobs) == (2, Decimal("0.46"), 1)
    assert list(world.marks.tokens) == [DayKey("2026-11-20")]


def test_a_listing_leaves_out_what_it_cannot_read_and_dates_that_no_job_has() -> None:
    """A creation in the year 9999 would be the newest job for ever, and no new job would be listed again."""
    world = World()
    world.lists.unreadable = [UnreadableError("a listed training job: TrainingJobName: too short")]
    world.has(a_job(name="old", arn=f"{a_job().arn}-old", created_at=datetime(9999, 12, 31, tzinfo=UTC)))
    world.has(RUNNING)
    with pytest.raises(SweepIncompleteError, match="created before SageMaker existed or after tomorrow") as caught:
        world.sweep()

    assert isinstance(caught.value.outcome, JobSweepReport)
    assert (caught.value.outcome.unreadable, caught.value.outcome.new) == (6, 1)  # a bad summary in each kind's listing
    later = replace(RUNNING, name="later", arn=f"{RUNNING.arn}-later", created_at=NOW)
    world.has(later)
    world.now += timedelta(minutes=15)
    assert world.sweep().new == 1


def test_a_backfilled_job_at_prices_of_today_is_provisional_and_says_so() -> None:
    """It is not read again for that: nothing will ever tell what the price was."""
    world = World()
    then = datetime(2026, 5, 20, 10, tzinfo=UTC)
    old = replace(ENDED_JOB, created_at=then, started_at=then, ended_at=then + timedelta(hours=1))
    world.has(old)
    world.job_sweep.backfill(then - timedelta(days=1), ["us-east-1"], no_time_limit)

    [row] = world.rows
    assert (row.pricing, row.cost_usd) == (PricingStatus.PROVISIONAL, Decimal("0.46"))
    assert row.pricing_reason.endswith("; at prices of 2026-09-22, which may not be those of 2026-05-20")
    assert world.open_jobs.jobs == {}


def test_a_backfilled_job_that_ended_after_the_price_was_published_is_priced() -> None:
    """So is one that was still running when it was found."""
    world = World()
    world.has(ENDED_JOB)
    world.job_sweep.backfill(NOW - timedelta(days=1), ["us-east-1"], no_time_limit)

    assert [row.pricing for row in world.rows] == [PricingStatus.PRICED]


def test_a_growing_warm_pool_of_a_job_whose_seconds_never_come_is_recorded_at_once() -> None:
    """Both the row and its day grow, sweep by sweep, and a sweep that finds nothing new writes nothing."""
    world = World()
    job = a_failed_job(billable_seconds=None, tags=None, keep_alive_seconds=21_600)
    world.has(replace(job, warm_pool_status="Available", warm_pool_seconds=0))
    for seconds in (0, 600, 600, 3600):
        world.has(replace(job, warm_pool_status="Available", warm_pool_seconds=seconds))
        world.sweep()
        world.now += timedelta(minutes=15)
        assert [row.warm_pool_seconds for row in world.rows] == [seconds]
    world.has(replace(job, warm_pool_status="Terminated", warm_pool_seconds=21_600))
    world.marks.tokens.clear()
    world.sweep()

    assert [(row.pricing, row.warm_pool_usd) for row in world.rows] == [(PricingStatus.PROVISIONAL, Decimal("2.76"))]
    assert list(world.marks.tokens) == [DayKey("2026-11-20")]
    assert world.sweep().recorded == 0


def test_a_second_tuning_job_of_a_name_leaves_the_first_ones_roll_up_as_it_is() -> None:
    """While it runs, its children end after the first one's end."""
    world = World()
    arn = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/hpo"
    tuner = a_row(kind=ResourceKind.TUNING, pricing=PricingStatus.NOT_INSTANCE_PRICED, cost_usd=None)
    world.ledger.put(replace(tuner, resource_arn=arn))
    world.ledger.put(a_row(parent_arn=arn, ended_at="2026-11-20T11:00:30Z"))
    world.ledger.put(a_row(resource_arn="arn:second", parent_arn=arn, ended_at="2026-11-20T11:45:00Z"))
    world.sweep()

    assert world.ledger.roll_ups[arn, "2026-11-20T09:58:00Z"] == RollUp(jobs=1, cost_usd=Decimal("0.46"))


def test_a_late_row_of_an_earlier_tuning_job_of_a_name_is_added_to_its_roll_up() -> None:
    """The name is used again; each roll-up holds the children that ended before the next job was created."""
    world = World()
    arn = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/hpo"
    tuner = a_row(kind=ResourceKind.TUNING, pricing=PricingStatus.NOT_INSTANCE_PRICED, cost_usd=None, resource_arn=arn)
    again = replace(tuner, created_at="2026-11-20T11:02:00Z", ended_at="2026-11-20T11:30:00Z")
    for row in (tuner, again, a_row(resource_arn="arn:second", parent_arn=arn, ended_at="2026-11-20T11:04:00Z")):
        world.ledger.put(row)
    world.sweep()
    world.ledger.put(a_row(parent_arn=arn))
    world.sweep()

    assert world.ledger.roll_ups == {
        (arn, tuner.created_at): RollUp(jobs=1, cost_usd=Decimal("0.46")),
        (arn, again.created_at): RollUp(jobs=1, cost_usd=Decimal("0.46")),
    }


def test_several_at_a_time_come_to_the_same_as_one_after_the_other() -> None:
    """In the order of the jobs; one that fails keeps no other one from its turn."""
    reports = []
    for at_once in (1, 8):
        world = World()
        object.__setattr__(world.job_sweep, "at_once", at_once)
        for number in range(40):
            world.has(a_job(name=f"job-{number:02}", arn=f"{a_job().arn}-{number:02}"))
        del world.jobs.found[a_job().kind, a_job().region, "job-07"]
        swept = world.sweep()
        reports.append((swept.to_log(), sorted(row.resource_name for row in world.rows)))

    assert reports[0] == reports[1]
    assert (reports[0][0]["looked_at"], len(reports[0][1])) == (40, 40)


class Gone(BaseException):
    """The process ends, here and now."""


def test_the_next_sweep_begins_behind_what_a_killed_one_has_done_not_behind_what_it_has_begun() -> None:
    """Several jobs are inspected at a time; none that was begun only may lose its turn."""
    world = World()
    object.__setattr__(world.job_sweep, "at_once", 8)
    jobs = [a_job(status=JobStatus.IN_PROGRESS, name=f"job-{n:03}", arn=f"{a_job().arn}-{n:03}") for n in range(150)]
    for job in jobs:
        world.has(job)
    describe = world.jobs.describe

    def killed(job: Job) -> Job:
        if job.name == "job-104":
            raise Gone
        return describe(job)

    world.jobs.describe = killed  # type: ignore[method-assign] # of this one
    with pytest.raises(Gone):
        world.sweep()

    after = world.cursors.read("sweep#us-east-1#inspected").after
    assert after is not None
    assert after.startswith(f"{jobs[99].arn}#")
