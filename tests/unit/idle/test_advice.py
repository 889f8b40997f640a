"""A notebook that waits for a training job, or trains inside itself, is reported once and never stopped for that."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any, Never

import pytest

from sagewatch.errors import ThrottledError
from sagewatch.idle.advice import spot_saving
from sagewatch.jobs.ports import OpenJob
from sagewatch.ledger.totals import Cell, DayTotal, Spend
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.resources import InstanceGroup, Job
from tests.worlds.builders import NOW, a_job
from tests.worlds.notebooks import NotebookWorld, a_notebook

ROLE, OTHER_ROLE = "arn:aws:iam::111122223333:role/team-nlp", "arn:aws:iam::111122223333:role/team-vision"
HOUR = timedelta(hours=1)
CPUS = (InstanceGroup("ml.m5.xlarge", 2),)


def a_world(instance_type: str = "ml.g5.xlarge") -> NotebookWorld:
    """One notebook of a role, at work."""
    world = NotebookWorld()
    world.has(a_notebook(instance_type=instance_type, role_arn=ROLE))
    world.busy("Lab-One")
    return world


def running(**changes: Any) -> Job:
    """A training job of the same role that began half an hour ago on two ml.m5.xlarge, as its event reported it."""
    told: dict[str, Any] = {"created_at": NOW - HOUR / 2, "role_arn": ROLE, "groups": CPUS, **changes}
    return a_job(**told)


def days(*spends: Spend, kind: ResourceKind = ResourceKind.TRAINING) -> Sequence[DayTotal]:
    """The totals of some days, of one kind."""
    return [DayTotal(f"2026-11-{day:02}", {Cell(kind, None): spend}) for day, spend in enumerate(spends, 1)]


def test_a_notebook_that_works_while_a_job_of_its_role_does_may_only_be_waiting() -> None:
    """The job by name, both prices, and what would do."""
    world = a_world()
    world.open_jobs.add(running(name="bert-large"))
    world.sweep()
    [news] = world.news

    assert news.headline == "Notebook Lab-One may only be waiting for a training job"
    assert news.sentence == (
        "kernel python3 is busy, and training job bert-large runs with the same role on 2 x ml.m5.xlarge at $0.46/h. "
        "If the notebook (ml.g5.xlarge, $1.41/h) is only waiting for it in fit(), move it to ml.t3.medium ($0.05/h), "
        "or start the job with fit(wait=False) and stop the notebook"
    )
    assert world.notebooks.stops == []


@pytest.mark.parametrize(
    "job",
    [
        running(role_arn=OTHER_ROLE),
        running(role_arn=None),
        running(created_at=NOW - timedelta(days=3)),
        running(created_at=NOW - timedelta(minutes=14)),
        running(kind=ResourceKind.PROCESSING, arn=running().arn.replace("training-job", "processing-job")),
        running(region="eu-west-1"),
    ],
    ids=["another role", "no role told", "from before the session", "too young", "no training", "another region"],
)
def test_other_jobs_are_not_waited_for(job: Job) -> None:
    """Jobs that cannot have been started in the notebook, or are too short to report."""
    world = a_world()
    world.open_jobs.add(job)
    world.sweep()

    assert world.news == []


def test_the_role_of_a_notebook_that_was_only_listed_is_asked_for_where_a_job_runs() -> None:
    """A listing names no role."""
    world = a_world()
    world.sweep()
    world.notebooks.calls.clear()
    world.sweep(later=timedelta(hours=4))
    before = [call for call in world.notebooks.calls if call.startswith("describe")]
    world.open_jobs.add(running(created_at=world.now))
    world.sweep(later=timedelta(hours=4))

    assert before == []
    assert [news.headline for news in world.news] == ["Notebook Lab-One may only be waiting for a training job"]


@pytest.mark.parametrize(
    ("instance_type", "job"),
    [
        ("ml.t3.medium", {}),
        ("ml.unheard.of", {}),
        ("ml.g5.xlarge", {"role_arn": None}),
        ("ml.g5.xlarge", {"kind": ResourceKind.PROCESSING}),
    ],
    ids=["small", "of unknown price", "a job without a role", "no training"],
)
def test_no_role_is_asked_for_where_it_cannot_matter(instance_type: str, job: dict[str, Any]) -> None:
    """There would be no advice, whatever the role is."""
    world = a_world(instance_type)
    world.sweep()
    world.open_jobs.add(running(created_at=world.now, **job))
    world.notebooks.calls.clear()
    world.sweep(later=timedelta(hours=4))

    assert [call for call in world.notebooks.calls if not call.startswith("list")] == []


def test_advice_costs_a_description_and_its_own_tags() -> None:
    """Whatever the listing and older tags have left open."""
    world = a_world()
    world.sweep()
    world.open_jobs.add(running(created_at=world.now))
    world.notebooks.calls.clear()
    world.sweep(later=timedelta(hours=4))
    calls = [call.partition(" ")[0] for call in world.notebooks.calls]

    assert (calls, len(world.news)) == (["list", "describe", "tags"], 1)


@pytest.mark.parametrize("tag", ["sagewatch:ignore", "sagewatch:protect"])
@pytest.mark.parametrize("days", [0, 2], ids=["waits", "trains inside"])
def test_no_advice_is_sent_to_what_has_just_opted_out_whatever_older_tags_say(tag: str, days: int) -> None:
    """Advice is a message, so a notebook's own tags are read before it."""
    world = a_world()
    world.sweep()
    state = world.states.of_region("us-east-1")[a_notebook().arn]
    world.states.save(replace(state, busy_since=world.now - timedelta(days=days)), "us-east-1")
    if not days:
        world.open_jobs.add(running(created_at=world.now))
    world.known.late = dict(world.notebooks.tagged)
    world.notebooks.tagged[a_notebook().arn] = {tag: "true"}
    world.sweep(later=timedelta(hours=4))

    assert world.news == []


