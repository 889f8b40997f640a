"""Builds what stops notebooks, for SweepNotebooks and AnswerSlack."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sagewatch.adapters.alert_queue import SqsAlertQueue
from sagewatch.adapters.cloudwatch.agent_evidence import AgentEvidence
from sagewatch.adapters.cloudwatch.log_evidence import LogEvidence
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.posted_messages import DynamoPostedMessages
from sagewatch.adapters.dynamodb.stop_claims import DynamoLeases
from sagewatch.adapters.jupyter.client import JupyterEvidence
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebookStops
from sagewatch.alerts.ports import AlertQueue
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.decision import IdleRules
from sagewatch.idle.follow_up import FollowUp
from sagewatch.idle.inspection import NotebookInspector
from sagewatch.idle.ports import EvidenceSource, Leases, NotebookStates
from sagewatch.idle.rates import HourlyRates
from sagewatch.idle.stop import NotebookStop
from sagewatch.runtime.settings import NotebookSettings
from sagewatch.sagemaker.scopes import Scope
from sagewatch.wiring.clients import RATES, Throttle, now
from sagewatch.wiring.scoped_clients import ScopedClients
from sagewatch.wiring.tracking import NotebookTracking, make_notebook_tracking

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookStopping:
    """What may stop notebooks, and the stores and services it shares with others."""

    tracking: NotebookTracking
    states: NotebookStates
    leases: Leases
    alerts: AlertQueue
    rates: HourlyRates
    inspector: NotebookInspector
    announcements: NotebookAnnouncements
    follow_up: FollowUp
    notebook_stop: NotebookStop


def make_notebook_stopping(
    given: NotebookSettings,
    dynamodb: "DynamoDBClient",
    sqs: "SQSClient",
    clients: ScopedClients,
    pace: Callable[[Scope], None] = lambda _: None,
) -> NotebookStopping:
    """Make each store and service once, for a sweep or for the buttons. ``pace`` is that of announced stops."""
    tracking = make_notebook_tracking(given, dynamodb, clients)
    states = DynamoNotebookStates(dynamodb, given.watch_state, now, given.account)
    leases = DynamoLeases(dynamodb, given.watch_state, given.account)
    alerts = SqsAlertQueue(sqs, given.alert_queue_url)
    rates = HourlyRates(tracking.prices)
    rules = IdleRules(idle_after=given.idle_after, warn=given.warn, enforce=given.enforce)
    inspector = NotebookInspector(
        notebooks=tracking.notebooks, evidence=_evidence(given, clients), clock=now, rules=rules
    )
    announcements = NotebookAnnouncements(
        archive=states,
        alerts=alerts,
        rates=rates,
        clock=now,
        owner_tag_keys=given.owner_tag_keys,
        enforce=given.enforce,
    )
    follow_up = FollowUp(states=states, announcements=announcements, clock=now, warn=given.warn)
    notebook_stop = NotebookStop(
        notebooks=tracking.notebooks,
        inspector=inspector,
        announcements=announcements,
        follow_up=follow_up,
        rates=rates,
        stops=SageMakerNotebookStops(clients.stopping_sagemaker),
        tracker=tracking.tracker,
        sessions=tracking.sessions,
        leases=leases,
        states=states,
        posted=DynamoPostedMessages(dynamodb, given.watch_state),
        clock=now,
        enforce=given.enforce,
        pace=pace,
    )
    return NotebookStopping(
        tracking=tracking,
        states=states,
        leases=leases,
        alerts=alerts,
        rates=rates,
        inspector=inspector,
        announcements=announcements,
        follow_up=follow_up,
        notebook_stop=notebook_stop,
    )


def _evidence(given: NotebookSettings, clients: ScopedClients) -> tuple[EvidenceSource, ...]:
    """Jupyter first: it alone knows what runs at this moment."""
    lookback = max(given.idle_after, _A_DAY)
    logs = LogEvidence(clients.logs, lookback, *([_of_logs()] if clients.sweeping else []))
    others = (logs, AgentEvidence(clients.cloudwatch))
    return (JupyterEvidence(clients.asking_sagemaker), *others) if given.ask_jupyter else others


def _of_logs() -> Throttle:
    """The pace of a sweep's reads of logs. The client has it too, for further pages."""
    return Throttle(1 / RATES["logs"]["FilterLogEvents"])
