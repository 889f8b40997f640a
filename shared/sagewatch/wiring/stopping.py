"""What may stop notebooks, for SweepNotebooks and AnswerSlack."""

from datetime import timedelta
from typing import TYPE_CHECKING

from sagewatch.adapters.cloudwatch.agent_evidence import AgentEvidence
from sagewatch.adapters.cloudwatch.log_evidence import LogEvidence
from sagewatch.adapters.dynamodb.deliveries import DynamoPostedMessages
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.jupyter.client import JupyterEvidence
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebookStops
from sagewatch.adapters.sqs import SqsAlertQueue
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.decision import IdleRules
from sagewatch.idle.inspection import NotebookInspector
from sagewatch.idle.ports import EvidenceSource
from sagewatch.idle.stop import NotebookStop
from sagewatch.runtime.settings import NotebookSettings
from sagewatch.wiring.clients import cloudwatch, logs, now, sagemaker
from sagewatch.wiring.tracking import make_notebook_tracker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


_A_DAY = timedelta(days=1)


def make_notebook_stop(given: NotebookSettings, dynamodb: "DynamoDBClient", sqs: "SQSClient") -> NotebookStop:
    """What stops notebooks, for a sweep or for a button."""
    tracker = make_notebook_tracker(given.recording, dynamodb)
    watches = DynamoNotebookStates(dynamodb, given.recording.watch_state, now)
    rules = IdleRules(idle_after=given.idle_after, warn=given.warn)
    return NotebookStop(
        looker=NotebookInspector(notebooks=tracker.notebooks, evidence=_evidence(given), clock=now, rules=rules),
        incidents=NotebookAnnouncements(
            watches=watches,
            alerts=SqsAlertQueue(sqs, given.recording.alert_queue_url),
            prices=tracker.prices,
            clock=now,
            owner_tag_keys=given.recording.owner_tag_keys,
            discount_percent=given.recording.discount_percent,
            warn=given.warn,
            enforce=given.enforce,
        ),
        stops=SageMakerNotebookStops(sagemaker),
        tracker=tracker,
        watches=watches,
        posted=DynamoPostedMessages(dynamodb, given.recording.watch_state),
        clock=now,
        enforce=given.enforce,
    )


def _evidence(given: NotebookSettings) -> tuple[EvidenceSource, ...]:
    """Jupyter first: it alone knows what runs at this moment."""
    others = (LogEvidence(logs, max(given.idle_after, _A_DAY)), AgentEvidence(cloudwatch, given.idle_after))
    return (JupyterEvidence(sagemaker), *others) if given.ask_jupyter else others