def test_advice_names_the_owner_and_goes_the_way_of_its_own_tags() -> None:
    """Not those of the owner before."""
    world = a_world()
    world.sweep()
    world.open_jobs.add(running(created_at=world.now))
    world.known.late = dict(world.notebooks.tagged)
    world.notebooks.tagged[a_notebook().arn] = {"sagewatch:owner": "bob@example.com"}
    world.sweep(later=timedelta(hours=4))

    assert [news.owner for news in world.news] == ["bob@example.com"]


def test_roles_are_asked_for_after_the_stops_and_while_there_is_time() -> None:
    """A due stop is made first. Time that is over then ends the advice: the next inspections give it."""
    world = a_world()
    names = [f"on-{number}" for number in range(30)]
    world.has(*(a_notebook(name, instance_type="ml.g5.xlarge") for name in names), a_notebook("lazy"))
    for name in (*names, "lazy"):
        world.busy(name)
    world.sweep()
    world.jupyter.said.pop("lazy")
    world.sweep(later=timedelta(hours=5))
    world.open_jobs.add(running(created_at=world.now))
    world.now += timedelta(hours=2)
    world.notebooks.calls.clear()
    world.sweeper.sweep(lambda _=1: _roles_asked(world) < 5)
    stopped_after = world.notebooks.calls.index("stop lazy in us-east-1")

    assert world.notebooks.stops == ["lazy"]
    assert _roles_asked(world) == 5
    assert not [call for call in world.notebooks.calls[:stopped_after] if call.startswith("describe on-")]


def test_roles_are_asked_for_several_at_a_time() -> None:
    """Each waits for an answer of AWS: four that wait for each other are answered only if all are asked."""
    world = a_world()
    world.has(*(a_notebook(f"on-{number}", instance_type="ml.g5.xlarge", role_arn=ROLE) for number in range(3)))
    for number in range(3):
        world.busy(f"on-{number}")
    world.sweep()
    world.open_jobs.add(running(created_at=world.now))
    together, describe = Barrier(4, timeout=5), world.notebooks.describe

    def answer(name: str, region: str, account: str) -> Notebook:
        together.wait()
        return describe(name, region, account)

    world.notebooks.describe = answer  # type: ignore[method-assign] # it waits
    world.sweeper = replace(world.sweeper, advice=replace(world.sweeper.advice, at_once=4))
    world.sweep(later=timedelta(hours=4))

    assert len(world.news) == 4


def test_a_role_that_cannot_be_read_hinders_no_other_advice() -> None:
    """The next inspection asks again."""
    world = a_world()
    world.sweep()
    world.open_jobs.add(running(created_at=world.now))
    world.notebooks.describe = _refused  # type: ignore[method-assign] # it raises
    swept = world.sweep(later=timedelta(hours=4))

    assert (world.news, swept.complete, swept.failures) == ([], True, [])


def test_a_job_that_has_ended_is_not_waited_for() -> None:
    """It is only watched until its row is final."""
    world = a_world()
    world.open_jobs.add(running(), provisional=True)
    world.sweep()

    assert world.news == []


@pytest.mark.parametrize("instance_type", ["ml.t3.medium", "ml.unheard.of"])
def test_a_notebook_that_is_small_or_of_unknown_price_gets_no_advice(instance_type: str) -> None:
    """There is nothing to save, or the saving is unknown."""
    world = a_world(instance_type)
    world.open_jobs.add(running())
    world.sweep()

    assert world.news == []


