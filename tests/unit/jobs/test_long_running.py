"""Sweeps report running jobs: each milestone once, from data they read anyway; a failed report breaks no sweep."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.alerts.base import alert_id, thread_key_of
from sagewatch.alerts.ports import Lease
from sagewatch.errors import AccessDeniedError, SageWatchError, ThrottledError, UnavailableError
from sagewatch.ledger.records import key_time
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus
from tests.worlds.builders import ACCOUNT, NOW, World, a_row, no_time_limit
from tests.worlds.jobs import RULES, JobWorld, a_running_job

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)


def a_named_job(name: str, ran: timedelta = timedelta(0), **changes: Any) -> Job:
    """A running training job of that name."""
    return a_running_job(ran, name=name, arn=an_arn(name), **changes)


def an_arn(name: str, kind: str = "training-job") -> str:
    """As AWS writes it."""
    return f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:{kind}/{name.lower()}"


def with_past(world: World, name: str, hours: float, count: int = 6) -> None:
    """Let runs of a family be in the ledger."""
    for number in range(count):
        ended = NOW - timedelta(days=number + 1)
        job = a_named_job(f"{name}-2026-11-{number + 1:02}-10-00-00-000", created_at=ended - hours * HOUR - HOUR)
        done = replace(job, status=JobStatus.COMPLETED, started_at=ended - hours * HOUR, ended_at=ended)
        world.ledger.put(a_row(replace(done, billable_seconds=round(hours * 3600))))


@dataclass
class Remembered:
    """The milestones that were stored as alerted, in order."""

    told: Counter[tuple[str, str]]

    @classmethod
    def of(cls, world: JobWorld) -> "Remembered":
        """Listen to the index of open jobs."""
        seen, before = cls(Counter()), world.open_jobs.mark_alerted

        def told(job: Job, milestones: Collection[str]) -> bool:
            seen.told.update((job.name, rung) for rung in milestones)
            return before(job, milestones)

        world.open_jobs.mark_alerted = told  # type: ignore[method-assign] # listens
        return seen


@dataclass(frozen=True)
class Played:
    """A job of the week: when it begins and ends, in hours from Monday on, and its expected alerts."""

    job: Job
    begins: float
    lasts: float
    milestones: tuple[str, ...]


FLEET = (InstanceGroup("ml.g5.xlarge", 8),)  # $11.264 an hour: $100 after 8 h 53 min
WEEK = [
    Played(a_named_job("quick"), 1, 3, ()),
    Played(a_named_job("weekly-2026-11-20-12-00-00-000"), 2, 34, ()),  # 30 h are usual for it
    Played(a_named_job("hung-2026-11-20-12-00-00-000"), 3, 60, ("family", "long#24h", "long#48h")),
    Played(
        a_named_job("burner", groups=FLEET),
        4,
        80,
        ("burn#100", "burn#200", "burn#400", "burn#800", "long#24h", "long#48h"),
    ),
    Played(a_named_job("doomed", max_runtime_seconds=18_000), 5, 5, ("limit",)),
    Played(a_named_job("stuck", started_at=None, secondary_status="Pending"), 6, 150, ("pending",)),
    Played(a_named_job("prep", kind=ResourceKind.PROCESSING, secondary_status=None), 7, 50, ("long#24h", "long#48h")),
    Played(a_named_job("score", kind=ResourceKind.TRANSFORM, secondary_status=None), 8, 25, ("long#24h",)),
    Played(
        a_named_job("tuner", kind=ResourceKind.TUNING, groups=(), secondary_status=None),
        *(9, 100, ("long#24h", "long#48h", "long#96h")),
    ),
    Played(a_named_job("auto", kind=ResourceKind.AUTOML, groups=(), secondary_status="Training"), 10, 20, ()),
    Played(a_named_job("unpriced", groups=(InstanceGroup("ml.p9.48xlarge", 9),)), 11, 30, ("long#24h",)),
]


def at(played: Played, hours: float) -> Job | None:
    """How SageMaker describes it then; ``None`` before its creation."""
    if hours < played.begins:
        return None
    began, job = NOW + played.begins * HOUR, played.job
    begun = replace(job, created_at=began, started_at=job.started_at and began)
    if hours < played.begins + played.lasts:
        return begun
    status = JobStatus.COMPLETED if job.started_at else JobStatus.STOPPED
    seconds = round(played.lasts * 3600) if job.started_at else None
    return replace(begun, status=status, ended_at=began + played.lasts * HOUR, billable_seconds=seconds)


def test_in_a_week_of_sweeps_each_thing_is_told_exactly_once() -> None:
    """Every quarter of an hour, of jobs of every kind; nothing of one whose family is always long."""
    world = JobWorld()
    with_past(world, "weekly", 30)
    with_past(world, "hung", 2)
    remembered = Remembered.of(world)
    for quarter in range(7 * 24 * 4):
        for played in WEEK:
            if job := at(played, quarter / 4):
                world.has(job)
        world.sweep(later=QUARTER if quarter else timedelta(0))

    expected = {(played.job.name, rung) for played in WEEK for rung in played.milestones}
    assert set(remembered.told) == expected
    assert set(remembered.told.values()) == {1}
    assert len(world.told) == len({alert.alert_id for alert in world.told})


def test_what_is_told_has_its_reasons_its_money_and_its_place() -> None:
    """Thirty hours on 2 x $0.23; its limit of 40 h is $18.40."""
    world, job = JobWorld(), a_running_job(30 * HOUR, max_runtime_seconds=144_000)
    world.jobs.tagged[job.arn] = {"sagewatch:owner": "ana@example.com"}
    world.has(job)
    swept = world.sweep()
    [alert] = world.told

    assert swept.alerted == 1
    assert (alert.hourly_usd, alert.so_far_usd, alert.at_limit_usd) == ("0.46", "13.8", "18.4")
    assert (alert.owner, alert.instances, alert.started_at) == ("ana@example.com", "2 x ml.m5.xlarge", job.started_at)
    assert (alert.happened_at, alert.thread_key) == (NOW, thread_key_of(job.arn, key_time(job)))
    assert alert.alert_id == alert_id("job-long-running", job.arn, key_time(job), "long#24h")
    assert [sentence.partition(",")[0] for sentence in alert.sentences] == ["it has run for 1 d 6 h"]


def test_a_child_is_told_of_in_its_parents_thread() -> None:
    """Of a tuning job."""
    parent = an_arn("tuner", "hyper-parameter-tuning-job")
    world = JobWorld()
    world.has(a_named_job("tuner-001", 30 * HOUR, parent_arn=parent))
    world.sweep()

    assert [alert.thread_key for alert in world.told] == [thread_key_of("any", "any", parent)]


def test_several_rungs_are_one_message() -> None:
    """The highest first, and named by it."""
    world, job = JobWorld(), a_running_job(30 * HOUR, groups=FLEET, max_runtime_seconds=108_060)
    world.has(job)
    world.sweep()
    world.sweep(later=QUARTER)
    [alert] = world.told

    assert [sentence[:12] for sentence in alert.sentences] == ["its own limi", "it has cost ", "it has run f"]
    assert next(world.open_jobs.of_region("us-east-1")).alerted == {"limit", "burn#200", "long#24h"}


def test_an_event_of_a_job_that_runs_forgets_nothing() -> None:
    """It puts the job into the index again, as every change of its secondary status does."""
    world, job = JobWorld(), a_running_job(30 * HOUR)
    world.has(job)
    world.sweep()
    world.open_jobs.add(job)
    world.sweep()

    assert len(world.told) == 1


def test_a_crash_between_telling_and_remembering_repeats_the_same_alert() -> None:
    """Delivery posts each identity once."""
    world, job = JobWorld(), a_running_job(30 * HOUR)
    world.has(job)
    before = world.open_jobs.mark_alerted

    def failing(job: Job, milestones: Collection[str]) -> bool:
        del job, milestones
        raise UnavailableError("dynamodb:UpdateItem on the open jobs: ReadTimeoutError")

    world.open_jobs.mark_alerted = failing  # type: ignore[method-assign] # the crash
    swept = world.sweep()
    world.open_jobs.mark_alerted = before  # type: ignore[method-assign]
    for _ in range(2):
        world.sweep()

    assert (len(world.told), len({alert.alert_id for alert in world.told})) == (2, 1)
    assert (swept.alerted, swept.complete, len(swept.postponed)) == (0, False, 1)


@pytest.mark.parametrize("error", [ThrottledError("slow"), UnavailableError("no answer"), AccessDeniedError("no")])
def test_what_goes_wrong_in_telling_hinders_neither_other_jobs_nor_the_ledger(error: SageWatchError) -> None:
    """The failing thing is one family's history; of the two others one is looked at before that job, one after it."""
    world = JobWorld()
    world.families.failure = error
    world.has(a_named_job("long", 30 * HOUR))
    world.has(a_named_job("stuck", started_at=None, created_at=NOW - 2 * HOUR))
    ended = a_named_job("done", 40 * HOUR, status=JobStatus.COMPLETED, ended_at=NOW - HOUR, billable_seconds=140_400)
    world.has(ended)
    try:
        world.sweep()
    except SageWatchError as exc:
        assert isinstance(error, AccessDeniedError), exc  # noqa: PT017 - that one needs a person

    assert [alert.name for alert in world.told] == ["stuck"]
    assert [row.resource_name for row in world.rows] == ["done"]


