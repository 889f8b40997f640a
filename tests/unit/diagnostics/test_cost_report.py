"""Reports of jobs that ended: which get one, what it says, and what it asks."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from local.slack.block_kit import block_errors
from sagewatch.alerts.base import thread_key_of
from sagewatch.delivery.registry import Alert, read_alert
from sagewatch.diagnostics.alerts import JobReport
from sagewatch.diagnostics.cost_report import UtilizationReader, job_report
from sagewatch.diagnostics.host_metrics import HostMetric
from sagewatch.errors import AccessDeniedError, UnavailableError
from sagewatch.jobs.decisions import EndedJob, SendCostReport, decide_ended
from sagewatch.jobs.record import RecordEffect
from sagewatch.ledger.records import RecordedBy
from sagewatch.pricing.job_cost import PricingStatus, cost_of
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus
from sagewatch.slack.messages.render import Message, render
from tests.fakes.diagnostics import InMemoryJobMetrics
from tests.worlds.builders import BOOK, CREATED, ENDED, NOW, World, a_failed_job, a_job, a_row, an_event

DEAR = a_job(
    created_at=CREATED.replace(hour=9, minute=20),  # 25 h x 1.408
    groups=(InstanceGroup("ml.g5.xlarge", 1),),
    billable_seconds=90_000,
    started_at=ENDED - timedelta(hours=25),
)


DAY = timedelta(days=1)
SMALL = (InstanceGroup("ml.m5.xlarge", 1),)
RUNNING = a_job(status=JobStatus.IN_PROGRESS, ended_at=None, groups=SMALL)


def reports(job: Job, report_usd: str = "10", **changes: Any) -> list[SendCostReport]:
    """The reports that are wanted of an ended job."""
    ended = EndedJob(job=job, cost=cost_of(job, BOOK), owner=None, recorded_by=RecordedBy.EVENT, **changes)
    decision = decide_ended(ended, now=NOW, report_usd=Decimal(report_usd))
    return [action for action in decision.actions if isinstance(action, SendCostReport)]


def works(metrics: InMemoryJobMetrics, job: Job, begin: datetime, end: datetime, **values: float) -> None:
    """A host that does the same every minute."""
    moments = [begin + timedelta(minutes=minute) for minute in range(int((end - begin).total_seconds()) // 60)]
    for name, value in values.items():
        metrics.points[job.kind, job.name, "algo-1", HostMetric[name.upper()]] = dict.fromkeys(moments, value)


def told(world: World) -> list[Alert]:
    """The reports that were queued."""
    return [alert for alert in world.alerts.sent if isinstance(alert, JobReport)]


def test_only_what_cost_more_is_reported() -> None:
    """$0.46; a report has its use."""
    assert reports(a_job(), "0.46") == []
    assert [report.with_use for report in reports(a_job(), "0.45")] == [True]


def test_0_reports_nothing() -> None:
    """It is off."""
    assert reports(DEAR, "0") == []


def test_what_was_told_of_before_gets_its_final_cost_without_a_look() -> None:
    """Whatever it is, and even if it is not known."""
    unpriced = a_job(groups=(InstanceGroup("ml.p9.48xlarge", 1),))

    assert [report.with_use for report in reports(a_job(), alerted_before=True)] == [False]
    assert [report.with_use for report in reports(unpriced, "0", alerted_before=True)] == [False]
    assert [report.with_use for report in reports(DEAR, alerted_before=True)] == [True]


def test_a_failures_own_message_has_its_cost() -> None:
    """The job gets no second message, unless it was expensive."""
    assert reports(a_failed_job(), alerted_before=True) == []


def test_a_job_that_ran_for_long_is_replied_to_at_its_end() -> None:
    """The report goes into the thread of the job's alert. A job without an alert gets no report."""
    for told in ([], ["long#24h"]):
        world = World()
        job = a_job()
        world.has(job)
        world.open_jobs.add(job)
        world.open_jobs.mark_alerted(job, told)
        world.recorder.record(job, RecordedBy.EVENT)

        assert [alert.finding for alert in world.alerts.sent] == ["job-report"] * len(told)


def test_the_past_is_not_reported() -> None:
    """It is no news."""
    assert reports(DEAR, alerting=False, alerted_before=True) == []


def test_a_warm_pool_is_waited_for_and_seconds_that_never_came_are_not() -> None:
    """The one has a final cost still to come."""
    assert reports(replace(DEAR, keep_alive_seconds=600, warm_pool_status="Available")) == []
    assert len(reports(replace(DEAR, keep_alive_seconds=600, warm_pool_status="Terminated"))) == 1
    assert len(reports(replace(DEAR, billable_seconds=None))) == 1


