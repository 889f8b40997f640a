"""What SendDigest is given."""

from functools import cache
from typing import TYPE_CHECKING

import boto3

from sagewatch.adapters.dynamodb_deliveries import DynamoPostedAlerts
from sagewatch.adapters.dynamodb_health import DynamoSweepTimes
from sagewatch.adapters.dynamodb_ledger import DynamoLedgerRows
from sagewatch.adapters.dynamodb_open_jobs import DynamoOpenJobList
from sagewatch.adapters.dynamodb_prices import DynamoPriceDates, DynamoPrices
from sagewatch.adapters.dynamodb_reads import DynamoWatchState
from sagewatch.adapters.matplotlib_painter import MatplotlibPainter
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.adapters.slack import SlackPictures
from sagewatch.adapters.sqs import SqsAlertQueue, SqsDeadLetters
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.digest_settings import SendDigestSettings
from sagewatch.digester import Digester
from sagewatch.entry import Invoked
from sagewatch.gauge import Gauge
from sagewatch.health import HealthReader
from sagewatch.meter import Meter
from sagewatch.spending import Spending
from sagewatch.wiring.clients import PATIENT, QUICK, now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@cache
def send_digest(settings: SendDigestSettings | None = None) -> Invoked:
    """SendDigest: what a day or a week cost. Raises ``SettingsError``."""
    given = settings or SendDigestSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=PATIENT), boto3.client("sqs", config=QUICK)
    secret = SsmSecret(boto3.client("ssm", config=QUICK), given.slack_token_parameter, now)
    state = DynamoWatchState(dynamodb, given.watch_state, now)
    gauge = _gauge(given, dynamodb, state)
    digester = Digester(
        spending=Spending(rows=DynamoLedgerRows(dynamodb, given.cost_ledger), totals=state, marks=state),
        gauge=gauge,
        prices=gauge.meter.prices,
        painter=MatplotlibPainter(),
        pictures=SlackPictures(token=secret, api_url=given.slack_api_url),
        alerts=SqsAlertQueue(sqs, given.alert_queue_url),
        posted=DynamoPostedAlerts(dynamodb, given.watch_state),
        health=HealthReader(
            sweeps=DynamoSweepTimes(dynamodb, given.watch_state),
            dead_letters=SqsDeadLetters(sqs, given.dead_letter_queues),
            prices=DynamoPriceDates(dynamodb, given.watch_state),
            regions=state,
            clock=now,
            home_region=given.home_region,
        ),
        clock=now,
        zone=given.zone,
        budgets=given.budgets,
        account=given.account,
        region=given.home_region,
    )
    return Invoked(digester.on_event)


def _gauge(given: SendDigestSettings, dynamodb: "DynamoDBClient", state: DynamoWatchState) -> Gauge:
    meter = Meter(
        sessions=state,
        prices=DynamoPrices(dynamodb, given.watch_state, otherwise=ShippedPrices(), clock=now),
        regions=state,
        clock=now,
        home_region=given.home_region,
        discount_percent=given.discount_percent,
    )
    return Gauge(meter=meter, open_jobs=DynamoOpenJobList(dynamodb, given.watch_state), watches=state)
