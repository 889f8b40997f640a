"""Builds what reports idle standing resources, for SweepResources and AnswerSlack."""

from typing import TYPE_CHECKING

from sagewatch.adapters.alert_queue import SqsAlertQueue
from sagewatch.adapters.dynamodb.idle_state import RESOURCES, DynamoNotebookStates
from sagewatch.idle.ports import NotebookStates
from sagewatch.runtime.settings import RecordingSettings
from sagewatch.standing.idling.messages import StandingMessages
from sagewatch.wiring.clients import now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


def make_states(given: RecordingSettings, dynamodb: "DynamoDBClient") -> NotebookStates:
    """What is remembered of standing resources, as of notebooks."""
    return DynamoNotebookStates(dynamodb, given.watch_state, now, given.account, RESOURCES)


def make_messages(
    given: RecordingSettings, dynamodb: "DynamoDBClient", sqs: "SQSClient", *, enforce: bool
) -> StandingMessages:
    """The messages of idle resources."""
    alerts = SqsAlertQueue(sqs, given.alert_queue_url)
    return StandingMessages(archive=make_states(given, dynamodb), alerts=alerts, clock=now, enforce=enforce)
