"""The only module that names adapters: it gives every function what it needs, once per execution environment."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from sagewatch.adapters.dynamodb import DynamoDeliveries, DynamoLedger, DynamoOpenJobs
from sagewatch.adapters.dynamodb_ledger import DynamoLedgerKeys, DynamoLedgerRows, DynamoRollUps
from sagewatch.adapters.dynamodb_prices import DynamoPriceCache, DynamoPrices
from sagewatch.adapters.dynamodb_watch import DynamoCheckpoints, DynamoMarks, DynamoRegions, DynamoTotals
from sagewatch.adapters.price_list import API_REGION, AwsPriceList
from sagewatch.adapters.sagemaker_jobs import SageMakerJobs
from sagewatch.adapters.sagemaker_lists import SageMakerLists
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.adapters.slack import SlackChannel
from sagewatch.adapters.sqs import SqsAlertQueue, SqsInbox
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.adapters.stack import read_stack
from sagewatch.deliverer import Deliverer
from sagewatch.entry import Entry, Scheduled, Work
from sagewatch.errands import NOBODY, Watcher
from sagewatch.errors import SettingsError
from sagewatch.recorder import Recorder
from sagewatch.refresher import Refresher
from sagewatch.settings import (
    DeliverAlertSettings,
    InboxSettings,
    RecordingSettings,
    RecordJobSettings,
    RefreshPricesSettings,
    SweepJobsSettings,
)
from sagewatch.spending import Spending
from sagewatch.summer import Summer
from sagewatch.sweeper import Sweeper

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sqs import SQSClient

_RECORDING = (
    SageMakerJobs,
    ShippedPrices,
    DynamoPrices,
    DynamoLedger,
    DynamoOpenJobs,
    DynamoMarks,
    DynamoRegions,
    SqsAlertQueue,
)
# Which adapters a function is given. A test holds each role in the template to the union of their PERMISSIONS.
ADAPTERS: Mapping[str, tuple[type[Any], ...]] = {
    "RecordJob": (*_RECORDING, SqsInbox),
    "SweepJobs": (
        *_RECORDING,
        SageMakerLists,
        DynamoLedgerKeys,
        DynamoLedgerRows,
        DynamoRollUps,
        DynamoCheckpoints,
        DynamoTotals,
    ),
    "RefreshPrices": (AwsPriceList, DynamoPriceCache, DynamoRegions),
    "DeliverAlert": (DynamoDeliveries, SlackChannel, SsmSecret, SqsInbox),
}

# Short tries here, long waits in the queue: a sleeping Lambda is paid for, a waiting message is not.
_CONFIG = Config(connect_timeout=2, read_timeout=6, retries={"mode": "standard", "total_max_attempts": 2})
# A sweep has no queue to wait in, and time: botocore slows down by itself when SageMaker throttles.
_PATIENT = Config(connect_timeout=2, read_timeout=6, retries={"mode": "adaptive", "total_max_attempts": 5})
_LONGEST_LOOK = 120_000  # milliseconds: a job's three calls to SageMaker, each tried five times without an answer
_BETWEEN_LISTS = 0.55  # seconds: ListTrainingJobs allows two requests a second


@cache
def record_job(settings: RecordJobSettings | None = None) -> Entry:
    """RecordJob: a job changed state. Raises ``SettingsError``."""
    given = settings or RecordJobSettings.from_env()
    sqs = boto3.client("sqs", config=_CONFIG)
    recorder = _recorder(given.recording, boto3.client("dynamodb", config=_CONFIG), sqs, _sagemaker)
    return _entry(recorder.on_message, sqs, given.inbox)


@cache
def sweep_jobs(settings: SweepJobsSettings | None = None) -> Scheduled:
    """SweepJobs: what events missed. Raises ``SettingsError``."""
    given = settings or SweepJobsSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=_CONFIG), boto3.client("sqs", config=_CONFIG)
    return Scheduled(_sweeper(given.recording, dynamodb, sqs, given.home_region, NOBODY).sweep, reserve=_LONGEST_LOOK)


def backfill(stack: str, watcher: Watcher) -> Sweeper:
    """``make backfill``: the past of an account, with the caller's own credentials, for the stack of that name.

    Raises ``SettingsError`` and what ``read_stack`` does.
    """
    session = boto3.Session()
    given = _operator(session, stack)
    dynamodb, sqs = session.client("dynamodb", config=_PATIENT), session.client("sqs", config=_PATIENT)
    return _sweeper(given, dynamodb, sqs, session.region_name, watcher)


def spending(stack: str, on_day: Callable[[str], None]) -> Spending:
    """``make costs``: what the ledger of the stack of that name says. Raises what ``backfill`` does."""
    session = boto3.Session()
    given = _operator(session, stack)
    dynamodb = session.client("dynamodb", config=_PATIENT)
    return Spending(
        rows=DynamoLedgerRows(dynamodb, given.cost_ledger),
        totals=DynamoTotals(dynamodb, given.watch_state),
        marks=DynamoMarks(dynamodb, given.watch_state, now),
        on_day=on_day,
    )


@cache
def refresh_prices(settings: RefreshPricesSettings | None = None) -> Scheduled:
    """RefreshPrices: the price list into the cache. Raises ``SettingsError``."""
    given = settings or RefreshPricesSettings.from_env()
    dynamodb = boto3.client("dynamodb", config=_CONFIG)
    refresher = Refresher(
        price_list=AwsPriceList(boto3.client("pricing", region_name=API_REGION, config=_CONFIG)),
        cache=DynamoPriceCache(dynamodb, given.watch_state),
        regions=DynamoRegions(dynamodb, given.watch_state, now),
        clock=now,
        home_region=given.home_region,
    )
    return Scheduled(refresher.refresh)


@cache
def deliver_alert(settings: DeliverAlertSettings | None = None) -> Entry:
    """DeliverAlert: an alert to Slack. Raises ``SettingsError``."""
    given = settings or DeliverAlertSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=_CONFIG), boto3.client("sqs", config=_CONFIG)
    secret = SsmSecret(boto3.client("ssm", config=_CONFIG), given.slack_token_parameter, now)
    deliverer = Deliverer(
        deliveries=DynamoDeliveries(dynamodb, given.watch_state),
        channel=SlackChannel(token=secret, channel=given.slack_channel, api_url=given.slack_api_url),
        clock=now,
    )
    return _entry(deliverer.on_message, sqs, given.inbox)


def now() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


def _operator(session: boto3.Session, stack: str) -> RecordingSettings:
    if not session.region_name:
        raise SettingsError("no region is set: AWS_DEFAULT_REGION or a profile names the one the stack is in")
    return RecordingSettings.from_stack(read_stack(session.client("cloudformation", config=_PATIENT), stack))


def _sweeper(
    given: RecordingSettings,
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    home_region: str,
    watcher: Watcher,
) -> Sweeper:
    recorder = _recorder(given, dynamodb, sqs, _patient_sagemaker)
    return Sweeper(
        recorder=recorder,
        jobs=recorder.jobs,
        lists=SageMakerLists(_patient_sagemaker, Pace(_BETWEEN_LISTS)),
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


def _recorder(
    given: RecordingSettings,
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    sagemaker: "Callable[[str], SageMakerClient]",
) -> Recorder:
    return Recorder(
        jobs=SageMakerJobs(sagemaker, now),
        prices=DynamoPrices(dynamodb, given.watch_state, otherwise=ShippedPrices(), clock=now),
        ledger=DynamoLedger(dynamodb, given.cost_ledger),
        open_jobs=DynamoOpenJobs(dynamodb, state=given.watch_state, ledger=given.cost_ledger, clock=now),
        alerts=SqsAlertQueue(sqs, given.alert_queue_url),
        marks=DynamoMarks(dynamodb, given.watch_state, now),
        regions=DynamoRegions(dynamodb, given.watch_state, now),
        clock=now,
        owner_tag_keys=given.owner_tag_keys,
        discount_percent=given.discount_percent,
    )


def _entry(work: Work, sqs: "SQSClient", inbox: InboxSettings) -> Entry:
    queues = SqsInbox(sqs, url=inbox.queue_url, dead_letter_url=inbox.dead_letter_queue_url)
    return Entry(work, inbox=queues, max_receives=inbox.max_receives)


@cache
def _sagemaker(region: str) -> "SageMakerClient":
    return boto3.client("sagemaker", region_name=region, config=_CONFIG)


@cache
def _patient_sagemaker(region: str) -> "SageMakerClient":
    return boto3.client("sagemaker", region_name=region, config=_PATIENT)


class Pace:
    """Waits so that between two calls in one region lie at least so many seconds."""

    def __init__(
        self,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the distance, and what tells and passes the time."""
        self._seconds = seconds
        self._monotonic = monotonic
        self._sleep = sleep
        self._last: dict[str, float] = {}

    def __call__(self, region: str) -> None:
        """Wait for as long as it takes."""
        left = self._last.get(region, float("-inf")) + self._seconds - self._monotonic()
        if left > 0:
            self._sleep(left)
        self._last[region] = self._monotonic()
