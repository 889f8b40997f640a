"""What the functions about notebook instances, and the one that answers Slack, are given."""

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import boto3

from sagewatch.adapters.agent_evidence import AgentEvidence
from sagewatch.adapters.dynamodb import DynamoLedger
from sagewatch.adapters.dynamodb_deliveries import DynamoPostedAlerts
from sagewatch.adapters.dynamodb_health import DynamoSweepLog
from sagewatch.adapters.dynamodb_notebooks import DynamoPresses, DynamoWatches
from sagewatch.adapters.dynamodb_open_jobs import DynamoOpenJobList, DynamoSnoozes
from sagewatch.adapters.dynamodb_prices import DynamoPrices
from sagewatch.adapters.dynamodb_sessions import DynamoSessions
from sagewatch.adapters.dynamodb_watch import DynamoCheckpoints, DynamoMarks, DynamoRegions, DynamoTotals
from sagewatch.adapters.job_stops import SageMakerJobStops
from sagewatch.adapters.jupyter_evidence import JupyterEvidence
from sagewatch.adapters.log_evidence import LogEvidence
from sagewatch.adapters.sagemaker_jobs import SageMakerJobs
from sagewatch.adapters.sagemaker_notebooks import (
    SageMakerNotebookLists,
    SageMakerNotebooks,
    SageMakerNotebookStops,
)
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.adapters.slack import SlackDialogs
from sagewatch.adapters.sqs import SqsAlertQueue, SqsPressQueue
from sagewatch.adapters.ssm import SsmSecret
from sagewatch.adviser import Adviser
from sagewatch.answerer import Answerer
from sagewatch.door import Door
from sagewatch.entry import Answering, Entry, Logged, Scheduled
from sagewatch.idleness import Rules
from sagewatch.incidents import Incidents
from sagewatch.job_answerer import JobAnswerer
from sagewatch.looker import Looker
from sagewatch.notebook_repairs import Repairs
from sagewatch.notebook_settings import (
    AnswerSlackSettings,
    NotebookSettings,
    SweepNotebooksSettings,
    TrackNotebookSettings,
)
from sagewatch.notebook_sweeper import NotebookSweeper
from sagewatch.ports import EvidenceSource
from sagewatch.settings import LedgerSettings
from sagewatch.stopper import Stopper
from sagewatch.tracker import Tracker
from sagewatch.wiring.clients import (
    BETWEEN_LISTS,
    LONGEST_LOOK,
    QUICK,
    Pace,
    cloudwatch,
    entry,
    logs,
    now,
    patient_sagemaker,
    sagemaker,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

_A_DAY = timedelta(days=1)


@cache
def track_notebook(settings: TrackNotebookSettings | None = None) -> Entry:
    """TrackNotebook: a notebook instance changed state. Raises ``SettingsError``."""
    given = settings or TrackNotebookSettings.from_env()
    tracker = make_tracker(given.ledger, boto3.client("dynamodb", config=QUICK))
    return entry(tracker.on_message, boto3.client("sqs", config=QUICK), given.inbox)


@cache
def sweep_notebooks(settings: SweepNotebooksSettings | None = None) -> Scheduled:
    """SweepNotebooks: what idles. Raises ``SettingsError``."""
    given = settings or SweepNotebooksSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=QUICK), boto3.client("sqs", config=QUICK)
    stopper, tables = _stopper(given.notebooks, dynamodb, sqs), given.notebooks.recording
    lists = SageMakerNotebookLists(patient_sagemaker, Pace(BETWEEN_LISTS))
    sweeper = NotebookSweeper(
        lists=lists,
        repairs=Repairs(
            lists=lists,
            notebooks=stopper.looker.notebooks,
            sessions=stopper.tracker.sessions,
            tracker=stopper.tracker,
            checkpoints=DynamoCheckpoints(dynamodb, tables.watch_state),
            clock=now,
        ),
        watches=stopper.watches,
        regions=stopper.tracker.regions,
        looker=stopper.looker,
        incidents=stopper.incidents,
        adviser=Adviser(
            open_jobs=DynamoOpenJobList(dynamodb, tables.watch_state),
            totals=DynamoTotals(dynamodb, tables.watch_state),
            incidents=stopper.incidents,
            clock=now,
            long_running=given.long_running,
        ),
        stopper=stopper,
        clock=now,
        home_region=given.home_region,
        max_stops=given.max_stops,
    )
    log = DynamoSweepLog(dynamodb, tables.watch_state)
    return Scheduled(Logged(sweep=sweeper.sweep, name="SweepNotebooks", log=log, clock=now), reserve=LONGEST_LOOK)


