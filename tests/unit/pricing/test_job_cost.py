"""What jobs cost. Every expected amount is worked out by hand in the case, from the price in tests/builders.py."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagewatch.pricing.book import PriceBook, Rates, has_ml_volume
from sagewatch.pricing.job_cost import PricingStatus, at_later_prices, cost_of, is_lower_bound, stored, unbilled_as
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus
from tests.worlds.builders import BOOK, ENDED, STARTED, a_failed_job, a_job

GROUPS = (InstanceGroup("ml.g5.xlarge", 2), InstanceGroup("ml.c5.2xlarge", 4))


@pytest.mark.parametrize(
    ("job", "usd"),
    [
        pytest.param(a_job(), "0.46", id="0.23 x 2 x 1 h"),
        pytest.param(a_job(billable_seconds=1800), "0.23", id="billable seconds, not end minus start"),
        pytest.param(a_job(status=JobStatus.FAILED), "0.46", id="a failed job is billed"),
        pytest.param(a_job(status=JobStatus.STOPPED), "0.46", id="a stopped job is billed"),
        pytest.param(a_job(groups=GROUPS), "4.448", id="2 x 1.408 + 4 x 0.408"),
        pytest.param(a_job(billable_seconds=1), "0.0001277778", id="one second: 0.46 / 3600, to ten decimals"),
        # 100 GB x 2 x 0.14 x 3600 / 2,592,000 (November) = 0.0388888889
        pytest.param(a_job(volume_gb=100), "0.4988888889", id="with its volumes"),
        pytest.param(a_job(volume_gb=100, groups=GROUPS[:1]), "2.816", id="no volume on NVMe: 2 x 1.408"),
        # c5.2xlarge alone has volumes: 100 x 4 x 0.14 x 3600 / 2,592,000 = 0.0777777778
        pytest.param(a_job(volume_gb=100, groups=GROUPS), "4.5257777778", id="volumes of the groups that have them"),
        pytest.param(
            a_job(kind=ResourceKind.PROCESSING, billable_seconds=None), "0.46", id="processing: end minus start"
        ),
        pytest.param(
            a_job(kind=ResourceKind.TRANSFORM, billable_seconds=None),
            "0.46",
            id="transform: end minus start, from Hosting",
        ),
        # 100 GB x 2 x 0.10 x 3600 / 2,592,000 = 0.0277777778
        pytest.param(
            a_job(kind=ResourceKind.PROCESSING, billable_seconds=None, volume_gb=100),
            "0.4877777778",
            id="processing volumes have a rate of their own",
        ),
    ],
)
def test_a_priced_job_costs_what_the_list_says(job: Job, usd: str) -> None:
    """Billed seconds x instances x hourly rate, groups summed, storage where a volume exists."""
    cost = cost_of(job, BOOK)

    assert (cost.pricing, cost.usd) == (PricingStatus.PRICED, Decimal(usd))


def test_february_has_fewer_seconds_to_share_a_month_of_storage() -> None:
    """100 GB x 2 x 0.14 x 3600 / 2,419,200."""
    start = datetime(2026, 2, 10, tzinfo=UTC)

    assert cost_of(a_job(volume_gb=100, started_at=start), BOOK).storage_usd == Decimal("0.0416666667")


def test_a_discount_lowers_the_cost_and_keeps_the_list_cost() -> None:
    """10 % of 0.46."""
    cost = cost_of(a_job(), BOOK, Decimal(10))

    assert (cost.usd, cost.list_usd) == (Decimal("0.414"), Decimal("0.46"))


def test_spot_savings_stand_beside_the_cost() -> None:
    """The discount is in the seconds already: 900 billed of 3600, so 2700 s x 2 x 0.23 / 3600 saved."""
    cost = cost_of(a_job(spot=True, billable_seconds=900), BOOK)

    assert (cost.usd, cost.spot_savings_usd) == (Decimal("0.115"), Decimal("0.345"))


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.STOPPED])
def test_a_job_that_never_launched_costs_nothing_and_says_so(status: JobStatus) -> None:
    """Absent start and absent seconds of a job that failed: known to be 0, whatever the type's price."""
    groups = (InstanceGroup("ml.unheard.of", 9),)
    job = a_job(status=status, started_at=None, ended_at=None, billable_seconds=None, groups=groups)
    cost = cost_of(job, BOOK)

    assert (cost.pricing, cost.usd) == (PricingStatus.PRICED, Decimal(0))
    assert "never launched" in cost.reason


