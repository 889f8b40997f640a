"""What records jobs, for RecordJob, SweepJobs and an operator's backfill."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from sagewatch.adapters.cloudwatch.job_logs import CloudWatchJobLogs
from sagewatch.adapters.cloudwatch.job_metrics import CloudWatchJobMetrics
from sagewatch.adapters.dynamodb.ledger import (
    DynamoFamilies,
    DynamoLedger,
    DynamoLedgerKeys,
    DynamoLedgerRows,
    DynamoRollUps,
)
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobs
from sagewatch.adapters.dynamodb.prices import DynamoPrices
from sagewatch.adapters.dynamodb.sweep_state import (
    DynamoCheckpoints,
    DynamoRegions,
    DynamoStaleTotals,
    DynamoTotalStore,
)
from sagewatch.adapters.sagemaker.job_lists import SageMakerLists
from sagewatch.adapters.sagemaker.jobs import SageMakerJobs
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.adapters.sqs import SqsAlertQueue
from sagewatch.diagnostics.cost_report import CostReporter, UtilizationReader
from sagewatch.diagnostics.failure_context import FailureContextReader
from sagewatch.diagnostics.ports import JobLogs
from sagewatch.jobs.record import JobRecorder
from sagewatch.jobs.sweep import JobSweep
from sagewatch.jobs.sweep_run import SweepProgress
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.runtime.settings import RecordingSettings
from sagewatch.wiring.clients import BETWEEN_LISTS, Throttle, cloudwatch, job_logs, now, patient_sagemaker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sqs import SQSClient


JOB_LOGS = CloudWatchJobLogs(job_logs)


def make_job_sweep(
    given: RecordingSettings,
    recorder: JobRecorder,
    dynamodb: "DynamoDBClient",
    *,
    home_region: str,
    watcher: SweepProgress,
) -> JobSweep:
    """A sweep, for the schedule or for an operator."""
    return JobSweep(
        recorder=recorder,
        jobs=recorder.jobs,
        lists=SageMakerLists(patient_sagemaker, Throttle(BETWEEN_LISTS)),
        ledger=DynamoLedgerKeys(dynamodb, given.cost_ledger),
        open_jobs=recorder.open_jobs,
        checkpoints=DynamoCheckpoints(dynamodb, given.watch_state),
        regions=recorder.regions,
        summer=TotalsRefresh(
            rows=DynamoLedgerRows(dynamodb, given.cost_ledger),
            roll_ups=DynamoRollUps(dynamodb, given.cost_ledger),
            totals=DynamoTotalStore(dynamodb, given.watch_state),
            marks=recorder.marks,
            clock=now,
        ),
        clock=now,
        home_region=home_region,
        watcher=watcher,
    )


def make_job_recorder(  # noqa: PLR0913 - what an operator's run has of its own
    given: RecordingSettings,
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    sagemaker: "Callable[[str], SageMakerClient]",
    *,
    report_usd: Decimal = Decimal(0),
    logs: JobLogs | None = None,
) -> JobRecorder:
    """What records jobs, whoever found them. Who tells nobody reads no logs, and reports nothing."""
    prices = DynamoPrices(dynamodb, given.watch_state, otherwise=ShippedPrices(), clock=now)
    return JobRecorder(
        jobs=SageMakerJobs(sagemaker, now),
        prices=prices,
        ledger=DynamoLedger(dynamodb, given.cost_ledger),
        open_jobs=DynamoOpenJobs(dynamodb, state=given.watch_state, ledger=given.cost_ledger, clock=now),
        alerts=SqsAlertQueue(sqs, given.alert_queue_url),
        marks=DynamoStaleTotals(dynamodb, given.watch_state, now),
        regions=DynamoRegions(dynamodb, given.watch_state, now),
        inquirer=FailureContextReader(DynamoFamilies(dynamodb, given.cost_ledger), logs),
        clock=now,
        owner_tag_keys=given.owner_tag_keys,
        discount_percent=given.discount_percent,
        reporter=CostReporter(uses=UtilizationReader(CloudWatchJobMetrics(cloudwatch)), prices=prices),
        report_usd=report_usd,
    )
