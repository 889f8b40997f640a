"""What a sweep asks AWS for: real adapters and clients, every call counted, in accounts with long and longer pasts.

The counts hold for moto as for AWS: both answer a listing that is narrowed by creation time in pages of 100.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sagemaker.models import sagemaker_backends

from local.demo.builders import Run, training
from local.demo.player import PlayedJob, Stage
from local.sagemaker.control import control_app
from sagewatch.adapters.cloudwatch.job_logs import CloudWatchJobLogs
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.ledger import DynamoFamilies, DynamoLedgerKeys, DynamoLedgerRows, DynamoRollUps
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobs, DynamoTrackedJobs
from sagewatch.adapters.dynamodb.prices import DynamoPrices
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.sweep_state import (
    DynamoCheckpoints,
    DynamoCursors,
    DynamoDailyNotices,
    DynamoRegions,
    DynamoTotalStore,
)
from sagewatch.adapters.sagemaker.job_lists import SageMakerLists
from sagewatch.adapters.sagemaker.jobs import SageMakerJobs
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.diagnostics.cost_report import CostReporter, UtilizationReader
from sagewatch.diagnostics.failure_context import FailureContextReader
from sagewatch.jobs.inspection import JobInspector
from sagewatch.jobs.long_running import LongRunningAlerts
from sagewatch.jobs.ports import Checkpoint
from sagewatch.jobs.record import JobRecorder
from sagewatch.jobs.sweep import JobSweep
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.owners.job_owners import JobOwners
from tests.fakes.alerts import InMemoryAlertQueue
from tests.fakes.diagnostics import InMemoryJobMetrics
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, no_time_limit
from tests.worlds.jobs import RULES
from tests.worlds.servers import serving

REGION = "ap-northeast-1"  # a region of its own
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Counted:
    """The job sweep on real adapters, and the calls it made."""

    def __init__(self, aws: Aws, tables: tuple[str, str]) -> None:
        """Count everything."""
        self.calls: Counter[str] = Counter()
        ledger, state = tables
        dynamodb, sagemaker = self._counted(aws.client("dynamodb")), self._counted(aws.client("sagemaker", REGION))
        client: Callable[[str], Any] = lambda _: sagemaker  # noqa: E731 - shorter so
        clock: Callable[[], datetime] = lambda: NOW  # noqa: E731 - as above
        marks, regions = DynamoStaleTotals(dynamodb, state, clock), DynamoRegions(dynamodb, state, clock)
        prices = DynamoPrices(dynamodb, state, otherwise=ShippedPrices(), discount_percent=Decimal(0), clock=clock)
        jobs = SageMakerJobs(client, lambda: datetime.now(UTC))  # moto dates changes by the machine's clock
        families, alerts = DynamoFamilies(dynamodb, ledger), InMemoryAlertQueue()
        open_jobs = DynamoOpenJobs(dynamodb, state=state, ledger=ledger, clock=clock)
        owners, utilization = JobOwners(jobs, ("owner",)), UtilizationReader(InMemoryJobMetrics())
        logs = CloudWatchJobLogs(lambda _: self._counted(aws.client("logs", REGION)))
        recorder = JobRecorder(
            jobs=jobs,
            prices=prices,
            ledger=DynamoLedger(dynamodb, ledger, marks),
            open_jobs=open_jobs,
            alerts=alerts,
            regions=regions,
            owners=owners,
            failure_context=FailureContextReader(families, logs),
            cost_reports=CostReporter(utilization, prices),
            clock=clock,
            report_usd=Decimal(10),
        )
        inspector = JobInspector(
            recorder=recorder,
            jobs=jobs,
            ledger=DynamoLedgerKeys(dynamodb, ledger),
            open_jobs=open_jobs,
            notices=DynamoDailyNotices(dynamodb, state, clock),
            owners=owners,
            clock=clock,
            long_running=LongRunningAlerts(
                families=families,
                archive=DynamoNotebookStates(dynamodb, state, clock),
                alerts=alerts,
                open_jobs=open_jobs,
                owners=owners,
                prices=prices,
                thresholds=RULES,
                utilization=utilization,
                clock=clock,
            ),
        )
        self.job_sweep = JobSweep(
            inspector=inspector,
            lists=SageMakerLists(client, lambda _: None),
            ledger=DynamoLedgerKeys(dynamodb, ledger),
            open_jobs=open_jobs,
            tracked=DynamoTrackedJobs(dynamodb, state),
            checkpoints=DynamoCheckpoints(dynamodb, state),
            cursors=DynamoCursors(dynamodb, state),
            regions=regions,
            totals=TotalsRefresh(
                rows=DynamoLedgerRows(dynamodb, ledger),
                roll_ups=DynamoRollUps(dynamodb, ledger),
                totals=DynamoTotalStore(dynamodb, state),
                marks=marks,
                clock=clock,
            ),
            clock=clock,
            home_region=REGION,
            at_once=1,  # so that no call is counted wrong
        )

    def _counted(self, client: Any) -> Any:
        client.meta.events.register("before-call.*.*", lambda model, **_: self.calls.update([model.name]))
        return client

    def sweep(self) -> Counter[str]:
        """Sweep, and answer with the calls it took."""
        self.calls.clear()
        self.job_sweep.sweep(no_time_limit)
        return Counter(self.calls)


@pytest.fixture
def stage(aws_url: str) -> Iterator[Stage]:
    """An account without jobs."""
    jobs = sagemaker_backends[DEFAULT_ACCOUNT_ID][REGION].training_jobs
    jobs.clear()
    env = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": REGION}
    with serving(control_app(DEFAULT_ACCOUNT_ID, REGION)) as control:
        yield Stage({**env, "AWS_ENDPOINT_URL": aws_url, "SAGEMAKER_CONTROL_URL": control})
    jobs.clear()


def a_played_job(name: str, created_ago: timedelta) -> PlayedJob:
    """A job that took half an hour."""
    return training(name, Run(NOW - created_ago + timedelta(minutes=32), 30), {"ml.m5.xlarge": 1}, region=REGION)


def age(stage: Stage, jobs: int) -> None:
    """Give the account a past: jobs that ended from two days to a year ago."""
    stage.create(a_played_job("old", timedelta(days=2)))
    stage.finish(a_played_job("old", timedelta(days=2)))
    store = sagemaker_backends[DEFAULT_ACCOUNT_ID][REGION].training_jobs
    pattern = store.pop("old")
    for number in range(jobs):
        job = copy.copy(pattern)
        job.training_job_name, job.arn = f"old-{number}", f"{pattern.arn}-{number}"
        job.creation_time = pattern.creation_time - timedelta(minutes=525_600 * number / jobs)
        store[job.training_job_name] = job


def calls_of_a_sweep(aws: Aws, tables: tuple[str, str], stage: Stage, old: int) -> Counter[str]:
    """Calls for 25 open jobs, 40 new ones that ended unseen, and so many old ones."""
    age(stage, old)
    counted = Counted(aws, tables)
    still_running = [a_played_job(f"open-{number}", timedelta(days=1, hours=1)) for number in range(25)]
    for job in still_running:
        stage.create(job)
        stage.control("training-job", job.name, {"TrainingStartTime": NOW - timedelta(minutes=20)}, REGION)
    for kind in ("training", "processing", "transform", "tuning", "automl"):  # as sweeps of before left them
        counted.job_sweep.checkpoints.save(f"sweep#{REGION}#{kind}", Checkpoint(NOW - timedelta(hours=1)))
    for entry in still_running:
        counted.job_sweep.open_jobs.add(counted.job_sweep.inspector.jobs.describe(as_job(entry)))
    for number in range(40):
        new = a_played_job(f"new-{number}", timedelta(minutes=50))
        stage.create(new)
        stage.finish(new)
    return counted.sweep()


def as_job(played: PlayedJob) -> Any:
    """Enough of it to be described."""
    from tests.worlds.builders import a_job  # noqa: PLC0415 - only here

    return a_job(name=played.name, region=REGION)


def test_a_sweeps_calls_do_not_grow_with_the_accounts_past(aws: Aws, tables: tuple[str, str], stage: Stage) -> None:
    """With 20,000 old jobs and with 200,000: the same."""
    few = calls_of_a_sweep(aws, tables, stage, 20_000)
    sagemaker_backends[DEFAULT_ACCOUNT_ID][REGION].training_jobs.clear()
    for table, keys in zip(tables, (("resource_arn", "created_at"), ("pk", "sk")), strict=True):
        empty(aws, table, keys)
    many = calls_of_a_sweep(aws, tables, stage, 200_000)

    assert few == many
    assert few == {
        "Query": 4 + 40,  # marks, regions, open jobs, prices; and what rows each new job has
        "ListTrainingJobs": 1,
        "ListProcessingJobs": 1,
        "ListTransformJobs": 1,
        "ListHyperParameterTuningJobs": 1,
        "ListAutoMLJobs": 1,
        "GetItem": 5 + 1,  # checkpoints; the cursor of inspections
        "BatchGetItem": 2,  # which of the new jobs have rows, and which are in the index
        "TransactWriteItems": 1,  # the new jobs into the index
        "DescribeTrainingJob": 65,
        "ListTags": 40,
        "PutItem": 40 + 1 + 1 + 1 + 1,  # rows; today's mark; how far listing and inspections came; the region
        "DeleteItem": 40,  # and out of the index
    }


def empty(aws: Aws, table: str, keys: tuple[str, str]) -> None:
    """Delete every item."""
    client = aws.client("dynamodb")
    for page in client.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            client.delete_item(TableName=table, Key={key: item[key] for key in keys})


def test_a_second_sweep_asks_only_for_what_is_open(aws: Aws, tables: tuple[str, str], stage: Stage) -> None:
    """Forty recorded jobs are one listing and one look at the ledger."""
    counted = Counted(aws, tables)
    for number in range(40):
        new = a_played_job(f"new-{number}", timedelta(minutes=50))
        stage.create(new)
        stage.finish(new)
    counted.sweep()

    assert counted.sweep() == {
        "Query": 3,
        "ListTrainingJobs": 1,
        "ListProcessingJobs": 1,
        "ListTransformJobs": 1,
        "ListHyperParameterTuningJobs": 1,
        "ListAutoMLJobs": 1,
        "GetItem": 6,
        "BatchGetItem": 1,
    }


def test_running_jobs_cost_one_query_a_family_and_a_telling_three_more(
    aws: Aws, tables: tuple[str, str], stage: Stage
) -> None:
    """Twelve jobs of two families have run for 26 hours: each is reported once, then only their families are read."""
    counted = Counted(aws, tables)
    for family in ("left", "right"):
        for number in range(6):
            job = a_played_job(f"{family}-2026-11-19-10-00-{number:02}-000", timedelta(hours=26))
            stage.create(job)
            stage.control("training-job", job.name, {"TrainingStartTime": NOW - timedelta(hours=26)}, REGION)
    first = counted.sweep()
    second = counted.sweep()
    lists = {f"List{kind}Jobs" for kind in ("Training", "Processing", "Transform", "HyperParameterTuning", "AutoML")}

    assert {name: count for name, count in second.items() if name not in lists} == {
        "GetItem": 5 + 1,  # checkpoints; the cursor of inspections
        "Query": 3 + 2,  # marks, regions, open jobs; two families; prices are known for an hour
        "DescribeTrainingJob": 12,
        "BatchGetItem": 2,  # which listed jobs have rows, and which are in the index
        "PutItem": 1,  # how far the inspections came
    }
    assert first["ListTags"] == first["UpdateItem"] == 12  # its owner; its alerts
    assert (
        first["PutItem"] == 12 + 1 + 1 + 1
    )  # the alerts, to edit later; how far listing and inspections came; the region
