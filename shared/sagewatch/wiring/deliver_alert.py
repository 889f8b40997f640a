"""DeliverAlert: its settings, and what it is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Self

import boto3

from sagewatch.adapters.dynamodb.deliveries import DynamoAlertGroups, DynamoDeliveries, DynamoPostedMessages
from sagewatch.adapters.dynamodb.people import DynamoUserDirectory
from sagewatch.adapters.slack import SlackChannel, SlackUserDirectory
from sagewatch.adapters.sqs import SqsAlertQueue
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.delivery.deliver import AlertDelivery
from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.settings import FromEnvironment, InboxSettings
from sagewatch.runtime.variables import Variables
from sagewatch.wiring.clients import QUICK, entry, now


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverAlertSettings(FromEnvironment):
    """What DeliverAlert needs."""

    inbox: InboxSettings
    watch_state: str
    slack_channel: str
    slack_routes: Mapping[str, str]
    slack_token_parameter: str
    slack_api_url: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            inbox=InboxSettings.read(env),
            watch_state=env.text("WATCH_STATE"),
            slack_channel=env.text("SLACK_CHANNEL"),
            slack_routes=env.pairs("SLACK_ROUTES"),
            slack_token_parameter=env.text("SLACK_TOKEN_PARAMETER"),
            slack_api_url=env.text("SLACK_API_URL"),
        )


@cache
def deliver_alert(settings: DeliverAlertSettings | None = None) -> QueueHandler:
    """DeliverAlert: an alert to Slack. Raises ``SettingsError``."""
    given = settings or DeliverAlertSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=QUICK), boto3.client("sqs", config=QUICK)
    secret = SsmSecret(boto3.client("ssm", config=QUICK), given.slack_token_parameter, now)
    deliverer = AlertDelivery(
        deliveries=DynamoDeliveries(dynamodb, given.watch_state),
        posted=DynamoPostedMessages(dynamodb, given.watch_state),
        gatherings=DynamoAlertGroups(dynamodb, given.watch_state),
        channel=SlackChannel(token=secret, channel=given.slack_channel, api_url=given.slack_api_url),
        alerts=SqsAlertQueue(sqs, given.inbox.queue_url),
        people=DynamoUserDirectory(
            dynamodb, given.watch_state, now, ask=SlackUserDirectory(token=secret, api_url=given.slack_api_url)
        ),
        clock=now,
        routes=given.slack_routes,
    )
    return entry(deliverer.on_message, sqs, given.inbox)
