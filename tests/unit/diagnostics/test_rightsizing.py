"""When a cheaper type is suggested, with which evidence, and when not."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.diagnostics.host_metrics import HostMetric, MetricSeries, RawHosts, Window
from sagewatch.diagnostics.rightsizing import suggestion
from sagewatch.diagnostics.utilization import measure
from sagewatch.ledger.records import RecordedBy, record_of
from sagewatch.pricing.book import PriceBook
from sagewatch.pricing.job_cost import cost_of
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus
from tests.unit.diagnostics.test_utilization import raw
from tests.worlds.builders import ENDED, NOW, STARTED, a_job, price

BOOK = PriceBook(
    hourly={
        "Training": {
            name: price(usd)
            for name, usd in {
                "ml.g5.12xlarge": "7.09",
                "ml.g5.2xlarge": "1.515",
                "ml.g5.xlarge": "1.408",
                "ml.g4dn.xlarge": "0.736",
                "ml.m5.12xlarge": "2.765",
                "ml.m5.4xlarge": "0.922",
                "ml.m5.2xlarge": "0.461",
                "ml.m5.xlarge": "0.23",
                "ml.c6g.xlarge": "0.1632",
                "ml.t3.xlarge": "0.2",
                "ml.trn1.2xlarge": "1.545",
                "ml.p9.48xlarge": "0.01",
            }.items()
        },
        "Hosting": {"ml.c5.large": price("0.10", "Hosting")},
    },
    volumes={"Training": price("0.14")},
)
LOW: dict[str, Any] = {"gpu": (30, 61), "gpu_memory": (40, 44), "cpu": (100, 144), "memory": (4, 6), "disk": (3, 4)}
BIG = InstanceGroup("ml.g5.12xlarge", 1)


def suggested(job: Job, points: int = 60, book: PriceBook = BOOK, **metrics: tuple[float, float]) -> str | None:
    """What is suggested where every host did that."""
    count = sum(group.count for group in job.groups)
    return said(job, {f"algo-{number}": raw(points, **metrics) for number in range(1, count + 1)}, book)


def said(job: Job, hosts: RawHosts, book: PriceBook = BOOK, discount: str = "0") -> str | None:
    """What is suggested for these metrics of an hour."""
    row = record_of(job, cost_of(job, book, Decimal(discount)), None, now=NOW, by=RecordedBy.EVENT)
    return suggestion(job, row, measure(job, hosts, Window(STARTED, ENDED)), book)


def test_the_cheapest_type_with_room_to_spare_is_suggested_with_its_evidence() -> None:
    """0.61 GPUs, 9.8 of 89 GiB, 1.44 vCPUs and 11.5 GiB at the peak, each times 1.3."""
    assert suggested(a_job(groups=(BIG,)), **LOW) == (
        "at most it used 15 % of the 4 x NVIDIA A10G, 11 % of the 89 GiB of GPU memory, 3 % of the 48 vCPUs, "
        "6 % of the 192 GiB of memory, 4 % of the 3539 GiB of disk on ml.g5.12xlarge. With ml.g5.xlarge it would cost "
        "about $1.41 instead of $7.09, if it takes the same time"
    )


def test_a_fleet_stays_as_large_and_keeps_what_else_it_cost() -> None:
    """100 GB on each of two ml.m5.12xlarge for an hour of November: $0.0389; the discount is on all of it."""
    job = a_job(groups=(InstanceGroup("ml.m5.12xlarge", 2),), volume_gb=100)
    found = said(job, dict.fromkeys(("algo-1", "algo-2"), raw(cpu=(100, 300), memory=(3, 4))), discount="10")

    assert found is not None
    assert found.endswith("With 2 x ml.m5.xlarge it would cost about $0.45 instead of $5.01, if it takes the same time")


@pytest.mark.parametrize(
    ("change", "fitting"),
    [
        ({"cpu": (100, 307)}, "ml.g5.xlarge"),  # 4 / 1.3 = 3.08 vCPUs
        ({"cpu": (100, 308)}, "ml.g5.2xlarge"),
        ({"memory": (6, 6.4)}, "ml.g5.xlarge"),  # 16 / 1.3 = 12.3 GiB of 192
        ({"memory": (6, 6.42)}, "ml.g5.2xlarge"),
        ({"gpu": (60, 76)}, "ml.g5.xlarge"),  # 1 / 1.3 = 0.769 GPUs
        ({"gpu": (60, 77)}, None),
        ({"gpu_memory": (60, 76)}, "ml.g5.xlarge"),
        ({"gpu_memory": (60, 77)}, None),
    ],
)
def test_each_of_the_four_has_to_fit(change: dict[str, tuple[float, float]], fitting: str | None) -> None:
    """With a third to spare, at the peak."""
    found = suggested(a_job(groups=(BIG,)), **(LOW | change))

    assert found is None if fitting is None else f"With {fitting} it would" in str(found)


def test_where_no_gpu_was_used_one_without_will_do() -> None:
    """And it is said first. Cheaper ones are of another architecture, or burst."""
    found = suggested(a_job(groups=(BIG,), volume_gb=200), **(LOW | {"gpu": (0, 3), "gpu_memory": (4, 8)}))

    assert found is not None
    assert found.startswith("it used no GPU, and at most 3 % of the 48 vCPUs, 6 % of the 192 GiB of memory, 4 % of")
    assert "With ml.m5.xlarge it would" in found


@pytest.mark.parametrize(
    "change",
    [
        {"gpu": (0, 3), "gpu_memory": (40, 44)},
        {"gpu": (1, 5), "gpu_memory": (4, 8)},
        {"gpu": (1, 4), "gpu_memory": (4, 8)},
        {"gpu": (0, 3), "gpu_memory": (4, 20)},
    ],
)
def test_a_gpu_that_held_something_or_did_something_was_used(change: dict[str, tuple[float, float]]) -> None:
    """Its job stays on the same model of GPU."""
    assert "With ml.g5.xlarge it would" in str(suggested(a_job(groups=(BIG,)), **(LOW | change)))


def test_half_of_the_run_is_enough_and_less_is_not() -> None:
    """The rest of them report nothing."""
    job = a_job(groups=(BIG,))

    assert suggested(job, points=30, **LOW) is not None
    assert suggested(job, points=29, **LOW) is None


@pytest.mark.parametrize("missing", ["gpu", "gpu_memory", "cpu", "memory"])
def test_nothing_is_suggested_where_a_metric_is_missing(missing: str) -> None:
    """It may be what the job needs most."""
    assert suggested(a_job(groups=(BIG,)), **{name: load for name, load in LOW.items() if name != missing}) is None


def test_nothing_is_suggested_where_a_host_is_silent_or_refuted() -> None:
    """The busiest may be among them."""
    job, low = a_job(groups=(replace(BIG, count=2),)), raw(**LOW)

    assert said(job, {"algo-1": low, "algo-2": low}) is not None
    assert said(job, {"algo-1": low}) is None
    assert said(job, {"algo-1": low, "algo-2": low | {HostMetric.CPU: MetricSeries(9000, 9000, 60)}}) is None


@pytest.mark.parametrize(
    "groups",
    [
        (InstanceGroup("ml.p9.48xlarge", 1),),
        (InstanceGroup("ml.trn1.2xlarge", 1),),
        (InstanceGroup("ml.m5.24xlarge", 1),),
        (BIG, InstanceGroup("ml.m5.xlarge", 1)),
        (),
    ],
    ids=["unknown type", "Trainium", "no price", "heterogeneous", "no instances"],
)
def test_nothing_is_suggested_of_what_is_not_known(groups: tuple[InstanceGroup, ...]) -> None:
    """Which host is of which type is inferred; Trainium has no metrics."""
    for volume_gb in (None, 100):
        job = a_job(groups=groups, volume_gb=volume_gb)
        assert suggested(job, **LOW) is None
        assert suggested(job, cpu=(1, 1), memory=(1, 1), disk=(1, 1)) is None


def test_a_fifth_cheaper_is_enough_and_less_is_not() -> None:
    """It is not worth anybody's time."""
    job = a_job(groups=(InstanceGroup("ml.m5.2xlarge", 1),), volume_gb=30)
    for usd, is_worth_it in (("0.8", True), ("0.81", False)):
        book = PriceBook({"Training": {"ml.m5.2xlarge": price("1"), "ml.m5.xlarge": price(usd)}}, BOOK.volumes)
        assert (suggested(job, book=book, cpu=(10, 20), memory=(5, 6)) is not None) is is_worth_it


