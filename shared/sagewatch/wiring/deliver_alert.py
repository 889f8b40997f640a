"""DeliverAlert: its settings and its objects."""

from functools import cache

import boto3

from sagewatch.adapters.dynamodb.deliveries import DynamoAlertGroups, DynamoDeliveries, DynamoPostedMessages
from sagewatch.adapters.dynamodb.people import DynamoChannelIds, DynamoUserDirectory
from sagewatch.adapters.slack.api import SlackApi
from sagewatch.adapters.slack.channel import SlackChannel
from sagewatch.adapters.slack.services import SlackUserDirectory
from sagewatch.adapters.sqs import SqsAlertQueue
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.delivery.deliver import AlertDelivery
from sagewatch.delivery.group import GroupDelivery
from sagewatch.delivery.posting import MessagePosting
from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.settings import InboxSettings, Pairs, Text
from sagewatch.wiring.clients import QUICK, entry, now


class DeliverAlertSettings(InboxSettings):
    """Settings of DeliverAlert."""

    watch_state: Text
    slack_channel: Text
    slack_routes: Pairs
    slack_token_parameter: Text
    slack_api_url: Text


@cache
def deliver_alert() -> QueueHandler:
    """DeliverAlert: an alert to Slack. Raises ``SettingsError``."""
    given = DeliverAlertSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=QUICK), boto3.client("sqs", config=QUICK)
    secret = SsmSecret(boto3.client("ssm", config=QUICK), given.slack_token_parameter, now)
    api = SlackApi(token=secret, api_url=given.slack_api_url)
    posting = MessagePosting(
        deliveries=DynamoDeliveries(dynamodb, given.watch_state),
        posted=DynamoPostedMessages(dynamodb, given.watch_state),
        channel=SlackChannel(
            api,
            channel=given.slack_channel,
            ids=DynamoChannelIds(dynamodb, given.watch_state, now),
            people=DynamoUserDirectory(dynamodb, given.watch_state, now, ask=SlackUserDirectory(api)),
            clock=now,
        ),
        clock=now,
        routes=given.slack_routes,
    )
    groups = GroupDelivery(
        posting=posting,
        gatherings=DynamoAlertGroups(dynamodb, given.watch_state),
        alerts=SqsAlertQueue(sqs, given.queue_url),
        clock=now,
    )
    deliverer = AlertDelivery(posting=posting, groups=groups)
    return entry(deliverer.on_message, sqs, given)
