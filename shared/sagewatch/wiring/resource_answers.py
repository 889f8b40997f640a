"""Builds what answers the buttons of idle standing resources, and ends those that are due, for AnswerSlack."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagewatch.adapters.cloudwatch.usage_metrics import CloudWatchUsageReads
from sagewatch.adapters.dynamodb.posted_messages import DynamoPostedMessages
from sagewatch.adapters.dynamodb.recipes import DynamoRecipes
from sagewatch.adapters.dynamodb.stop_claims import DynamoResourceLeases
from sagewatch.adapters.sagemaker.endpoint_changes import SageMakerEndCalls, SageMakerEndpointChangesByRegion
from sagewatch.adapters.sagemaker.reads import SageMakerLookReads
from sagewatch.runtime.settings import NotebookSettings
from sagewatch.slack.interactions.people import People
from sagewatch.slack.interactions.resource_actions import ConfirmedActions
from sagewatch.slack.interactions.resource_buttons import ResourceButtons
from sagewatch.standing.endpoints.runner import EndpointRunner
from sagewatch.standing.idling.announced import AnnouncedEnding
from sagewatch.standing.idling.ending import ResourceEnding
from sagewatch.standing.idling.look import ResourceLooks
from sagewatch.standing.idling.verdicts import EndRules
from sagewatch.wiring.clients import autoscaling, cloudwatch, now, sagemaker, stopping_sagemaker
from sagewatch.wiring.idling import make_messages, make_states

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class ResourceAnswers:
    """What answers the buttons of idle resources, and what ends those that are due."""

    buttons: ResourceButtons
    announced: AnnouncedEnding


def make_resource_answers(
    given: NotebookSettings, dynamodb: "DynamoDBClient", sqs: "SQSClient", people: People
) -> ResourceAnswers:
    """Make what changes resources: in the stack's own account only."""
    messages = make_messages(given, dynamodb, sqs, enforce=given.enforce)
    leases = DynamoResourceLeases(dynamodb, given.watch_state, given.account)
    looks = ResourceLooks(
        api_of=SageMakerLookReads(sagemaker),
        metrics_of=CloudWatchUsageReads(cloudwatch),
        states=make_states(given, dynamodb),
        clock=now,
    )
    calls = SageMakerEndCalls(stopping_sagemaker)
    ending = ResourceEnding(calls=calls, leases=leases, messages=messages, clock=now)
    buttons = ResourceButtons(
        messages=messages,
        looks=looks,
        leases=leases,
        ending=ending,
        actions=ConfirmedActions(
            messages=messages,
            looks=looks,
            leases=leases,
            endpoints=EndpointRunner(
                api_of=SageMakerEndpointChangesByRegion(stopping_sagemaker, autoscaling),
                recipes=DynamoRecipes(dynamodb, given.watch_state, given.account),
                clock=now,
            ),
            people=people,
            clock=now,
        ),
        people=people,
        clock=now,
        enforce=given.enforce,
    )
    announced = AnnouncedEnding(
        messages=messages,
        looks=looks,
        ending=ending,
        posted=DynamoPostedMessages(dynamodb, given.watch_state),
        rules=EndRules(given.warn, given.enforce),
        clock=now,
    )
    return ResourceAnswers(buttons, announced)