@pytest.mark.parametrize(
    ("job", "pricing", "word"),
    [
        pytest.param(a_job(groups=()), PricingStatus.UNPRICED, "which instances", id="no instances told"),
        pytest.param(
            a_job(groups=(InstanceGroup("ml.p9.48xlarge", 1),)),
            PricingStatus.UNPRICED,
            "ml.p9.48xlarge",
            id="no such price",
        ),
        pytest.param(
            a_job(groups=(*GROUPS, InstanceGroup("ml.p9.48xlarge", 1))),
            PricingStatus.UNPRICED,
            "ml.p9.48xlarge",
            id="one group of three without a price",
        ),
        pytest.param(
            a_job(kind=ResourceKind.PROCESSING, billable_seconds=None, ended_at=None),
            PricingStatus.UNPRICED,
            "how long",
            id="no end told",
        ),
        pytest.param(a_job(training_plan_arn="arn:plan"), PricingStatus.COVERED, "training plan", id="training plan"),
        pytest.param(a_job(serverless=True), PricingStatus.NOT_INSTANCE_PRICED, "token", id="serverless"),
        pytest.param(
            a_job(kind=ResourceKind.TUNING), PricingStatus.NOT_INSTANCE_PRICED, "rows of their own", id="tuning"
        ),
        pytest.param(
            a_job(kind=ResourceKind.PROCESSING, builtin_rule=True, parent_arn="arn:aws:sagemaker:r:1:training-job/t"),
            PricingStatus.FREE,
            "built-in Debugger rules",
            id="rule",
        ),
    ],
)
def test_what_has_no_amount_says_why(job: Job, pricing: PricingStatus, word: str) -> None:
    """Never 0 for unknown: no amount at all, and a reason."""
    cost = cost_of(job, BOOK)

    assert (cost.pricing, cost.usd) == (pricing, None)
    assert word in cost.reason


@pytest.mark.parametrize(
    ("job", "word"),
    [
        pytest.param(a_job(status=JobStatus.FAILED, billable_seconds=None), "billed seconds", id="end minus start"),
        pytest.param(a_job(keep_alive_seconds=600), "warm pool", id="a warm pool runs on"),
    ],
)
def test_an_amount_that_may_change_is_provisional(job: Job, word: str) -> None:
    """It has an amount, and a reason to look again."""
    cost = cost_of(job, BOOK)

    assert (cost.pricing, cost.usd) == (PricingStatus.PROVISIONAL, Decimal("0.46"))
    assert word in cost.reason


def test_a_pool_whose_keep_alive_was_taken_back_runs_until_it_is_terminated() -> None:
    """UpdateTrainingJob sets KeepAlivePeriodInSeconds to 0, and the pool ends a little later."""
    assert cost_of(a_job(keep_alive_seconds=0, warm_pool_status="Available"), BOOK).pricing is PricingStatus.PROVISIONAL
    assert cost_of(a_job(keep_alive_seconds=0, warm_pool_status="Terminated"), BOOK).pricing is PricingStatus.PRICED


@pytest.mark.parametrize(
    ("status", "seconds", "pricing", "usd", "pool"),
    [
        pytest.param(
            "Available", 1800, PricingStatus.PROVISIONAL, "0.69", "0.23", id="half an hour so far: 0.46 + 0.23"
        ),
        pytest.param("Terminated", 7200, PricingStatus.PRICED, "1.38", "0.92", id="two hours in all: 0.46 + 0.92"),
        pytest.param(
            "Reused", 600, PricingStatus.PRICED, "0.5366666667", "0.0766666667", id="taken over by another job"
        ),
        pytest.param(None, None, PricingStatus.PROVISIONAL, "0.46", None, id="not told of yet"),
        pytest.param(
            "InUse", 600, PricingStatus.PROVISIONAL, "0.5366666667", "0.0766666667", id="in use by another job"
        ),
    ],
)
def test_a_warm_pool_is_billed_on_a_clock_of_its_own(
    status: str | None, seconds: int | None, pricing: PricingStatus, usd: str, pool: str | None
) -> None:
    """At the training rate, until it is terminated or reused."""
    cost = cost_of(a_job(keep_alive_seconds=7200, warm_pool_status=status, warm_pool_seconds=seconds), BOOK)

    assert (cost.pricing, cost.usd) == (pricing, Decimal(usd))
    assert cost.warm_pool_usd == (pool and Decimal(pool))


def test_a_warm_pools_volumes_are_billed_too() -> None:
    """100 GB x 2 x 0.14 x 3600 / 2,592,000 for the job and again for an hour of its pool."""
    job = a_job(keep_alive_seconds=3600, warm_pool_status="Terminated", warm_pool_seconds=3600, volume_gb=100)

    assert cost_of(job, BOOK).usd == Decimal("0.9977777778")  # 0.46 + 0.46 + 2 x 0.0388888889


