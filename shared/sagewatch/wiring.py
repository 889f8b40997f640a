"""The only module that names adapters: it gives every function what it needs, once per execution environment."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from sagewatch.adapters.dynamodb import DynamoDeliveries, DynamoLedger, DynamoOpenJobs
from sagewatch.adapters.dynamodb_prices import DynamoPriceCache, DynamoPrices
from sagewatch.adapters.price_list import API_REGION, AwsPriceList
from sagewatch.adapters.sagemaker_jobs import SageMakerJobs
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.adapters.slack import SlackChannel
from sagewatch.adapters.sqs import SqsAlertQueue, SqsInbox
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.deliverer import Deliverer
from sagewatch.entry import Entry, Scheduled, Work
from sagewatch.recorder import Recorder
from sagewatch.refresher import Refresher
from sagewatch.settings import DeliverAlertSettings, InboxSettings, RecordJobSettings, RefreshPricesSettings

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sqs import SQSClient

# Which adapters a function is given. A test holds each role in the template to the union of their PERMISSIONS.
ADAPTERS: Mapping[str, tuple[type[Any], ...]] = {
    "RecordJob": (SageMakerJobs, ShippedPrices, DynamoPrices, DynamoLedger, DynamoOpenJobs, SqsAlertQueue, SqsInbox),
    "RefreshPrices": (AwsPriceList, DynamoPriceCache),
    "DeliverAlert": (DynamoDeliveries, SlackChannel, SsmSecret, SqsInbox),
}

# Short tries here, long waits in the queue: a sleeping Lambda is paid for, a waiting message is not.
_CONFIG = Config(connect_timeout=2, read_timeout=6, retries={"mode": "standard", "total_max_attempts": 2})


@cache
def record_job(settings: RecordJobSettings | None = None) -> Entry:
    """RecordJob: a job changed state. Raises ``SettingsError``."""
    given = settings or RecordJobSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=_CONFIG), boto3.client("sqs", config=_CONFIG)
    recorder = Recorder(
        jobs=SageMakerJobs(_sagemaker, now),
        prices=DynamoPrices(dynamodb, given.watch_state, otherwise=ShippedPrices(), clock=now),
        ledger=DynamoLedger(dynamodb, given.cost_ledger),
        open_jobs=DynamoOpenJobs(dynamodb, state=given.watch_state, ledger=given.cost_ledger),
        alerts=SqsAlertQueue(sqs, given.alert_queue_url),
        clock=now,
        owner_tag_keys=given.owner_tag_keys,
        discount_percent=given.discount_percent,
    )
    return _entry(recorder.on_message, sqs, given.inbox)


@cache
def refresh_prices(settings: RefreshPricesSettings | None = None) -> Scheduled:
    """RefreshPrices: the price list into the cache. Raises ``SettingsError``."""
    given = settings or RefreshPricesSettings.from_env()
    refresher = Refresher(
        price_list=AwsPriceList(boto3.client("pricing", region_name=API_REGION, config=_CONFIG)),
        cache=DynamoPriceCache(boto3.client("dynamodb", config=_CONFIG), given.watch_state),
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


def _entry(work: Work, sqs: "SQSClient", inbox: InboxSettings) -> Entry:
    queues = SqsInbox(sqs, url=inbox.queue_url, dead_letter_url=inbox.dead_letter_queue_url)
    return Entry(work, inbox=queues, max_receives=inbox.max_receives)


@cache
def _sagemaker(region: str) -> "SageMakerClient":
    return boto3.client("sagemaker", region_name=region, config=_CONFIG)