def test_a_dear_job_is_recorded_and_then_reported_with_its_use() -> None:
    """In its thread, dated by its end."""
    world = World()
    world.has(DEAR)
    works(world.metrics, DEAR, ENDED - timedelta(hours=25), ENDED, gpu=98, gpu_memory=80, cpu=200, memory=30)
    outcome = world.recorder.on_event(an_event("training-job-completed"))

    assert outcome.effects == (
        RecordEffect.RECORDED,
        RecordEffect.ALERTED,
        RecordEffect.UNTRACKED,
    )
    [report] = told(world)
    assert isinstance(report, JobReport)
    assert (report.cost_usd, report.happened_at, report.suggestion) == ("35.2", ENDED, None)
    [line] = report.use
    assert line == (
        "algo-1 (ml.g5.xlarge): GPU 98 % (peak 98 %), GPU memory 80 % (peak 80 %), CPU 50 % (peak 50 %), "
        "memory 30 % (peak 30 %)"
    )
    assert report.thread_key == thread_key_of(DEAR.arn, world.rows[0].created_at)
    assert world.metrics.calls == ["1500 minutes of training Fraud-XGB-01"]


def test_a_cheap_job_asks_for_no_metrics() -> None:
    """A job that is reported because of an earlier alert adds nothing to it."""
    world = World()
    world.has(a_job(created_at=CREATED.replace(hour=9, minute=20)))
    world.recorder.on_event(an_event("training-job-completed"))
    world.recorder.cost_reports.report(a_job(), a_row(), with_use=False)

    assert (told(world), world.metrics.calls) == ([], [])


def test_a_low_use_is_reported_with_what_would_have_done() -> None:
    """The book has no cheaper GPU; no GPU was used. The volume costs 30 x $0.14 x 25 h / 720 = $0.15 more."""
    world = World()
    world.has(replace(DEAR, volume_gb=30))
    works(world.metrics, DEAR, ENDED - timedelta(hours=25), ENDED, gpu=0, gpu_memory=1, cpu=40, memory=30, disk=9)
    world.recorder.on_event(an_event("training-job-completed"))

    [report] = told(world)
    assert isinstance(report, JobReport)
    assert report.suggestion == (
        "it used no GPU, and at most 10 % of the 4 vCPUs, 30 % of the 16 GiB of memory, 9 % of the 232 GiB of "
        "disk on ml.g5.xlarge. With ml.m5.xlarge it would cost about "
        "$5.90 with its volume instead of $35.20, if it takes the same time"
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, "CloudWatch has no metrics for this job"),
        (
            AccessDeniedError("cloudwatch:GetMetricData of x: AccessDenied: no"),
            "its utilization is unknown: cloudwatch:GetMetricData of x: AccessDenied: no",
        ),
    ],
)
def test_metrics_that_are_not_there_hinder_neither_row_nor_report(error: Exception | None, said: str) -> None:
    """They may be late, or forbidden."""
    world = World()
    world.has(DEAR)
    world.metrics.failure = error
    outcome = world.recorder.on_event(an_event("training-job-completed"))

    assert outcome.effects == (
        RecordEffect.RECORDED,
        RecordEffect.ALERTED,
        RecordEffect.UNTRACKED,
    )
    assert [report.use for report in told(world) if isinstance(report, JobReport)] == [(said,)]


def test_a_job_that_tells_no_start_is_reported_without_a_look() -> None:
    """There is no time to ask for."""
    world = World()
    report = world.recorder.cost_reports.report(replace(DEAR, started_at=None), a_row(DEAR), with_use=True)

    assert (report.use, world.metrics.calls) == (("CloudWatch has no metrics for this job",), [])


def test_a_duplicate_is_the_same_report() -> None:
    """Delivery posts it once."""
    world = World()
    world.has(DEAR)
    for _ in range(2):
        world.recorder.on_event(an_event("training-job-completed"))

    assert len({alert.alert_id for alert in told(world)}) == 1


def test_a_dear_job_that_only_a_sweep_finds_is_reported_and_an_old_one_is_not() -> None:
    """A day later it is no news."""
    world = World()
    world.has(DEAR)
    world.has(
        replace(
            DEAR, name="old", arn="arn:aws:sagemaker:us-east-1:111122223333:training-job/old", ended_at=NOW - 2 * DAY
        )
    )
    world.sweep()

    assert [alert.name for alert in told(world) if isinstance(alert, JobReport)] == ["Fraud-XGB-01"]
    assert len(world.rows) == 2


def test_a_running_jobs_last_hour_is_one_sentence_and_one_call() -> None:
    """What it did before does not count."""
    metrics = InMemoryJobMetrics()
    works(metrics, RUNNING, NOW - timedelta(hours=1), NOW, cpu=4, memory=50)
    [key] = [key for key in metrics.points if key[3] is HostMetric.CPU]
    metrics.points[key][NOW - timedelta(minutes=61)] = 400

    said = UtilizationReader(metrics).sentence(RUNNING, NOW)
    assert said == "CPU 1 %, memory 50 % over the last hour on 1 host: it looks hung"
    assert metrics.calls == ["60 minutes of training Fraud-XGB-01"]


