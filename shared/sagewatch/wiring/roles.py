"""Which adapters a function is given. A test holds each role in the template to the union of their PERMISSIONS."""

from collections.abc import Mapping
from typing import Any

from sagewatch.adapters.chart import MatplotlibChart
from sagewatch.adapters.cloudwatch.agent_evidence import AgentEvidence
from sagewatch.adapters.cloudwatch.job_logs import CloudWatchJobLogs
from sagewatch.adapters.cloudwatch.job_metrics import CloudWatchJobMetrics
from sagewatch.adapters.cloudwatch.log_evidence import LogEvidence
from sagewatch.adapters.dynamodb.deliveries import DynamoAlertGroups, DynamoDeliveries, DynamoPostedMessages
from sagewatch.adapters.dynamodb.health import DynamoSweepLog, DynamoSweepTimes
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates, DynamoSeenRequests
from sagewatch.adapters.dynamodb.ledger import (
    DynamoFamilies,
    DynamoLedger,
    DynamoLedgerKeys,
    DynamoLedgerRows,
    DynamoRollUps,
)
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobReader, DynamoOpenJobs, DynamoSnoozes
from sagewatch.adapters.dynamodb.people import DynamoUserDirectory
from sagewatch.adapters.dynamodb.prices import DynamoPriceCache, DynamoPriceDates, DynamoPrices
from sagewatch.adapters.dynamodb.read_only import DynamoWatchState
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.sweep_state import (
    DynamoCheckpoints,
    DynamoRegions,
    DynamoStaleTotals,
    DynamoTotalStore,
)
from sagewatch.adapters.jupyter.client import JupyterEvidence
from sagewatch.adapters.price_list import AwsPriceList
from sagewatch.adapters.sagemaker.job_lists import SageMakerLists
from sagewatch.adapters.sagemaker.job_stops import SageMakerJobStops
from sagewatch.adapters.sagemaker.jobs import SageMakerJobs
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebookLists, SageMakerNotebooks, SageMakerNotebookStops
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.adapters.slack import SlackChannel, SlackDialogs, SlackImageUploads, SlackUserDirectory
from sagewatch.adapters.sqs import SqsAlertQueue, SqsDeadLetters, SqsInbox, SqsPressQueue
from sagewatch.adapters.ssm import SsmSecret

_RECORDING = (
    SageMakerJobs,
    CloudWatchJobMetrics,
    ShippedPrices,
    DynamoPrices,
    DynamoLedger,
    DynamoFamilies,
    CloudWatchJobLogs,
    DynamoOpenJobs,
    DynamoStaleTotals,
    DynamoRegions,
    SqsAlertQueue,
)
_TRACKING = (
    SageMakerNotebooks,
    ShippedPrices,
    DynamoPrices,
    DynamoLedger,
    DynamoSessions,
    DynamoStaleTotals,
    DynamoRegions,
)
_STOPPING = (
    *_TRACKING,
    SageMakerNotebookStops,
    JupyterEvidence,
    LogEvidence,
    AgentEvidence,
    DynamoNotebookStates,
    DynamoPostedMessages,
    SqsAlertQueue,
)
ADAPTERS: Mapping[str, tuple[type[Any], ...]] = {
    "RecordJob": (*_RECORDING, SqsInbox),
    "TrackNotebook": (*_TRACKING, SqsInbox),
    "SweepJobs": (
        *_RECORDING,
        SageMakerLists,
        DynamoLedgerKeys,
        DynamoLedgerRows,
        DynamoRollUps,
        DynamoCheckpoints,
        DynamoTotalStore,
        DynamoSweepLog,
        DynamoNotebookStates,
    ),
    "SweepNotebooks": (
        *_STOPPING,
        SageMakerNotebookLists,
        DynamoOpenJobReader,
        DynamoCheckpoints,
        DynamoTotalStore,
        DynamoSweepLog,
    ),
    "AnswerSlack": (
        *_STOPPING,
        SageMakerJobs,
        SageMakerJobStops,
        DynamoSnoozes,
        DynamoSeenRequests,
        SqsPressQueue,
        SlackDialogs,
        SsmSecret,
        SqsInbox,
    ),
    "RefreshPrices": (AwsPriceList, DynamoPriceCache, DynamoPriceDates, DynamoRegions),
    "SendDigest": (
        DynamoLedgerRows,
        DynamoWatchState,
        DynamoSweepTimes,
        DynamoPriceDates,
        SqsDeadLetters,
        DynamoOpenJobReader,
        DynamoPostedMessages,
        DynamoPrices,
        ShippedPrices,
        MatplotlibChart,
        SlackImageUploads,
        SsmSecret,
        SqsAlertQueue,
    ),
    "DeliverAlert": (
        DynamoDeliveries,
        DynamoPostedMessages,
        DynamoAlertGroups,
        DynamoUserDirectory,
        SlackChannel,
        SlackUserDirectory,
        SsmSecret,
        SqsAlertQueue,
        SqsInbox,
    ),
}
