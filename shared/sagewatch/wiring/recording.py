"""Builds what records and sweeps jobs, for RecordJob, SweepJobs and the operator's backfill."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sagewatch.adapters.alert_queue import SqsAlertQueue
from sagewatch.adapters.cloudwatch.job_logs import CloudWatchJobLogs
from sagewatch.adapters.cloudwatch.job_metrics import CloudWatchJobMetrics
from sagewatch.adapters.dynamodb.ledger import (
    DynamoFamilies,
    DynamoLedgerKeys,
    DynamoLedgerRows,
    DynamoRollUps,
)
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
from sagewatch.diagnostics.cost_report import CostReporter, UtilizationReader
from sagewatch.diagnostics.failure_context import FailureContextReader
from sagewatch.jobs.inspection import JobInspector
from sagewatch.jobs.long_running import LongRunningAlerts
from sagewatch.jobs.record import JobRecorder
from sagewatch.jobs.sweep import JobSweep
from sagewatch.jobs.sweep_run import SweepProgress
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.owners.job_owners import JobOwners
from sagewatch.runtime.settings import RecordingSettings
from sagewatch.sagemaker.scopes import Scope
from sagewatch.wiring.clients import BETWEEN_LISTS, Throttle, now
from sagewatch.wiring.prices import make_prices
from sagewatch.wiring.scoped_clients import ScopedClients, watched_accounts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingParts:
    """The adapters that recording, sweeping and alerting share, each made once."""

    settings: RecordingSettings
    dynamodb: "DynamoDBClient"
    clients: ScopedClients
    jobs: SageMakerJobs
    prices: DynamoPrices
    open_jobs: DynamoOpenJobs
    alerts: SqsAlertQueue
    stale_totals: DynamoStaleTotals
    regions: DynamoRegions
    families: DynamoFamilies
    owners: JobOwners
    utilization: UtilizationReader


def make_parts(
    settings: RecordingSettings,
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    clients: ScopedClients,
    sagemaker: "Callable[[Scope], SageMakerClient]",
) -> RecordingParts:
    """Make the adapters on these clients. ``sagemaker`` is the patient or the quick one of them."""
    ledger, state = settings.cost_ledger, settings.watch_state
    jobs = SageMakerJobs(sagemaker, now)
    return RecordingParts(
        settings=settings,
        dynamodb=dynamodb,
        clients=clients,
        jobs=jobs,
        prices=make_prices(dynamodb, state, settings),
        open_jobs=DynamoOpenJobs(dynamodb, state=state, ledger=ledger, clock=now, home=settings.account),
        alerts=SqsAlertQueue(sqs, settings.alert_queue_url),
        stale_totals=DynamoStaleTotals(dynamodb, state, now),
        regions=DynamoRegions(dynamodb, state, now, settings.regions, settings.account),
        families=DynamoFamilies(dynamodb, ledger),
        owners=JobOwners(jobs, settings.owner_tag_keys),
        utilization=UtilizationReader(CloudWatchJobMetrics(clients.cloudwatch)),
    )


def make_job_sweep(
    parts: RecordingParts,
    recorder: JobRecorder,
    *,
    home_region: str,
    progress: SweepProgress,
    long_running: LongRunningAlerts | None = None,
) -> JobSweep:
    """Make the sweep of jobs, for the schedule or for an operator. An operator's sweep sends no alerts."""
    ledger, state = parts.settings.cost_ledger, parts.settings.watch_state
    inspector = JobInspector(
        recorder=recorder,
        jobs=parts.jobs,
        ledger=DynamoLedgerKeys(parts.dynamodb, ledger),
        open_jobs=parts.open_jobs,
        notices=DynamoDailyNotices(parts.dynamodb, state, now),
        owners=parts.owners,
        clock=now,
        long_running=long_running,
    )
    return JobSweep(
        inspector=inspector,
        lists=SageMakerLists(parts.clients.patient_sagemaker, Throttle(BETWEEN_LISTS)),
        ledger=DynamoLedgerKeys(parts.dynamodb, ledger),
        open_jobs=parts.open_jobs,
        tracked=DynamoTrackedJobs(parts.dynamodb, state, parts.settings.account),
        checkpoints=DynamoCheckpoints(parts.dynamodb, state),
        cursors=DynamoCursors(parts.dynamodb, state),
        regions=parts.regions,
        totals=TotalsRefresh(
            rows=DynamoLedgerRows(parts.dynamodb, ledger),
            roll_ups=DynamoRollUps(parts.dynamodb, ledger),
            totals=DynamoTotalStore(parts.dynamodb, state),
            marks=parts.stale_totals,
            clock=now,
        ),
        clock=now,
        home_region=home_region,
        progress=progress,
    )


def make_job_recorder(
    parts: RecordingParts, *, report_usd: Decimal = Decimal(0), read_logs: bool = False
) -> JobRecorder:
    """Make the job recorder. An operator's backfill sends no alerts, so it needs no logs and no cost reports."""
    logs = CloudWatchJobLogs(parts.clients.job_logs) if read_logs else None
    return JobRecorder(
        jobs=parts.jobs,
        prices=parts.prices,
        ledger=DynamoLedger(parts.dynamodb, parts.settings.cost_ledger, parts.stale_totals),
        open_jobs=parts.open_jobs,
        alerts=parts.alerts,
        regions=parts.regions,
        owners=parts.owners,
        failure_context=FailureContextReader(parts.families, logs),
        cost_reports=CostReporter(utilization=parts.utilization, prices=parts.prices),
        clock=now,
        report_usd=report_usd,
        watched=watched_accounts(parts.settings),
    )