def test_what_is_sold_for_hosting_alone_is_not_suggested() -> None:
    """A price may be borrowed, an instance may not."""
    job = a_job(groups=(InstanceGroup("ml.m5.xlarge", 1),), volume_gb=30)
    borrowed = PriceBook({"Hosting": {"ml.m5.xlarge": price("1"), "ml.m5.large": price("0.1")}}, BOOK.volumes)

    assert suggested(job, cpu=(1, 2), memory=(1, 2)) is None
    assert suggested(job, book=borrowed, cpu=(1, 2), memory=(1, 2)) is None


def test_a_job_without_a_cost_gets_no_suggestion() -> None:
    """There is nothing to compare with."""
    job = a_job(groups=(BIG,))
    row = record_of(job, cost_of(job, BOOK), None, now=NOW, by=RecordedBy.EVENT)
    use = measure(job, {"algo-1": raw(**LOW)}, Window(STARTED, ENDED))

    assert suggested(a_job(groups=(BIG,), training_plan_arn="arn:plan"), **LOW) is None
    assert suggestion(job, replace(row, cost_usd=None), use, BOOK) is None
    assert suggestion(replace(job, billable_seconds=0), row, use, BOOK) is None


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.STOPPED])
def test_a_job_that_did_not_complete_is_no_evidence(status: JobStatus) -> None:
    """It may have died on an import before its first step on a GPU."""
    assert suggested(a_job(groups=(BIG,), status=status), **LOW) is None
    assert suggested(a_job(groups=(BIG,)), **LOW) is not None


