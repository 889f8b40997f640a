"""Use: CloudWatch's numbers as parts of what is there, and sentences of them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sagewatch.diagnostics.host_metrics import HostMetric, MetricSeries, Window, hosts_of
from sagewatch.diagnostics.utilization import (
    NO_METRICS,
    Load,
    Utilization,
    looks_hung,
    measure,
    report_lines,
    running_sentence,
)
from sagewatch.sagemaker.instance_types import InstanceFacts, facts_of
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup
from tests.worlds.builders import ENDED, NOW, STARTED, a_job

HOUR = Window(STARTED, ENDED)
G5 = InstanceGroup("ml.g5.12xlarge", 1)  # 48 vCPUs, 4 GPUs


def raw(points: int = 60, **metrics: tuple[float, float]) -> dict[HostMetric, MetricSeries]:
    """Average and peak by the metric's short name."""
    return {HostMetric[name.upper()]: MetricSeries(average, peak, points) for name, (average, peak) in metrics.items()}


def used(*groups: InstanceGroup, **hosts: Mapping[HostMetric, MetricSeries]) -> Utilization:
    """What a training job on those instances used in an hour; hosts by their names with underscores."""
    return within(HOUR, *groups, **hosts)


def within(window: Window, *groups: InstanceGroup, **hosts: Mapping[HostMetric, MetricSeries]) -> Utilization:
    """The same, in another time."""
    named = {name.replace("_", "-"): metrics for name, metrics in hosts.items()}
    return measure(a_job(groups=groups or (G5,)), named, window)


AT_REST = raw(gpu=(0.4, 3), gpu_memory=(348, 348), cpu=(144, 192), memory=(20, 21))


@pytest.mark.parametrize(
    ("instance_type", "vcpus", "memory_gib", "gpus", "gpu_memory_gib", "accelerator", "nvme_gib"),
    [
        ("ml.g5.xlarge", 4, 16, 1, 22.3515625, "NVIDIA A10G", 232),
        ("ml.g5.12xlarge", 48, 192, 4, 89.40625, "NVIDIA A10G", 3539),
        ("ml.g4dn.xlarge", 4, 16, 1, 16, "NVIDIA T4", 116),
        ("ml.p4d.24xlarge", 96, 1152, 8, 320, "NVIDIA A100", 7450),
        ("ml.p5.48xlarge", 192, 2048, 8, 640, "NVIDIA H100", 28312),
        ("ml.m5.xlarge", 4, 16, 0, 0, "", 0),
        ("ml.trn1.2xlarge", 8, 32, 0, 0, "AWS Trainium", 441),
    ],
)
def test_what_a_type_has(
    instance_type: str, vcpus: int, memory_gib: float, gpus: int, gpu_memory_gib: float, accelerator: str, nvme_gib: int
) -> None:
    """The A10G's 24 GB are 22.35 GiB in EC2's own words. Disks of 250 GB are 232 GiB."""
    assert facts_of(instance_type) == InstanceFacts(
        instance_type=instance_type,
        vcpus=vcpus,
        memory_gib=memory_gib,
        gpus=gpus,
        gpu_memory_gib=gpu_memory_gib,
        accelerator=accelerator,
        nvme_gib=nvme_gib,
        architecture="x86_64",
    )


@pytest.mark.parametrize("instance_type", ["ml.p9.48xlarge", "g5.xlarge", "", None])
def test_an_unknown_type_is_unknown(instance_type: str | None) -> None:
    """Never a guess."""
    assert facts_of(instance_type) is None


def test_percentages_are_of_what_is_there() -> None:
    """48 vCPUs are 4,800 %, 4 GPUs 400 %, memory 100 %."""
    [host] = used(algo_1=raw(cpu=(480, 2400), gpu=(40, 396), gpu_memory=(4, 44), memory=(25, 50))).hosts

    assert (host.host, host.instance_type, host.covered) == ("algo-1", "ml.g5.12xlarge", 1)
    assert (host.cpu, host.gpu, host.gpu_memory) == (Load(10, 50), Load(10, 99), Load(1, 11))
    assert host.memory == Load(25, 50)


def test_an_unknown_types_cores_are_not_guessed() -> None:
    """Only memory is a percentage by itself."""
    [host] = used(InstanceGroup("ml.p9.48xlarge", 1), algo_1=raw(cpu=(300, 400), gpu=(80, 90), memory=(5, 6))).hosts

    assert (host.cpu, host.gpu, host.memory) == (None, None, Load(5, 6))


def test_groups_number_their_hosts_through() -> None:
    """In the order of InstanceGroups, which is inferred."""
    job = a_job(groups=(InstanceGroup("ml.g5.xlarge", 2), InstanceGroup("ml.c5.2xlarge", 1)))

    assert hosts_of(job) == {"algo-1": "ml.g5.xlarge", "algo-2": "ml.g5.xlarge", "algo-3": "ml.c5.2xlarge"}
    assert hosts_of(a_job(kind=ResourceKind.TRANSFORM)) is None


