"""SendDigest: its settings and its objects."""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from sagewatch.adapters.alert_queue import SqsAlertQueue
from sagewatch.adapters.chart import ResvgChart
from sagewatch.adapters.dead_letters import SqsDeadLetters
from sagewatch.adapters.dynamodb.health import DynamoSweepTimes
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStateReader
from sagewatch.adapters.dynamodb.ledger import DynamoLedgerRows
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobReader
from sagewatch.adapters.dynamodb.posted_messages import DynamoPostedMessages
from sagewatch.adapters.dynamodb.prices import DynamoPriceDates, DynamoPrices
from sagewatch.adapters.dynamodb.sessions import DynamoSessionReader
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotalReader
from sagewatch.adapters.dynamodb.standing_sessions import DynamoStandingSessionReader
from sagewatch.adapters.dynamodb.studio_audits import DynamoStudioAuditReader
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegionReader, DynamoTotalReader
from sagewatch.adapters.price_list import has_price_list
from sagewatch.adapters.slack.api import SlackApi
from sagewatch.adapters.slack.images import SlackImageUploads
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.budgets.budget import Budget
from sagewatch.digest.health import HealthReader
from sagewatch.digest.running_now import RunningNowReader
from sagewatch.digest.send import DigestSender
from sagewatch.ledger.queries import LedgerQueries
from sagewatch.notebooks.open_costs import OpenSessionCosts
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.runtime.settings import Discounts, Percent, Settings, Text, Words
from sagewatch.standing.open_costs import StandingCosts
from sagewatch.wiring.clients import PATIENT, built_once, client, now
from sagewatch.wiring.prices import make_prices

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def _budgets(value: object) -> object:
    """Split ``owner=amount`` at commas; an owner may hold any character but a comma."""
    if not isinstance(value, str):
        return value
    budgets = tuple(_budget(word) for word in value.split(",") if word.strip())
    if len({budget.owner for budget in budgets}) < len(budgets):
        raise ValueError("names an owner twice")
    return budgets


def _budget(word: str) -> Budget:
    owner, _, amount = (part.strip() for part in word.rpartition("="))
    with suppress(InvalidOperation):
        usd = Decimal(amount)
        if owner and usd.is_finite() and usd > 0:
            return Budget(owner, usd)
    raise ValueError(f"must be owner=amount with an amount above 0, for example ana@example.com=500, not {word!r}")


Budgets = Annotated[tuple[Budget, ...], BeforeValidator(_budgets)]


class SendDigestSettings(Settings):
    """Settings of SendDigest. ``account`` and ``home_region`` are the stack's own."""

    cost_ledger: Text
    watch_state: Text
    alert_queue_url: Text
    event_dead_letter_queue_url: Text
    alert_dead_letter_queue_url: Text
    discount_percent: Percent
    account_discounts: Discounts = Field(default_factory=dict)
    zone: ZoneInfo = Field(alias="TIMEZONE")
    budgets: Budgets = Field((), alias="MONTHLY_BUDGETS")
    slack_token_parameter: Text
    slack_api_url: Text
    account: Text
    regions: Words = ()
    home_region: Text = Field(alias="AWS_REGION")


@built_once
def send_digest() -> ScheduledHandler:
    """SendDigest: what a day or a week cost. Raises ``SettingsError``."""
    given = SendDigestSettings.from_env()
    dynamodb, sqs = client("dynamodb", config=PATIENT), client("sqs")
    secret = SsmSecret(client("ssm"), given.slack_token_parameter, now)
    regions = DynamoRegionReader(dynamodb, given.watch_state, given.regions)
    prices = make_prices(dynamodb, given.watch_state, given)
    digester = DigestSender(
        spending=LedgerQueries(
            rows=DynamoLedgerRows(dynamodb, given.cost_ledger),
            totals=DynamoTotalReader(dynamodb, given.watch_state),
            marks=DynamoStaleTotalReader(dynamodb, given.watch_state, now),
        ),
        running_now=_running_now(given, dynamodb, regions, prices),
        prices=prices,
        painter=ResvgChart(),
        pictures=SlackImageUploads(SlackApi(token=secret, api_url=given.slack_api_url)),
        alerts=SqsAlertQueue(sqs, given.alert_queue_url),
        posted=DynamoPostedMessages(dynamodb, given.watch_state),
        health=HealthReader(
            sweeps=DynamoSweepTimes(dynamodb, given.watch_state),
            dead_letters=SqsDeadLetters(sqs, _dead_letter_queues(given)),
            prices=DynamoPriceDates(dynamodb, given.watch_state) if has_price_list(given.home_region) else None,
            regions=regions,
            clock=now,
            home_region=given.home_region,
        ),
        audits=DynamoStudioAuditReader(dynamodb, given.watch_state, given.account),
        clock=now,
        zone=given.zone,
        budgets=given.budgets,
        account=given.account,
        region=given.home_region,
    )
    return ScheduledHandler(lambda event, _: digester.on_event(event))


def _running_now(
    given: SendDigestSettings, dynamodb: "DynamoDBClient", regions: DynamoRegionReader, prices: DynamoPrices
) -> RunningNowReader:
    meter = OpenSessionCosts(
        sessions=DynamoSessionReader(dynamodb, given.watch_state, given.account),
        prices=prices,
        regions=regions,
        clock=now,
        home_region=given.home_region,
    )
    return RunningNowReader(
        meter=meter,
        open_jobs=DynamoOpenJobReader(dynamodb, given.watch_state, given.account),
        standing=StandingCosts(
            sessions=DynamoStandingSessionReader(dynamodb, given.watch_state, given.account),
            prices=prices,
            regions=regions,
            clock=now,
            home_region=given.home_region,
        ),
        watches=DynamoNotebookStateReader(dynamodb, given.watch_state, given.account),
        prices=prices,
        clock=now,
    )


def _dead_letter_queues(given: SendDigestSettings) -> Mapping[str, str]:
    """Queues by their names in the template."""
    return {
        "EventDeadLetterQueue": given.event_dead_letter_queue_url,
        "AlertDeadLetterQueue": given.alert_dead_letter_queue_url,
    }
