"""Builds what answers the buttons of idle notebooks, for AnswerSlack."""

from typing import TYPE_CHECKING

from sagewatch.runtime.settings import NotebookSettings
from sagewatch.slack.interactions.notebook_buttons import NotebookButtons
from sagewatch.slack.interactions.people import People
from sagewatch.wiring.clients import now
from sagewatch.wiring.scoped_clients import make_clients
from sagewatch.wiring.stopping import make_notebook_stopping

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


def make_notebook_buttons(
    given: NotebookSettings, dynamodb: "DynamoDBClient", sqs: "SQSClient", people: People
) -> NotebookButtons:
    """Make what keeps and stops notebooks, in watched accounts too."""
    stopping = make_notebook_stopping(given, dynamodb, sqs, make_clients(given, acting=True))
    return NotebookButtons(
        sessions=stopping.tracking.sessions,
        states=stopping.states,
        leases=stopping.leases,
        announcements=stopping.announcements,
        inspector=stopping.inspector,
        notebook_stop=stopping.notebook_stop,
        people=people,
        clock=now,
    )
