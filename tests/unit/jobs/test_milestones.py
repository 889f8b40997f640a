"""The milestones of a running job, one by one."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.failures.diagnosis import FailureClass
from sagewatch.jobs.milestones import AlertThresholds, asks_history, due_milestones, usual_of
from sagewatch.ledger.families import PastRun
from sagewatch.pricing.accrual import accrual_of
from sagewatch.pricing.book import EMPTY_BOOK, Rates
from sagewatch.sagemaker.job_models import read_job
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus
from tests.worlds.builders import ACCOUNT, BOOK, NOW
from tests.worlds.jobs import RULES, a_running_job

HOUR = timedelta(hours=1)
RATES = Rates(BOOK, Decimal(0))
CENT = Decimal("0.01")  # an hour


def runs(*hours: float, status: JobStatus = JobStatus.COMPLETED) -> list[PastRun]:
    """Past runs that took so long each, the newest first."""
    ended = (NOW - timedelta(days=number + 1) for number in range(len(hours)))
    failed = FailureClass.USER_CODE if status is JobStatus.FAILED else None
    return [PastRun(end, status, round(hour * 3600), None, failed) for end, hour in zip(ended, hours, strict=True)]


def keys(  # each is one thing known of the job
    job: Job,
    past: Sequence[PastRun] = (),
    hourly: Decimal | None = CENT,
    told: Collection[str] = (),
    rules: AlertThresholds = RULES,
) -> list[str]:
    """The milestones that are due, the highest first."""
    return [rung.key for rung in due_milestones(job, past, hourly, rules, NOW, told)]


@pytest.mark.parametrize(
    ("hours", "told", "due"),
    [
        (24, (), []),
        (24.01, (), ["long#24h"]),
        (47, ("long#24h",), []),
        (48.01, ("long#24h",), ["long#48h"]),
        (200, ("long#24h", "long#48h"), ["long#192h"]),
        (200, ("long#192h",), []),
        (100, (), ["long#96h"]),  # the lower ones would say less
        (25, ("long#1d", "long#", "burn#24"), ["long#24h"]),  # another release has other keys
    ],
)
def test_long_is_told_at_24_hours_and_at_each_doubling(hours: float, told: Collection[str], due: list[str]) -> None:
    """Of those passed at once the highest, and none twice."""
    assert keys(a_running_job(hours * HOUR), told=told) == due


def test_a_limit_that_was_changed_repeats_nothing_below_what_was_told() -> None:
    """LongRunningHours 24 became 10: after the alert of 96 h, 80 h is no news and 160 h is."""
    rules = replace(RULES, long_running=10 * HOUR)

    assert keys(a_running_job(100 * HOUR), told=("long#96h",), rules=rules) == []
    assert keys(a_running_job(161 * HOUR), told=("long#96h",), rules=rules) == ["long#160h"]


@pytest.mark.parametrize(
    ("usd", "told", "due"),
    [
        ("100", (), []),
        ("100.01", (), ["burn#100"]),
        ("200.01", ("burn#100",), ["burn#200"]),
        ("399", ("burn#100", "burn#200"), []),
        ("950", (), ["burn#800"]),
    ],
)
def test_burning_is_told_at_100_dollars_and_at_each_doubling(usd: str, told: Collection[str], due: list[str]) -> None:
    """One hour at that price."""
    assert keys(a_running_job(HOUR), hourly=Decimal(usd), told=told) == due


@pytest.mark.parametrize(
    ("hourly", "burn"), [(None, Decimal(100)), (Decimal(5000), Decimal(0))], ids=["no price known", "turned off"]
)
def test_what_cannot_or_must_not_be_counted_is_no_burn(hourly: Decimal | None, burn: Decimal) -> None:
    """An unknown cost is never 0, and no reason for an alert either."""
    assert keys(a_running_job(HOUR), hourly=hourly, rules=replace(RULES, burn_usd=burn)) == []


def test_a_threshold_with_cents_has_a_key_without_trailing_zeros() -> None:
    """However the parameter is written."""
    due = [keys(a_running_job(HOUR), hourly=Decimal(3), rules=replace(RULES, burn_usd=Decimal(text)))
           for text in ("2.5", "2.50")]  # fmt: skip

    assert due == [["burn#2.5"], ["burn#2.5"]]


def test_a_tenth_of_a_penny_more_is_not_rounded_into_a_rung() -> None:
    """$99.999 is no $100."""
    assert keys(a_running_job(HOUR), hourly=Decimal("99.999")) == []


def test_spot_is_said_to_be_at_most() -> None:
    """Its saving is not known yet."""
    [rung] = due_milestones(a_running_job(HOUR, spot=True), (), Decimal(150), RULES, NOW, ())

    assert rung.sentence == (
        "it has cost at most $150.00 so far, past $100.00 (BurnAlertUsd is $100.00; the next alert comes at $200.00)"
    )


@pytest.mark.parametrize(
    ("hours", "usual", "due"),
    [
        ([1] * 5, "1:00:00", True),
        ([3, *[1] * 5], "1:00:00", True),  # one long run does not make long runs usual
        ([3, 3, *[1] * 5], "3:00:00", False),
        ([1] * 4, None, False),  # too few to call anything usual
        ([3, *[1] * 18, 1.2], "1:00:00", True),  # of twenty the longest two are left out
        ([3, 3, 3, *[1] * 17], "3:00:00", False),
        ([*[1] * 20, *[9] * 20], "1:00:00", True),  # the last twenty count
        ([24, *[1 / 6] * 17], "0:10:00", True),
    ],
)
def test_what_is_usual_leaves_out_the_longest_tenth_of_the_last_20(
    hours: list[float],
    usual: str | None,
    due: bool,  # noqa: FBT001 - a table
) -> None:
    """At least one run is left out. A run of 2 h 30 min is more than twice of an hour."""
    found = usual_of(runs(*hours))

    assert (str(found.typical) if found else None) == usual
    assert ("family" in keys(a_running_job(2.5 * HOUR), runs(*hours))) is due


@pytest.mark.parametrize(("hours", "due"), [(71, []), (73, ["long#48h"])])
def test_a_familys_history_silences_its_hours_up_to_three_times_long_running_hours(
    hours: float, due: list[str]
) -> None:
    """A family of 80 hours would be silent for 160, too long for a job that hangs."""
    assert keys(a_running_job(hours * HOUR), runs(*[80] * 6)) == due


def test_only_completed_runs_say_what_is_usual() -> None:
    """One that failed after a minute, or was stopped, is no measure."""
    past = [*runs(*[0.01] * 20, status=JobStatus.FAILED), *runs(*[9] * 20, status=JobStatus.STOPPED), *runs(*[2] * 5)]
    unknown = [replace(run, ran_seconds=None) for run in runs(*[1] * 9)]

    assert str(usual_of([*unknown, *past]).typical) == "2:00:00"  # type: ignore[union-attr] # or the test fails


@pytest.mark.parametrize(("minutes", "due"), [(40, []), (41, ["family"])])
def test_short_jobs_are_given_half_an_hour(minutes: int, due: list[str]) -> None:
    """A family of ten minutes: twice that would be noise."""
    assert keys(a_running_job(timedelta(minutes=minutes)), runs(*[10 / 60] * 5)) == due


@pytest.mark.parametrize(
    ("hours", "due"), [(31, []), (59, []), (60.1, ["family", "long#48h"]), (100, ["family", "long#96h"])]
)
def test_a_job_whose_family_is_always_long_is_not_told_of_within_its_own_history(hours: float, due: list[str]) -> None:
    """Thirty hours are usual for it, and twice that is not."""
    assert keys(a_running_job(hours * HOUR), runs(*[30] * 6)) == due


def test_a_familys_rung_says_its_numbers_and_the_rule() -> None:
    """So that the reader need not look it up."""
    family, long = due_milestones(a_running_job(61 * HOUR), runs(*[30] * 6), CENT, RULES, NOW, ())

    assert family.sentence == (
        "it has run for 2 d 13 h, more than twice the 1 d 6 h that 5 of the last 6 completed runs of its family stayed "
        "within"
    )
    assert long.sentence == (
        "it has run for 2 d 13 h, longer than 48 h, and than the 2 d 12 h that its family's own runs allow "
        "(LongRunningHours is 24; the next alert comes at 96 h)"
    )


@pytest.mark.parametrize(
    ("limit", "ran", "due"),
    [
        (10 * HOUR, 9.49 * HOUR, []),  # the lesser of an hour and 30 minutes is left for
        (10 * HOUR, 9.51 * HOUR, ["limit"]),
        (2 * HOUR, 1.79 * HOUR, []),
        (2 * HOUR, 1.81 * HOUR, ["limit"]),
        (2 * HOUR, 2.1 * HOUR, ["limit"]),  # it has not been heeded yet
        (None, 20 * HOUR, []),
        (timedelta(0), HOUR, []),
    ],
)
def test_a_job_about_to_be_ended_by_its_limit_is_told_of(
    limit: timedelta | None, ran: timedelta, due: list[str]
) -> None:
    """Less than a tenth, or half an hour, is left, whichever is less."""
    seconds = None if limit is None else round(limit.total_seconds())

    assert keys(a_running_job(ran, max_runtime_seconds=seconds)) == due
    assert keys(a_running_job(ran, max_runtime_seconds=seconds), told=("limit",)) == []


def pending(minutes: int, **changes: object) -> Job:
    """A job that was created so long ago and has not started."""
    status = {"secondary_status": "Starting", "started_at": None, "created_at": NOW - timedelta(minutes=minutes)}
    return a_running_job(**{**status, **changes})  # type: ignore[arg-type] # what a test is about


@pytest.mark.parametrize(("minutes", "due"), [(59, []), (60, ["pending"]), (6000, ["pending"])])
def test_a_job_that_does_not_start_is_told_of_after_an_hour(minutes: int, due: list[str]) -> None:
    """Once, and neither its hours nor its price count: pending is not billed."""
    assert keys(pending(minutes), hourly=Decimal(5000)) == due
    assert keys(pending(minutes), told=("pending",)) == []


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("Starting", "SageMaker status: Starting (its instances are being started)"),
        ("Pending", "SageMaker status: Pending (it waits for instances or a warm pool)"),
        ("BrandNew", "SageMaker status: BrandNew"),
        (None, "SageMaker does not say why"),
    ],
)
def test_why_it_does_not_start_is_said_as_far_as_sagemaker_does(status: str | None, said: str) -> None:
    """Statuses are subject to change."""
    [rung] = due_milestones(pending(90, secondary_status=status), (), None, RULES, NOW, ())

    assert rung.sentence == f"it was created 1 h 30 min ago and has not started. {said}. Waiting is not billed"


@pytest.mark.parametrize("kind", [ResourceKind.TUNING, ResourceKind.AUTOML])
def test_of_parents_only_the_hours_count(kind: ResourceKind) -> None:
    """Their jobs have alerts of their own."""
    parent = a_running_job(30 * HOUR, kind=kind, max_runtime_seconds=108_100, groups=())

    assert keys(parent, runs(*[1] * 20), hourly=Decimal(5000)) == ["long#24h"]
    assert not asks_history(parent, NOW, ())


@pytest.mark.parametrize("status", [status for status in JobStatus if status.ended or status.deleting])
def test_of_a_job_that_ended_nothing_is_due(status: JobStatus) -> None:
    """Its row says the rest."""
    assert keys(a_running_job(100 * HOUR, status=status), hourly=Decimal(5000)) == []


def test_a_job_that_hangs_in_stopping_is_reported_like_one_in_progress() -> None:
    """It may upload for a day on expensive instances; the sentence says what it does."""
    job = a_running_job(27 * HOUR, status=JobStatus.STOPPING, secondary_status="Uploading")
    due = due_milestones(job, (), Decimal(101), RULES, NOW, ())

    assert [milestone.key for milestone in due] == ["burn#1600", "long#24h"]
    assert all(milestone.sentence.endswith("; SageMaker says it is Stopping (Uploading)") for milestone in due)


def test_a_job_that_reports_its_progress_says_how_far_it_is() -> None:
    """Serverless training does; what is not known is left out."""
    answer = {
        "TrainingJobName": "a",
        "TrainingJobStatus": "InProgress",
        "ProgressInfo": {"CurrentStep": 40, "TotalStepCountPerEpoch": 100, "CurrentEpoch": 2},
    }
    job = read_job(ResourceKind.TRAINING, answer, account=ACCOUNT, region="us-east-1", described=True)
    [milestone] = due_milestones(a_running_job(27 * HOUR, progress=job.progress), (), None, RULES, NOW, ())

    assert milestone.sentence.endswith("; SageMaker reports epoch 2, step 40 of 100")


def test_several_rungs_are_told_the_most_urgent_first() -> None:
    """What can still be saved comes before what is spent."""
    job = a_running_job(30 * HOUR, max_runtime_seconds=30 * 3600 + 60)

    assert keys(job, runs(*[2] * 5), hourly=Decimal(10)) == ["limit", "burn#200", "family", "long#24h"]


@pytest.mark.parametrize(
    ("ran", "told", "asks"),
    [
        (timedelta(minutes=30), (), False),  # no family's milestone can be due yet
        (timedelta(minutes=31), (), True),
        (30 * HOUR, ("family",), False),  # known to be beyond its history
    ],
)
def test_the_familys_past_is_asked_for_only_where_it_can_matter(
    ran: timedelta,
    told: Collection[str],
    asks: bool,  # noqa: FBT001 - a table
) -> None:
    """It costs a query."""
    assert asks_history(a_running_job(ran), NOW, told) is asks


def test_what_it_has_cost_counts_from_its_start() -> None:
    """Ten hours since TrainingStartTime on 2 x $0.23, though it was created a day before; a limit of 20 h is $9.20."""
    job = a_running_job(10 * HOUR, created_at=NOW - 34 * HOUR, max_runtime_seconds=72_000)
    found = accrual_of(job, Rates(BOOK, Decimal(0)), NOW)
    discounted = accrual_of(job, Rates(BOOK, Decimal(50)), NOW)

    assert (found.hourly, found.so_far, found.at_limit) == (Decimal("0.46"), Decimal("4.6"), Decimal("9.2"))
    assert (discounted.so_far, discounted.at_limit) == (Decimal("2.3"), Decimal("4.6"))


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"groups": (InstanceGroup("ml.p9.48xlarge", 1),)}, "no price is known for ml.p9.48xlarge in us-east-1"),
        ({"groups": ()}, "nothing says which instances it runs on"),
        ({"training_plan_arn": "arn:plan"}, "a prepaid training plan covers it"),
        ({"serverless": True}, "serverless training is billed by the token"),
        ({"kind": ResourceKind.TUNING}, "the jobs it started have rows of their own"),
    ],
)
def test_what_has_no_amount_says_why(changes: dict[str, Any], note: str) -> None:
    """And never 0."""
    found = accrual_of(a_running_job(HOUR, **changes), RATES, NOW)

    assert (found.hourly, found.so_far, found.at_limit, found.note) == (None, None, None, note)


def test_a_region_without_prices_has_none() -> None:
    """Not even for one group of two."""
    assert accrual_of(a_running_job(HOUR), Rates(EMPTY_BOOK, Decimal(0)), NOW).so_far is None


def test_a_pending_job_has_cost_nothing_yet() -> None:
    """That is known, and 0."""
    assert accrual_of(pending(90), RATES, NOW).so_far == Decimal(0)


def test_no_next_alert_is_promised_that_its_own_limit_forestalls() -> None:
    """At $2 an hour, $200 come after 100 h; 96 h are beyond a limit of 2 d, and on spot the limit may come later."""
    limited = a_running_job(timedelta(hours=60), max_runtime_seconds=172_800)
    free = a_running_job(timedelta(hours=60), max_runtime_seconds=864_000)

    def said(job: Job) -> list[bool]:
        due = due_milestones(job, (), Decimal(2), RULES, NOW, ())
        return ["the next alert comes at" in milestone.sentence for milestone in due if milestone.key != "limit"]

    assert (said(limited), said(free)) == ([False, False], [True, True])
    assert said(replace(limited, spot=True)) == [True, True]