def test_a_job_that_began_lately_is_asked_about_since_then() -> None:
    """And looks hung no sooner than after an hour."""
    metrics = InMemoryJobMetrics()
    works(metrics, RUNNING, NOW - timedelta(minutes=10), NOW, cpu=4, memory=50)
    job = replace(RUNNING, started_at=NOW - timedelta(minutes=10))

    assert UtilizationReader(metrics).sentence(job, NOW) == "CPU 1 %, memory 50 % over the last 10 min on 1 host"


@pytest.mark.parametrize(
    "job",
    [
        replace(RUNNING, kind=ResourceKind.TUNING),
        replace(RUNNING, groups=()),
        replace(RUNNING, started_at=None, created_at=None),
    ],
)
def test_what_has_no_hosts_or_no_beginning_is_not_asked_about(job: Job) -> None:
    """A tuning job runs nothing itself."""
    metrics = InMemoryJobMetrics()

    assert (UtilizationReader(metrics).sentence(job, NOW), metrics.calls) == (None, [])


def test_a_running_job_nobody_can_tell_of_says_nothing_or_that_there_are_no_metrics() -> None:
    """A failed look is no sentence; an empty one is."""
    assert UtilizationReader(InMemoryJobMetrics(failure=UnavailableError("down"))).sentence(RUNNING, NOW) is None
    assert UtilizationReader(InMemoryJobMetrics()).sentence(RUNNING, NOW) == "CloudWatch has no metrics for this job"


def a_report(**changes: Any) -> JobReport:
    """A report with everything in it."""
    row = a_row(DEAR, spot_savings_usd=Decimal("4.5"))
    report = job_report(
        DEAR,
        row,
        ["algo-1 (ml.g5.xlarge): GPU 3 % (peak 9 %)"],
        "it used little. With x it would cost less",
    )
    return report.model_copy(update=changes)


def shown(message: Message) -> str:
    """Everything a message says, as one text."""
    return message.text + json.dumps([block.to_dict() for block in message.blocks], ensure_ascii=False)


@pytest.mark.parametrize(
    "what",
    [
        "Training job cost $35.20: Fraud-XGB-01",
        "*Cost*\\n$35.20, spot saved $4.50",
        "*Completed*\\n<!date^",
        "*Ran for*\\n1 d 1 h",
        "*Instances*\\n1 x ml.g5.xlarge",
        "*Owner*\\nana@example.com",
        "*Utilization*\\n• algo-1 (ml.g5.xlarge): GPU 3 % (peak 9 %)",
        ":bulb: It used little. With x it would cost less.",
        "Price: ml.g5.xlarge $1.408/h (Training, us-east-1, shipped table of 2026-09-22)",
        "#/jobs/Fraud-XGB-01|Open in the console>",
    ],
)
def test_a_reports_message_says(what: str) -> None:
    """What it cost at which price, how it was used, and what would have done."""
    assert what in shown(render(a_report()))


def test_a_report_says_what_is_not_known() -> None:
    """Never 0."""
    report = a_report(cost_usd=None, pricing=PricingStatus.UNPRICED, spot_savings_usd=None, use=(), suggestion=None)

    assert "Training job ended, cost unknown: Fraud-XGB-01" in shown(render(report))
    assert "*Utilization*" not in shown(render(report))
    assert "about $35.20" in shown(render(a_report(pricing=PricingStatus.PROVISIONAL)))


def test_the_longest_report_fits_and_is_harmless() -> None:
    """An owner's name is text from a user."""
    lines = tuple(f"{number} " + "&" * 390 for number in range(20))
    report = a_report(use=lines, suggestion="<" * 600, owner="<!channel>" * 20, name="a" * 63)

    assert block_errors([block.to_dict() for block in render(report).blocks]) == []
    assert "<!channel>" not in shown(render(report))


def test_a_report_survives_its_queue() -> None:
    """Written and read, it is the same."""
    assert read_alert(a_report().model_dump_json()) == a_report()


def test_a_failed_job_is_told_and_reported_in_one_thread() -> None:
    """A child in its parent's."""
    job = a_failed_job(
        billable_seconds=90_000, parent_arn="arn:aws:sagemaker:us-east-1:1:hyper-parameter-tuning-job/hpo"
    )
    report = job_report(job, a_row(job))

    assert report.thread_key == thread_key_of(job.arn, a_row(job).created_at, job.parent_arn)
    assert "*Failed*" in shown(render(report))


def test_a_child_that_completed_and_a_job_of_its_own_that_failed_are_reported() -> None:
    """Only a child that failed is counted with its parent's failures."""
    parent = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/hpo"
    failed = {"status": JobStatus.FAILED, "failure_reason": "AlgorithmError: x"}

    assert len(reports(replace(DEAR, parent_arn=parent))) == 1
    assert len(reports(replace(DEAR, **failed))) == 1  # type: ignore[arg-type] # by name
    assert reports(replace(DEAR, parent_arn=parent, **failed)) == []  # type: ignore[arg-type] # by name