def test_a_notebook_that_does_not_work_waits_for_nothing() -> None:
    """And the index of jobs is not asked."""
    world = a_world()
    world.jupyter.said.clear()
    world.open_jobs.of_region = _throttled  # type: ignore[method-assign] # it would raise
    swept = world.sweep()

    assert (world.news, swept.complete) == ([], True)


def test_it_is_said_once_a_day_and_names_the_newest_of_several_jobs() -> None:
    """Roles are shared: thirty jobs of a team are one message."""
    world = a_world()
    for number in range(30):
        arn = f"{running().arn}-{number}"
        world.open_jobs.add(running(name=f"job-{number}", arn=arn, created_at=NOW - timedelta(minutes=20 + number)))
    for _ in range(3):
        world.sweep(later=timedelta(hours=4))

    assert [("job-0 (and 29 more)" in news.sentence) for news in world.news] == [True, True]  # 12:00 + 12 h: two days


def test_a_notebook_that_works_on_a_gpu_for_longer_than_the_limit_seems_to_train() -> None:
    """The same hours as a training job: 28 h x 1.408 = 39.42; 60 % less on spot is 15.77."""
    world = a_world()
    for total in days(Spend(spot_cost_usd=Decimal(4), spot_savings_usd=Decimal(6))):
        world.totals.save(total)
    for _ in range(8):
        world.sweep(later=timedelta(hours=4))
    [news] = world.news

    assert news.headline == "Notebook Lab-One seems to train inside itself"
    assert news.sentence == (
        "it has been busy on ml.g5.xlarge ($1.41/h) for 1 d 4 h: every inspection since 2026-11-20 16:00 UTC found it "
        "busy (kernel python3 is busy). If this is training, run it as a training job: the same 1 d 4 h would cost "
        "$39.42, and billing ends with the job. Spot would cost about $15.77: it saved 60% in the last 30 days"
    )


def test_without_spot_jobs_nothing_is_said_of_what_spot_would_save() -> None:
    """Unknown is not 0 %."""
    world = a_world()
    for _ in range(9):
        world.sweep(later=timedelta(hours=4))

    [news] = world.news  # two looks, one message
    assert "no spot job ran in the last 30 days" in news.sentence


def test_a_look_that_finds_it_idle_begins_the_count_anew() -> None:
    """Twelve hours, a break, sixteen hours."""
    world = a_world()
    for number in range(8):
        if number == 3:
            world.jupyter.said.clear()
        world.sweep(later=timedelta(hours=4))
        world.busy("Lab-One")

    assert world.news == []


def test_a_new_session_begins_the_count_anew() -> None:
    """What worked before it was stopped says nothing of now."""
    world = a_world()
    for _ in range(6):
        world.sweep(later=timedelta(hours=4))
    world.notebooks.stop(a_notebook())
    world.sweep(later=HOUR)
    world.has(a_notebook(instance_type="ml.g5.xlarge", role_arn=ROLE, modified_at=world.now))
    for _ in range(4):
        world.sweep(later=timedelta(hours=4))

    assert world.news == []


def test_a_cpu_that_works_for_days_is_left_alone() -> None:
    """It may well be a cheap way to work."""
    world = a_world("ml.m5.xlarge")
    for _ in range(20):
        world.sweep(later=timedelta(hours=4))

    assert world.news == []


def test_advice_that_cannot_be_given_hinders_no_stop() -> None:
    """The next sweep tries again."""
    world = a_world()
    world.has(a_notebook("Idle"))
    world.sweep()
    world.open_jobs.of_region = _throttled  # type: ignore[method-assign] # what a test is about
    swept = world.sweep(later=timedelta(hours=4))

    assert (world.notebooks.stops, swept.complete) == (["Idle"], False)


def test_the_saving_of_spot_is_that_of_spot_training_jobs_alone() -> None:
    """6 of 10 USD; what processing cost does not count, and without any there is none."""
    spot, plain = Spend(spot_cost_usd=Decimal(4), spot_savings_usd=Decimal(6)), Spend(cost_usd=Decimal(90))

    assert spot_saving([*days(spot, plain), *days(spot + spot, kind=ResourceKind.PROCESSING)]) == Decimal("0.6")
    assert spot_saving(days(plain)) is None


def _roles_asked(world: NotebookWorld) -> int:
    return len([call for call in world.notebooks.calls if call.startswith("describe on-")])


def _refused(name: str, region: str, account: str) -> Never:
    raise ThrottledError(f"sagemaker:DescribeNotebookInstance of {name} in {account}/{region}")


def _throttled(region: str) -> Iterator[OpenJob]:
    raise ThrottledError(f"dynamodb:Query of {region}")