def of_disk(job: Job, disk: tuple[float, float] | None, book: PriceBook = BOOK) -> str | None:
    """The suggested type, for a job that used a tenth of everything else, and no GPU."""
    low: dict[str, Any] = {"gpu": (0, 0), "gpu_memory": (0, 0), "cpu": (10, 10), "memory": (4, 5)}
    found = suggested(job, book=book, **(low | ({"disk": disk} if disk else {})))
    return found and found.partition("With ")[2].partition(" it would")[0]


@pytest.mark.parametrize(
    ("instance_type", "volume_gb", "disk", "fitting"),
    [
        ("ml.m5.12xlarge", 100, None, "ml.m5.xlarge"),  # the same volume
        ("ml.m5.12xlarge", 100, (90, 100), "ml.m5.xlarge"),
        ("ml.m5.12xlarge", None, (1, 1), None),  # a part of an unknown size
        ("ml.m5.12xlarge", 0, (1, 1), None),
        ("ml.g5.12xlarge", 100, None, None),  # its disks have 3,539 GiB, and how full they were is unknown
        ("ml.g5.12xlarge", 100, (1, 2.1), "ml.m5.xlarge"),  # 74 GiB x 1.3 = 97
        ("ml.g5.12xlarge", 100, (1, 2.2), None),  # 101
        ("ml.g5.12xlarge", None, (1, 1), None),
        ("ml.g5.12xlarge", None, (0, 0), None),  # nothing was used, and the other disk may be none at all
    ],
)
def test_the_disk_has_to_fit(
    instance_type: str, volume_gb: int | None, disk: tuple[float, float] | None, fitting: str | None
) -> None:
    """A type without NVMe disks has the volume that the job asked for; an unknown size is never large enough."""
    book = PriceBook(
        {"Training": {name: price(usd) for name, usd in ((instance_type, "9"), ("ml.m5.xlarge", "0.23"))}}, BOOK.volumes
    )

    assert of_disk(a_job(groups=(InstanceGroup(instance_type, 1),), volume_gb=volume_gb), disk, book) == fitting


@pytest.mark.parametrize(
    ("volume_gb", "disk", "fitting"),
    [(186, None, True), (187, None, False), (1000, (5, 14.3), True), (1000, (5, 14.4), False)],
)
def test_a_volume_can_move_to_nvme_disks(
    volume_gb: int,
    disk: tuple[float, float] | None,
    fitting: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Those of ml.c5d.2xlarge have 186 GiB: 143 x 1.3."""
    book = PriceBook({"Training": {"ml.m5.12xlarge": price("9"), "ml.c5d.2xlarge": price("0.46")}}, BOOK.volumes)
    job = a_job(groups=(InstanceGroup("ml.m5.12xlarge", 1),), volume_gb=volume_gb)

    assert (of_disk(job, disk, book) == "ml.c5d.2xlarge") is fitting


def test_the_volume_that_replaces_nvme_disks_is_part_of_what_it_would_have_cost() -> None:
    """A terabyte for an hour of November: 1,000 x $0.14 / 720 = $0.1944, and $0.23 for the instance."""
    job = a_job(groups=(BIG,), volume_gb=1000)
    found = suggested(job, **(LOW | {"gpu": (0, 3), "gpu_memory": (4, 8)}))
    unpriced = replace(BOOK, volumes={})

    assert found is not None
    assert found.endswith(
        "With ml.m5.xlarge it would cost about $0.42 with its volume instead of $7.09, if it takes the same time"
    )
    assert suggested(job, book=unpriced, **(LOW | {"gpu": (0, 3), "gpu_memory": (4, 8)})) is None


def test_a_disk_counts_where_every_host_reports_it_as_long_as_the_rest() -> None:
    """Else it is not known, and as full as can be."""
    job = a_job(groups=(replace(BIG, count=2),))
    low: Mapping[HostMetric, MetricSeries] = raw(**LOW)
    silent: Mapping[HostMetric, MetricSeries] = dict(low.items() - {(HostMetric.DISK, low[HostMetric.DISK])})
    short = {**low, HostMetric.DISK: MetricSeries(3, 4, 59)}

    assert said(job, {"algo-1": low, "algo-2": low}) is not None
    assert said(job, {"algo-1": low, "algo-2": silent}) is None
    assert said(job, {"algo-1": low, "algo-2": short}) is None
