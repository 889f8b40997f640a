"""Builds what answers the buttons of running jobs, for AnswerSlack."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sagewatch.adapters.alert_queue import SqsAlertQueue
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.open_jobs import DynamoSnoozes
from sagewatch.adapters.sagemaker.job_stops import SageMakerJobStops
from sagewatch.adapters.sagemaker.jobs import SageMakerJobs
from sagewatch.runtime.settings import NotebookSettings
from sagewatch.slack.interactions.job_buttons import JobButtons
from sagewatch.slack.interactions.people import People
from sagewatch.wiring.clients import now
from sagewatch.wiring.prices import make_prices
from sagewatch.wiring.scoped_clients import make_clients

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


def make_job_buttons(
    given: NotebookSettings, dynamodb: "DynamoDBClient", sqs: "SQSClient", people: People, zone: ZoneInfo
) -> JobButtons:
    """Make what snoozes and stops jobs, in watched accounts too."""
    clients = make_clients(given, acting=True)
    return JobButtons(
        jobs=SageMakerJobs(clients.sagemaker, now),
        stops=SageMakerJobStops(clients.stopping_sagemaker),
        snoozes=DynamoSnoozes(dynamodb, given.watch_state, given.account),
        archive=DynamoNotebookStates(dynamodb, given.watch_state, now, given.account),
        alerts=SqsAlertQueue(sqs, given.alert_queue_url),
        people=people,
        prices=make_prices(dynamodb, given.watch_state, given),
        clock=now,
        zone=zone,
        enforce=given.enforce,
    )