@cache
def answer_slack(settings: AnswerSlackSettings | None = None) -> Answering:
    """AnswerSlack: the door, and what is behind it. Raises ``SettingsError``."""
    given = settings or AnswerSlackSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=QUICK), boto3.client("sqs", config=QUICK)
    ssm = boto3.client("ssm", config=QUICK)
    dialogs = SlackDialogs(token=SsmSecret(ssm, given.slack_token_parameter, now), api_url=given.slack_api_url)
    door = Door(
        secret=SsmSecret(ssm, given.slack_signing_secret_parameter, now),
        presses=DynamoPresses(dynamodb, given.notebooks.recording.watch_state),
        queue=SqsPressQueue(sqs, given.inbox.queue_url),
        dialogs=dialogs,
        clock=now,
    )
    stopper, tables = _stopper(given.notebooks, dynamodb, sqs), given.notebooks.recording
    jobs = JobAnswerer(
        jobs=SageMakerJobs(sagemaker, now),
        stops=SageMakerJobStops(sagemaker),
        snoozes=DynamoSnoozes(dynamodb, tables.watch_state),
        files=stopper.watches,
        alerts=stopper.incidents.alerts,
        dialogs=dialogs,
        prices=stopper.incidents.prices,
        clock=now,
        zone=given.zone,
        discount_percent=tables.discount_percent,
        enforce=given.notebooks.enforce,
    )
    answerer = Answerer(
        sessions=stopper.tracker.sessions,
        watches=stopper.watches,
        incidents=stopper.incidents,
        looker=stopper.looker,
        stopper=stopper,
        jobs=jobs,
        dialogs=dialogs,
        clock=now,
        zone=given.zone,
        approvers=given.approvers,
    )
    return Answering(door.answer, entry(answerer.on_message, sqs, given.inbox))


def _stopper(given: NotebookSettings, dynamodb: "DynamoDBClient", sqs: "SQSClient") -> Stopper:
    tracker = make_tracker(given.recording, dynamodb)
    watches = DynamoWatches(dynamodb, given.recording.watch_state, now)
    rules = Rules(idle_after=given.idle_after, warn=given.warn)
    return Stopper(
        looker=Looker(notebooks=tracker.notebooks, evidence=_evidence(given), clock=now, rules=rules),
        incidents=Incidents(
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
        posted=DynamoPostedAlerts(dynamodb, given.recording.watch_state),
        clock=now,
        enforce=given.enforce,
    )


def _evidence(given: NotebookSettings) -> tuple[EvidenceSource, ...]:
    """Jupyter first: it alone knows what runs at this moment."""
    others = (LogEvidence(logs, max(given.idle_after, _A_DAY)), AgentEvidence(cloudwatch, given.idle_after))
    return (JupyterEvidence(sagemaker), *others) if given.ask_jupyter else others


def make_tracker(given: LedgerSettings, dynamodb: "DynamoDBClient") -> Tracker:
    """What keeps sessions, whoever saw the notebook."""
    return Tracker(
        notebooks=SageMakerNotebooks(sagemaker),
        sessions=DynamoSessions(dynamodb, given.watch_state),
        ledger=DynamoLedger(dynamodb, given.cost_ledger),
        marks=DynamoMarks(dynamodb, given.watch_state, now),
        prices=DynamoPrices(dynamodb, given.watch_state, otherwise=ShippedPrices(), clock=now),
        regions=DynamoRegions(dynamodb, given.watch_state, now),
        clock=now,
        owner_tag_keys=given.owner_tag_keys,
        discount_percent=given.discount_percent,
    )