def test_a_price_borrowed_from_hosting_is_marked() -> None:
    """The component rule: exact key, then Hosting as an estimate, then nothing."""
    book = replace(BOOK, hourly={"Hosting": BOOK.hourly["Hosting"]})
    [line] = cost_of(a_job(), book).groups

    assert line.price is not None
    assert (line.price.component, line.price.borrowed) == ("Hosting", True)


def test_a_volume_without_a_known_price_leaves_the_storage_unknown() -> None:
    """The compute is still known; the storage is not 0 but absent."""
    cost = cost_of(a_job(volume_gb=100), PriceBook(hourly=BOOK.hourly, volumes={}))

    assert (cost.usd, cost.storage_usd) == (Decimal("0.46"), None)
    assert "volumes have no known price" in cost.reason


@pytest.mark.parametrize(
    ("instance_type", "volume"),
    [
        ("ml.m5.xlarge", True),
        ("ml.t3.medium", True),
        ("ml.inf2.xlarge", True),
        ("ml.m5d.xlarge", False),
        ("ml.c6id.4xlarge", False),
        ("ml.g4dn.xlarge", False),
        ("ml.g5.48xlarge", False),
        ("ml.p4d.24xlarge", False),
        ("ml.p4de.24xlarge", False),
        ("ml.p6-b200.48xlarge", False),
        ("ml.trn1.32xlarge", False),
    ],
)
def test_nvme_types_have_no_ml_volume(instance_type: str, volume: bool) -> None:  # noqa: FBT001 - a parameter
    """DescribeTrainingJob names ml.p4d, ml.g4dn and ml.g5; the others bring disks of the same kind."""
    assert has_ml_volume(InstanceGroup(instance_type, 1)) is volume


@given(
    st.integers(0, 10**7), st.integers(1, 500), st.sampled_from(["ml.m5.xlarge", "ml.g5.xlarge"]), st.integers(0, 16384)
)
def test_an_amount_is_never_negative_and_always_storable(seconds: int, count: int, kind: str, gb: int) -> None:
    """DynamoDB takes 38 digits."""
    job = a_job(billable_seconds=seconds, groups=(InstanceGroup(kind, count),), volume_gb=gb, started_at=STARTED)
    usd = cost_of(job, BOOK).usd

    assert usd is not None
    assert usd >= 0
    assert len(usd.as_tuple().digits) <= 38


def test_stored_amounts_have_no_exponent() -> None:
    """A CSV reader would not know what 2E+2 is."""
    assert str(stored(Decimal("200.0000"))) == "200"
    assert str(stored(Decimal("0.230"))) == "0.23"


def test_a_warm_pool_without_a_known_volume_price_costs_its_instances() -> None:
    """0.46 for the job and 0.46 for an hour of its warm pool."""
    job = a_job(volume_gb=100, warm_pool_status="Terminated", warm_pool_seconds=3600)

    assert cost_of(job, PriceBook(hourly=BOOK.hourly, volumes={})).usd == Decimal("0.92")


def test_processing_does_not_borrow_the_volume_price_of_hosting() -> None:
    """Its volumes cost less: an amount that is known to be too high is no estimate."""
    job = a_job(kind=ResourceKind.PROCESSING, volume_gb=100)
    book = replace(BOOK, volumes={"Hosting": BOOK.volumes["Hosting"]})

    assert cost_of(job, book).storage_usd is None


def test_a_job_that_never_launched_costs_nothing_even_if_its_instances_were_never_selected() -> None:
    """SageMaker had no capacity for any of its preferences."""
    job = a_job(status=JobStatus.FAILED, groups=(), started_at=None, billable_seconds=None)

    assert (cost_of(job, BOOK).pricing, cost_of(job, BOOK).usd) == (PricingStatus.PRICED, Decimal(0))


def test_an_end_before_the_start_leaves_the_cost_unknown() -> None:
    """It is not 0."""
    job = a_job(kind=ResourceKind.PROCESSING, billable_seconds=None, started_at=ENDED, ended_at=STARTED)

    assert (cost_of(job, BOOK).pricing, cost_of(job, BOOK).usd) == (PricingStatus.UNPRICED, None)


def test_a_cluster_with_one_unknown_price_has_no_hourly_rate() -> None:
    """The known part alone would be too little, and alerts would come too late."""
    groups = (InstanceGroup("ml.g5.xlarge", 2), InstanceGroup("ml.unknown.xlarge", 1))

    assert Rates(BOOK, Decimal(0)).of_job(a_job(groups=groups)) is None
    assert Rates(BOOK, Decimal(10)).of_job(a_job(groups=GROUPS)) == Decimal("4.448") * Decimal("0.9")