def test_a_transform_jobs_hosts_are_all_of_its_one_type() -> None:
    """Whatever they are called."""
    job = a_job(kind=ResourceKind.TRANSFORM, groups=(InstanceGroup("ml.m5.xlarge", 2),))
    use = measure(job, {"i-0a1": raw(cpu=(40, 80), memory=(5, 6))}, HOUR)

    assert [(host.host, host.instance_type, host.cpu) for host in use.hosts] == [
        ("i-0a1", "ml.m5.xlarge", Load(10, 20))
    ]
    assert use.silent == 1


@pytest.mark.parametrize("metrics", [raw(cpu=(900, 1100)), raw(cpu=(1, 1), gpu=(50, 60))])
def test_numbers_no_such_host_can_have_refute_its_type(metrics: Mapping[HostMetric, MetricSeries]) -> None:
    """11 cores at work on a host of 8, or a GPU where there is none: it is some other group's."""
    [host] = used(InstanceGroup("ml.c5.2xlarge", 1), algo_1=metrics).hosts

    assert (host.instance_type, host.cpu, host.gpu) == (None, None, None)


def test_a_sample_a_little_above_all_there_is_is_all_there_is() -> None:
    """Clocks are not exact."""
    [host] = used(InstanceGroup("ml.c5.2xlarge", 1), algo_1=raw(cpu=(801, 830), memory=(1, 1))).hosts

    assert host.cpu == Load(100, 100)


def test_hosts_without_metrics_are_counted_and_not_zero() -> None:
    """Nor do they pull the average down."""
    use = used(InstanceGroup("ml.m5.xlarge", 3), algo_2=raw(cpu=(200, 400), memory=(10, 20)), algo_1={})

    assert ([host.host for host in use.hosts], use.silent, use.covered) == (["algo-2"], 2, 0)
    assert use.whole.cpu == Load(50, 100)


def test_hosts_come_by_number() -> None:
    """algo-10 is after algo-9."""
    metrics = raw(cpu=(4, 4), memory=(1, 1))
    use = used(InstanceGroup("ml.m5.xlarge", 11), **{f"algo_{number}": metrics for number in range(1, 12)})

    assert [host.host for host in use.hosts] == [f"algo-{number}" for number in range(1, 12)]


def test_what_covers_least_says_how_much_is_covered() -> None:
    """A metric that is not there covers nothing."""
    half = raw(cpu=(1, 1), memory=(1, 1), gpu=(1, 1)) | raw(30, gpu_memory=(1, 1))

    assert used(algo_1=half).covered == 0.5
    assert used(algo_1=raw(cpu=(1, 1), memory=(1, 1), gpu=(1, 1))).covered == 0


@pytest.mark.parametrize(
    ("hours", "minutes", "periods"),
    [(0.02, 1, 1), (1, 1, 60), (1.1, 5, 14), (24, 60, 24), (72, 180, 24), (672, 720, 56)],
)
def test_an_hour_and_a_month_take_few_points(hours: float, minutes: int, periods: int) -> None:
    """Sixty at most, and what is older than 15 days is asked for in whole multiples of five minutes."""
    window = Window(STARTED, STARTED + timedelta(minutes=round(hours * 60)))

    assert (window.period, window.periods) == (timedelta(minutes=minutes), periods)


def test_a_window_is_whole_minutes_around_a_time() -> None:
    """Never empty: CloudWatch refuses that."""
    begin, end = STARTED + timedelta(seconds=31), ENDED + timedelta(seconds=1)

    assert Window.of(begin, end) == Window(STARTED, ENDED + timedelta(minutes=1))
    assert Window.of(STARTED, STARTED) == Window(STARTED - timedelta(minutes=1), STARTED)
    assert Window.of(ENDED, STARTED).length == timedelta(minutes=1)


def test_a_hung_job_is_said_to_look_so() -> None:
    """Memory held, nothing done."""
    use = used(InstanceGroup("ml.g5.12xlarge", 2), algo_1=AT_REST, algo_2=AT_REST)

    assert running_sentence(use) == (
        "GPU 0 %, GPU memory 87 %, CPU 3 %, memory 20 % over the last hour on 2 hosts: it looks hung"
    )


@pytest.mark.parametrize(
    ("changes", "hung"),
    [
        ({}, True),
        ({"gpu": (0.1, 3.9)}, True),
        ({"gpu": (0.1, 4)}, False),
        ({"cpu": (10, 239)}, True),
        ({"cpu": (10, 240)}, False),
    ],
)
def test_one_minute_of_work_is_not_hung(changes: dict[str, tuple[float, float]], *, hung: bool) -> None:
    """1 % of four GPUs is 4, 5 % of 48 vCPUs is 240: the peak must stay below both."""
    metrics: dict[str, Any] = {"gpu": (0, 0), "gpu_memory": (1, 1), "cpu": (0, 0), "memory": (1, 1)} | changes

    assert looks_hung(used(algo_1=raw(**metrics))) is hung


