"""What the functions about jobs, prices and delivery are given."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import boto3

from sagewatch.adapters.dynamodb import DynamoLedger
from sagewatch.adapters.dynamodb_deliveries import DynamoDeliveries, DynamoGatherings, DynamoPostedAlerts
from sagewatch.adapters.dynamodb_families import DynamoFamilies
from sagewatch.adapters.dynamodb_health import DynamoSweepLog
from sagewatch.adapters.dynamodb_ledger import DynamoLedgerKeys, DynamoLedgerRows, DynamoRollUps
from sagewatch.adapters.dynamodb_notebooks import DynamoWatches
from sagewatch.adapters.dynamodb_open_jobs import DynamoOpenJobs
from sagewatch.adapters.dynamodb_people import DynamoPeople
from sagewatch.adapters.dynamodb_prices import DynamoPriceCache, DynamoPriceDates, DynamoPrices
from sagewatch.adapters.dynamodb_watch import DynamoCheckpoints, DynamoMarks, DynamoRegions, DynamoTotals
from sagewatch.adapters.job_logs import CloudWatchJobLogs
from sagewatch.adapters.job_metrics import CloudWatchJobMetrics
from sagewatch.adapters.price_list import API_REGION, AwsPriceList
from sagewatch.adapters.sagemaker_jobs import SageMakerJobs
from sagewatch.adapters.sagemaker_lists import SageMakerLists
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.adapters.slack import SlackChannel, SlackPeople
from sagewatch.adapters.sqs import SqsAlertQueue
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.deliverer import Deliverer
from sagewatch.entry import Entry, Logged, Scheduled
from sagewatch.errands import NOBODY, Watcher
from sagewatch.inquirer import Inquirer
from sagewatch.ladders import JobRules
from sagewatch.overseer import Overseer
from sagewatch.ports import JobLogs
from sagewatch.recorder import Recorder
from sagewatch.refresher import Refresher
from sagewatch.reporter import Reporter, UseOfJobs
from sagewatch.settings import (
    DeliverAlertSettings,
    RecordingSettings,
    RecordJobSettings,
    RefreshPricesSettings,
    SweepJobsSettings,
)
from sagewatch.summer import Summer
from sagewatch.sweeper import Sweeper
from sagewatch.wiring.clients import (
    BETWEEN_LISTS,
    LONGEST_LOOK,
    QUICK,
    Pace,
    cloudwatch,
    entry,
    job_logs,
    now,
    patient_sagemaker,
    sagemaker,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sqs import SQSClient


_LOGS = CloudWatchJobLogs(job_logs)


@cache
def record_job(settings: RecordJobSettings | None = None) -> Entry:
    """RecordJob: a job changed state. Raises ``SettingsError``."""
    given = settings or RecordJobSettings.from_env()
    sqs = boto3.client("sqs", config=QUICK)
    dynamodb = boto3.client("dynamodb", config=QUICK)
    recorder = make_recorder(given.recording, dynamodb, sqs, sagemaker, report_usd=given.report_usd, logs=_LOGS)
    return entry(recorder.on_message, sqs, given.inbox)


@cache
def sweep_jobs(settings: SweepJobsSettings | None = None) -> Scheduled:
    """SweepJobs: what events missed. Raises ``SettingsError``."""
    given = settings or SweepJobsSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=QUICK), boto3.client("sqs", config=QUICK)
    recorder = make_recorder(given.recording, dynamodb, sqs, patient_sagemaker, report_usd=given.report_usd, logs=_LOGS)
    sweeper = make_sweeper(given.recording, recorder, dynamodb, home_region=given.home_region, watcher=NOBODY)
    overseer = Overseer(
        recorder=recorder,
        families=DynamoFamilies(dynamodb, given.recording.cost_ledger),
        files=DynamoWatches(dynamodb, given.recording.watch_state, now),
        rules=JobRules(long_running=given.long_running, burn_usd=given.burn_usd),
        use=recorder.reporter.uses,
    )
    sweeper = replace(sweeper, overseer=overseer)
    log = DynamoSweepLog(dynamodb, given.recording.watch_state)
    return Scheduled(Logged(sweep=sweeper.sweep, name="SweepJobs", log=log, clock=now), reserve=LONGEST_LOOK)


@cache
def refresh_prices(settings: RefreshPricesSettings | None = None) -> Scheduled:
    """RefreshPrices: the price list into the cache. Raises ``SettingsError``."""
    given = settings or RefreshPricesSettings.from_env()
    dynamodb = boto3.client("dynamodb", config=QUICK)
    refresher = Refresher(
        price_list=AwsPriceList(boto3.client("pricing", region_name=API_REGION, config=QUICK)),
        cache=DynamoPriceCache(dynamodb, given.watch_state),
        dates=DynamoPriceDates(dynamodb, given.watch_state),
        regions=DynamoRegions(dynamodb, given.watch_state, now),
        clock=now,
        home_region=given.home_region,
    )
    return Scheduled(refresher.refresh)


@cache
def deliver_alert(settings: DeliverAlertSettings | None = None) -> Entry:
    """DeliverAlert: an alert to Slack. Raises ``SettingsError``."""
    given = settings or DeliverAlertSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=QUICK), boto3.client("sqs", config=QUICK)
    secret = SsmSecret(boto3.client("ssm", config=QUICK), given.slack_token_parameter, now)
    deliverer = Deliverer(
        deliveries=DynamoDeliveries(dynamodb, given.watch_state),
        posted=DynamoPostedAlerts(dynamodb, given.watch_state),
        gatherings=DynamoGatherings(dynamodb, given.watch_state),
        channel=SlackChannel(token=secret, channel=given.slack_channel, api_url=given.slack_api_url),
        alerts=SqsAlertQueue(sqs, given.inbox.queue_url),
        people=DynamoPeople(
            dynamodb, given.watch_state, now, ask=SlackPeople(token=secret, api_url=given.slack_api_url)
        ),
        clock=now,
        routes=given.slack_routes,
    )
    return entry(deliverer.on_message, sqs, given.inbox)


def make_sweeper(
    given: RecordingSettings, recorder: Recorder, dynamodb: "DynamoDBClient", *, home_region: str, watcher: Watcher
) -> Sweeper:
    """A sweep, for the schedule or for an operator."""
    return Sweeper(
        recorder=recorder,
        jobs=recorder.jobs,
        lists=SageMakerLists(patient_sagemaker, Pace(BETWEEN_LISTS)),
        ledger=DynamoLedgerKeys(dynamodb, given.cost_ledger),
        open_jobs=recorder.open_jobs,
        checkpoints=DynamoCheckpoints(dynamodb, given.watch_state),
        regions=recorder.regions,
        summer=Summer(
            rows=DynamoLedgerRows(dynamodb, given.cost_ledger),
            roll_ups=DynamoRollUps(dynamodb, given.cost_ledger),
            totals=DynamoTotals(dynamodb, given.watch_state),
            marks=recorder.marks,
            clock=now,
        ),
        clock=now,
        home_region=home_region,
        watcher=watcher,
    )


def make_recorder(  # noqa: PLR0913 - what an operator's run has of its own
    given: RecordingSettings,
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    sagemaker: "Callable[[str], SageMakerClient]",
    *,
    report_usd: Decimal = Decimal(0),
    logs: JobLogs | None = None,
) -> Recorder:
    """What records jobs, whoever found them. Who tells nobody reads no logs, and reports nothing."""
    prices = DynamoPrices(dynamodb, given.watch_state, otherwise=ShippedPrices(), clock=now)
    return Recorder(
        jobs=SageMakerJobs(sagemaker, now),
        prices=prices,
        ledger=DynamoLedger(dynamodb, given.cost_ledger),
        open_jobs=DynamoOpenJobs(dynamodb, state=given.watch_state, ledger=given.cost_ledger, clock=now),
        alerts=SqsAlertQueue(sqs, given.alert_queue_url),
        marks=DynamoMarks(dynamodb, given.watch_state, now),
        regions=DynamoRegions(dynamodb, given.watch_state, now),
        inquirer=Inquirer(DynamoFamilies(dynamodb, given.cost_ledger), logs),
        clock=now,
        owner_tag_keys=given.owner_tag_keys,
        discount_percent=given.discount_percent,
        reporter=Reporter(uses=UseOfJobs(CloudWatchJobMetrics(cloudwatch)), prices=prices),
        report_usd=report_usd,
    )