def test_only_less_certain_rows_give_way() -> None:
    """Unpriced to provisional, either to a final one, and a final one to none."""
    order = (PricingStatus.UNPRICED, PricingStatus.PROVISIONAL)
    final = [status for status in PricingStatus if status not in order]

    assert [[one.outranks(other) for other in order] for one in order] == [[False, False], [True, False]]
    assert all(one.outranks(other) for one in final for other in order)
    assert not any(one.outranks(other) for one in PricingStatus for other in final)


def test_reasons_are_sentences_for_people() -> None:
    """They are shown in messages and kept in rows."""
    never = a_failed_job(started_at=None, billable_seconds=None)
    unknown = a_job(groups=(InstanceGroup("ml.a", 1), InstanceGroup("ml.m5.xlarge", 1), InstanceGroup("ml.b", 1)))

    assert cost_of(never, BOOK).reason == "it never launched, so nothing is billed"
    assert cost_of(a_job(groups=()), BOOK).reason == "nothing says which instances it ran on"
    assert cost_of(unknown, BOOK).reason == "no price is known for ml.a, ml.b (training) in us-east-1"
    assert cost_of(a_failed_job(), BOOK).reason.endswith("at the on-demand list price; a job that failed is billed too")
    assert cost_of(a_job(status=JobStatus.STOPPED), BOOK).reason.endswith("a job that was stopped is billed too")
    assert cost_of(a_job(), BOOK).reason == "calculated from its billed time at the on-demand list price"
    timeless = a_job(started_at=None, billable_seconds=None, described=False)
    assert cost_of(timeless, BOOK).reason == "nothing says how long it ran"


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (a_job(kind=ResourceKind.TUNING), "the jobs it started have rows of their own"),
        (a_job(serverless=True), "serverless training is billed by the token"),
        (a_job(builtin_rule=True, described=False), "AWS charges nothing for its built-in Debugger rules"),
        (a_job(training_plan_arn="arn:plan"), "a prepaid training plan covers it"),
    ],
)
def test_a_job_without_billed_instances_says_why(job: Job, reason: str) -> None:
    """The reason is shown in place of an amount."""
    assert cost_of(job, BOOK).reason == reason


@pytest.mark.parametrize(
    ("training", "billed", "saved"), [(7200, 3600, "0.46"), (3600, 3600, "0"), (3000, 3600, "0"), (None, 3600, None)]
)
def test_spot_saves_what_it_did_not_bill(training: int | None, billed: int, saved: str | None) -> None:
    """Never less than nothing, and unknown if one of both is."""
    cost = cost_of(a_job(spot=True, training_seconds=training, billable_seconds=billed), BOOK)

    assert cost.spot_savings_usd == (None if saved is None else Decimal(saved))


def test_a_job_without_billed_instance_hours_says_which_kind_it_is() -> None:
    """A tuning job runs nothing itself, so it says nothing."""
    assert unbilled_as(a_job(training_plan_arn="arn:plan")) is PricingStatus.COVERED
    assert unbilled_as(a_job(serverless=True)) is PricingStatus.NOT_INSTANCE_PRICED
    assert unbilled_as(a_job(kind=ResourceKind.TUNING)) is None
    assert unbilled_as(a_job()) is None


@pytest.mark.parametrize(
    ("ended_on", "pricing"),
    [("2026-09-21", PricingStatus.PROVISIONAL), ("2026-09-22", PricingStatus.PRICED)],
)
def test_a_price_of_the_day_of_the_end_is_no_later_price(ended_on: str, pricing: PricingStatus) -> None:
    """The book is of 2026-09-22."""
    assert at_later_prices(cost_of(a_job(), BOOK), ended_on).pricing is pricing


def test_a_d_before_the_generation_is_no_disk() -> None:
    """``ml.m5d`` has one of its own, and no ML volume."""
    types = ("ml.dx9.large", "ml.m5d.large", "ml.m5.large", "ml.p6-b200.48xlarge")

    assert [has_ml_volume(InstanceGroup(name, 1)) for name in types] == [True, False, True, False]


def test_a_warm_pool_without_a_price_for_its_volume_costs_its_instances() -> None:
    """An hour of two instances; the volume is left out, and the reason says so."""
    book = PriceBook(hourly=BOOK.hourly, volumes={})
    job = a_job(volume_gb=30, warm_pool_status="Terminated", warm_pool_seconds=3600)

    assert (cost_of(job, book).warm_pool_usd, cost_of(job, book).usd) == (Decimal("0.46"), Decimal("0.92"))
    assert is_lower_bound(cost_of(job, book).reason)