@pytest.mark.parametrize(
    "use",
    [
        used(algo_1={}),
        used(InstanceGroup("ml.g5.12xlarge", 2), algo_1=AT_REST),
        within(Window(NOW - timedelta(minutes=59), NOW), algo_1=AT_REST),
        used(algo_1={metric: MetricSeries(value.average, value.peak, 47) for metric, value in AT_REST.items()}),
        used(algo_1=raw(cpu=(0, 0), memory=(0, 0), gpu_memory=(0, 0))),
        used(InstanceGroup("ml.p9.48xlarge", 1), algo_1=raw(cpu=(0, 0), memory=(1, 1))),
        used(InstanceGroup("ml.trn1.2xlarge", 1), algo_1=raw(cpu=(0, 0), memory=(1, 1))),
    ],
    ids=[
        "no metrics",
        "a silent host",
        "no hour yet",
        "gaps",
        "no GPU metric",
        "unknown type",
        "no metric for Trainium",
    ],
)
def test_what_is_not_known_does_not_look_hung(use: Utilization) -> None:
    """Missing metrics are never 0."""
    assert not looks_hung(use)


def test_no_metrics_are_no_metrics() -> None:
    """In both sentences."""
    assert running_sentence(used(algo_1={})) == NO_METRICS
    assert list(report_lines(used())) == [NO_METRICS]


def test_a_short_and_half_known_run_is_said_to_be_one() -> None:
    """How long, and of how many hosts."""
    window = Window(NOW - timedelta(minutes=23), NOW)
    use = within(window, InstanceGroup("ml.m5.xlarge", 2), algo_1=raw(cpu=(200, 300), memory=(5, 6)))

    assert running_sentence(use) == "CPU 50 %, memory 5 % over the last 23 min on 1 of 2 hosts"


def test_a_report_lists_each_host_and_all() -> None:
    """Average and peak."""
    group = InstanceGroup("ml.m5.xlarge", 2)
    use = used(group, algo_1=raw(30, cpu=(40, 80), memory=(5, 6)), algo_2=raw(cpu=(80, 400), memory=(7, 8)))

    assert list(report_lines(use)) == [
        "algo-1 (ml.m5.xlarge): CPU 10 % (peak 20 %), memory 5 % (peak 6 %)",
        "algo-2 (ml.m5.xlarge): CPU 20 % (peak 100 %), memory 7 % (peak 8 %)",
        "both hosts: CPU 15 % (peak 100 %), memory 6 % (peak 8 %)",
        "the metrics cover 50 % of its run",
    ]


def test_a_few_missing_minutes_are_not_worth_a_line() -> None:
    """A run does not begin on the minute."""
    known = {points: len(list(report_lines(used(algo_1=AT_REST | raw(points, cpu=(1, 1)))))) for points in (53, 54)}

    assert known == {53: 2, 54: 1}


def test_a_report_of_many_hosts_ends_with_a_summary() -> None:
    """Eight are listed."""
    metrics = raw(cpu=(40, 80), memory=(5, 6))
    use = used(InstanceGroup("ml.m5.xlarge", 20), **{f"algo_{number}": metrics for number in range(1, 20)})

    assert list(report_lines(use))[7:] == [
        "algo-8 (ml.m5.xlarge): CPU 10 % (peak 20 %), memory 5 % (peak 6 %)",
        "and 11 more",
        "all 19 hosts: CPU 10 % (peak 20 %), memory 5 % (peak 6 %)",
        "no metrics for 1 more",
    ]


def test_the_hosts_of_a_job_with_any_count_are_a_bounded_number() -> None:
    """An event may name 10**9 instances; their names alone would be 100 GB."""
    job = a_job(groups=(InstanceGroup("ml.m5.xlarge", 10**9), InstanceGroup("ml.g5.xlarge", 10**9)))

    assert len(hosts_of(job) or ()) == 1000
    assert measure(job, {}, Window.of(NOW - timedelta(hours=1), NOW)).silent == 2 * 10**9


def test_the_disk_never_decides_what_part_of_the_run_is_known() -> None:
    """Its metric is newer than the others, and transform jobs have none."""
    few = {HostMetric.DISK: MetricSeries(5, 9, 3)}
    known, unknown = (
        used(InstanceGroup(name, 1), **{"algo-1": raw(cpu=(1, 1), memory=(1, 1)) | few})
        for name in ("ml.m5.xlarge", "ml.unknown.xlarge")
    )

    assert (known.covered, unknown.covered) == (1, 1)
