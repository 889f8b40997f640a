"""SendDigest: its settings, and what it is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

import boto3

from sagewatch.adapters.chart import MatplotlibChart
from sagewatch.adapters.dynamodb.deliveries import DynamoPostedMessages
from sagewatch.adapters.dynamodb.health import DynamoSweepTimes
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStateReader
from sagewatch.adapters.dynamodb.ledger import DynamoLedgerRows
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobReader
from sagewatch.adapters.dynamodb.prices import DynamoPriceDates, DynamoPrices
from sagewatch.adapters.dynamodb.sessions import DynamoSessionReader
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegionReader, DynamoStaleTotalReader, DynamoTotalReader
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.adapters.slack import SlackImageUploads
from sagewatch.adapters.sqs import SqsAlertQueue, SqsDeadLetters
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.digest.budgets import Budget
from sagewatch.digest.health import HealthReader
from sagewatch.digest.running_now import RunningNowReader
from sagewatch.digest.send import DigestSender
from sagewatch.ledger.queries import LedgerQueries
from sagewatch.notebooks.open_costs import OpenSessionCosts
from sagewatch.runtime.handlers import EventHandler
from sagewatch.runtime.settings import FromEnvironment
from sagewatch.runtime.variables import Variables
from sagewatch.wiring.clients import PATIENT, QUICK, now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDigestSettings(FromEnvironment):
    """What SendDigest needs. ``account`` and ``home_region`` are the stack's own."""

    cost_ledger: str
    watch_state: str
    alert_queue_url: str
    dead_letter_queues: Mapping[str, str]
    discount_percent: Decimal
    zone: ZoneInfo
    budgets: tuple[Budget, ...]
    slack_token_parameter: str
    slack_api_url: str
    account: str
    home_region: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            cost_ledger=env.text("COST_LEDGER"),
            watch_state=env.text("WATCH_STATE"),
            alert_queue_url=env.text("ALERT_QUEUE_URL"),
            dead_letter_queues={
                "EventDeadLetterQueue": env.text("EVENT_DEAD_LETTER_QUEUE_URL"),
                "AlertDeadLetterQueue": env.text("ALERT_DEAD_LETTER_QUEUE_URL"),
            },
            discount_percent=env.percent("DISCOUNT_PERCENT"),
            zone=env.zone("TIMEZONE"),
            budgets=env.budgets("MONTHLY_BUDGETS"),
            slack_token_parameter=env.text("SLACK_TOKEN_PARAMETER"),
            slack_api_url=env.text("SLACK_API_URL"),
            account=env.text("ACCOUNT"),
            home_region=env.text("AWS_REGION"),
        )


@cache
def send_digest(settings: SendDigestSettings | None = None) -> EventHandler:
    """SendDigest: what a day or a week cost. Raises ``SettingsError``."""
    given = settings or SendDigestSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=PATIENT), boto3.client("sqs", config=QUICK)
    secret = SsmSecret(boto3.client("ssm", config=QUICK), given.slack_token_parameter, now)
    regions = DynamoRegionReader(dynamodb, given.watch_state)
    gauge = _gauge(given, dynamodb, regions)
    digester = DigestSender(
        spending=LedgerQueries(
            rows=DynamoLedgerRows(dynamodb, given.cost_ledger),
            totals=DynamoTotalReader(dynamodb, given.watch_state),
            marks=DynamoStaleTotalReader(dynamodb, given.watch_state, now),
        ),
        gauge=gauge,
        prices=gauge.meter.prices,
        painter=MatplotlibChart(),
        pictures=SlackImageUploads(token=secret, api_url=given.slack_api_url),
        alerts=SqsAlertQueue(sqs, given.alert_queue_url),
        posted=DynamoPostedMessages(dynamodb, given.watch_state),
        health=HealthReader(
            sweeps=DynamoSweepTimes(dynamodb, given.watch_state),
            dead_letters=SqsDeadLetters(sqs, given.dead_letter_queues),
            prices=DynamoPriceDates(dynamodb, given.watch_state),
            regions=regions,
            clock=now,
            home_region=given.home_region,
        ),
        clock=now,
        zone=given.zone,
        budgets=given.budgets,
        account=given.account,
        region=given.home_region,
    )
    return EventHandler(digester.on_event)


def _gauge(given: SendDigestSettings, dynamodb: "DynamoDBClient", regions: DynamoRegionReader) -> RunningNowReader:
    meter = OpenSessionCosts(
        sessions=DynamoSessionReader(dynamodb, given.watch_state),
        prices=DynamoPrices(dynamodb, given.watch_state, otherwise=ShippedPrices(), clock=now),
        regions=regions,
        clock=now,
        home_region=given.home_region,
        discount_percent=given.discount_percent,
    )
    return RunningNowReader(
        meter=meter,
        open_jobs=DynamoOpenJobReader(dynamodb, given.watch_state),
        watches=DynamoNotebookStateReader(dynamodb, given.watch_state),
    )
