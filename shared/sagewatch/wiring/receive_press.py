"""ReceivePress: its settings and its adapters. The internet can call it, so it holds no SageMaker client."""

from sagewatch.adapters.dynamodb.seen_requests import DynamoSeenRequests
from sagewatch.adapters.press_queue import SqsPressQueue
from sagewatch.adapters.slack.api import SlackApi
from sagewatch.adapters.slack.dialogs import SlackDialogs
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.runtime.handlers import RequestHandler
from sagewatch.runtime.settings import Settings, Text
from sagewatch.slack.interactions.endpoint import SlackEndpoint
from sagewatch.wiring.clients import built_once, client, now


class ReceivePressSettings(Settings):
    """Settings of ReceivePress. ``queue_url`` is the queue that it sends presses to."""

    queue_url: Text
    watch_state: Text
    slack_token_parameter: Text
    slack_signing_secret_parameter: Text
    slack_api_url: Text


@built_once
def receive_press() -> RequestHandler:
    """ReceivePress: the interactions endpoint. Raises ``SettingsError``."""
    given = ReceivePressSettings.from_env()
    ssm = client("ssm")
    endpoint = SlackEndpoint(
        secret=SsmSecret(ssm, given.slack_signing_secret_parameter, now),
        presses=DynamoSeenRequests(client("dynamodb"), given.watch_state),
        queue=SqsPressQueue(client("sqs"), given.queue_url),
        dialogs=SlackDialogs(
            SlackApi(token=SsmSecret(ssm, given.slack_token_parameter, now), api_url=given.slack_api_url)
        ),
        clock=now,
    )
    return RequestHandler(lambda request: endpoint.handle(request).to_response())