def test_a_backfill_tells_nobody_and_the_next_sweep_does() -> None:
    """What it found running still runs."""
    world = JobWorld()
    world.has(a_running_job(30 * HOUR))
    world.job_sweep.backfill(NOW - timedelta(days=30), ["us-east-1"], no_time_limit)
    assert world.told == []
    world.sweep()

    assert len(world.told) == 1


def test_a_sweep_without_thresholds_alerts_to_no_running_job() -> None:
    """As an operator's has none."""
    world = World()
    world.has(a_running_job(30 * HOUR))

    assert (world.sweep().alerted, world.alerts.sent) == (0, [])


def test_a_snooze_holds_until_it_is_over() -> None:
    """Of the milestones reached meanwhile, the highest alone is alerted."""
    world, job = JobWorld(), a_running_job(30 * HOUR)
    world.has(job)
    world.sweep()
    world.open_jobs.snooze(job, Lease("U0ANA", NOW + 24 * HOUR, NOW))
    for _ in range(23):
        world.sweep(later=HOUR)
    told = len(world.told)
    world.families.asked.clear()
    world.sweep(later=HOUR + timedelta(minutes=1))

    assert told == 1
    assert len(world.told) == 2
    assert "longer than 48 h" in world.told[-1].sentences[0]


def test_a_family_is_asked_about_once_a_sweep_and_not_while_its_jobs_are_young() -> None:
    """Forty jobs of one family are one query; the index and Describe were read anyway."""
    world = JobWorld()
    for number in range(40):
        world.has(a_named_job(f"swarm-2026-11-20-10-00-{number:02}-000", HOUR))
    world.has(a_named_job("young", timedelta(minutes=20)))
    world.jobs.calls.clear()
    world.sweep()

    assert world.families.asked == ["training#swarm"]
    assert Counter(call.split()[0] for call in world.jobs.calls) == {"describe": 41}


def test_the_utilization_of_a_job_is_read_only_for_an_alert() -> None:
    """Metrics that cannot be read delay no alert."""
    for failure, expected in ((None, "CloudWatch has no metrics for this job"), (ThrottledError("slow"), None)):
        world = JobWorld()
        world.metrics.failure = failure
        world.has(a_named_job("long", 30 * HOUR))
        world.has(a_named_job("short", HOUR))
        world.sweep()

        assert [alert.use for alert in world.told] == [expected]
        assert world.metrics.calls == ["60 minutes of training long"]


def test_burning_that_is_turned_off_is_not_told() -> None:
    """0 means never."""
    world = JobWorld(rules=replace(RULES, burn_usd=Decimal(0)))
    world.has(a_running_job(20 * HOUR, groups=(InstanceGroup("ml.g5.xlarge", 100),)))
    world.sweep()

    assert world.told == []
