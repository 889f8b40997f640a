"""DeliverAlert: its settings and its objects."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sagewatch.adapters.alert_queue import SqsAlertQueue
from sagewatch.adapters.dynamodb.account_names import DynamoAccountNames
from sagewatch.adapters.dynamodb.deliveries import DynamoAlertGroups, DynamoDeliveries
from sagewatch.adapters.dynamodb.people import DynamoChannelIds, DynamoUserDirectory
from sagewatch.adapters.dynamodb.posted_messages import DynamoPostedMessages
from sagewatch.adapters.organizations import OrganizationAccountNames
from sagewatch.adapters.slack.api import SlackApi
from sagewatch.adapters.slack.channel import SlackChannel
from sagewatch.adapters.slack.users import SlackUserDirectory
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.alerts.ports import AlertQueue
from sagewatch.delivery.deliver import AlertDelivery
from sagewatch.delivery.group import GroupDelivery
from sagewatch.delivery.ports import Channel
from sagewatch.delivery.posting import MessagePosting
from sagewatch.runtime.handlers import QueueHandler
from sagewatch.runtime.settings import InboxSettings, Pairs, Text
from sagewatch.wiring.clients import HINT, built_once, client, entry, now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DeliverAlertSettings(InboxSettings):
    """Settings of DeliverAlert."""

    watch_state: Text
    slack_channel: Text
    slack_routes: Pairs
    slack_token_parameter: Text
    slack_api_url: Text
    spoke_roles: str = ""  # empty if no other account is watched


@built_once
def deliver_alert() -> QueueHandler:
    """DeliverAlert: an alert to Slack. Raises ``SettingsError``."""
    given = DeliverAlertSettings.from_env()
    dynamodb, sqs = client("dynamodb"), client("sqs")
    secret = SsmSecret(client("ssm"), given.slack_token_parameter, now)
    api = SlackApi(token=secret, api_url=given.slack_api_url)
    channel = SlackChannel(
        api,
        channel=given.slack_channel,
        ids=DynamoChannelIds(dynamodb, given.watch_state, now),
        people=DynamoUserDirectory(dynamodb, given.watch_state, now, ask=SlackUserDirectory(api)),
        clock=now,
    )
    alerts = SqsAlertQueue(sqs, given.queue_url)
    delivery = delivery_to(channel, dynamodb, given.watch_state, alerts, given.slack_routes)
    if given.spoke_roles:  # messages name several accounts
        names = OrganizationAccountNames(client("organizations", config=HINT))
        delivery = replace(delivery, names=DynamoAccountNames(dynamodb, given.watch_state, now, ask=names))
    return entry(delivery.on_message, sqs, given)


def delivery_to(
    channel: Channel, dynamodb: "DynamoDBClient", watch_state: str, alerts: AlertQueue, routes: Mapping[str, str]
) -> AlertDelivery:
    """Delivery to any channel: what was posted is remembered in WatchState. Raises nothing."""
    deliveries, posted = DynamoDeliveries(dynamodb, watch_state), DynamoPostedMessages(dynamodb, watch_state)
    posting = MessagePosting(deliveries=deliveries, posted=posted, channel=channel, clock=now, routes=routes)
    groups = GroupDelivery(
        posting=posting,
        deliveries=deliveries,
        posted=posted,
        channel=channel,
        groups=DynamoAlertGroups(dynamodb, watch_state),
        alerts=alerts,
        clock=now,
    )
    return AlertDelivery(deliveries=deliveries, posting=posting, groups=groups, clock=now)
