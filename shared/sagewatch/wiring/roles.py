"""Which adapters a function is given. A test holds each role in the template to the union of their PERMISSIONS."""

from collections.abc import Mapping
from typing import Any

from sagewatch.adapters.agent_evidence import AgentEvidence
from sagewatch.adapters.dynamodb import DynamoLedger
from sagewatch.adapters.dynamodb_deliveries import DynamoDeliveries, DynamoGatherings, DynamoPostedAlerts
from sagewatch.adapters.dynamodb_families import DynamoFamilies
from sagewatch.adapters.dynamodb_health import DynamoSweepLog, DynamoSweepTimes
from sagewatch.adapters.dynamodb_ledger import DynamoLedgerKeys, DynamoLedgerRows, DynamoRollUps
from sagewatch.adapters.dynamodb_notebooks import DynamoPresses, DynamoWatches
from sagewatch.adapters.dynamodb_open_jobs import DynamoOpenJobList, DynamoOpenJobs, DynamoSnoozes
from sagewatch.adapters.dynamodb_people import DynamoPeople
from sagewatch.adapters.dynamodb_prices import DynamoPriceCache, DynamoPriceDates, DynamoPrices
from sagewatch.adapters.dynamodb_reads import DynamoWatchState
from sagewatch.adapters.dynamodb_sessions import DynamoSessions
from sagewatch.adapters.dynamodb_watch import DynamoCheckpoints, DynamoMarks, DynamoRegions, DynamoTotals
from sagewatch.adapters.job_logs import CloudWatchJobLogs
from sagewatch.adapters.job_metrics import CloudWatchJobMetrics
from sagewatch.adapters.job_stops import SageMakerJobStops
from sagewatch.adapters.jupyter_evidence import JupyterEvidence
from sagewatch.adapters.log_evidence import LogEvidence
from sagewatch.adapters.matplotlib_painter import MatplotlibPainter
from sagewatch.adapters.price_list import AwsPriceList
from sagewatch.adapters.sagemaker_jobs import SageMakerJobs
from sagewatch.adapters.sagemaker_lists import SageMakerLists
from sagewatch.adapters.sagemaker_notebooks import (
    SageMakerNotebookLists,
    SageMakerNotebooks,
    SageMakerNotebookStops,
)
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.adapters.slack import SlackChannel, SlackDialogs, SlackPeople, SlackPictures
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
    DynamoMarks,
    DynamoRegions,
    SqsAlertQueue,
)
_TRACKING = (
    SageMakerNotebooks,
    ShippedPrices,
    DynamoPrices,
    DynamoLedger,
    DynamoSessions,
    DynamoMarks,
    DynamoRegions,
)
_STOPPING = (
    *_TRACKING,
    SageMakerNotebookStops,
    JupyterEvidence,
    LogEvidence,
    AgentEvidence,
    DynamoWatches,
    DynamoPostedAlerts,
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
        DynamoTotals,
        DynamoSweepLog,
        DynamoWatches,
    ),
    "SweepNotebooks": (
        *_STOPPING,
        SageMakerNotebookLists,
        DynamoOpenJobList,
        DynamoCheckpoints,
        DynamoTotals,
        DynamoSweepLog,
    ),
    "AnswerSlack": (
        *_STOPPING,
        SageMakerJobs,
        SageMakerJobStops,
        DynamoSnoozes,
        DynamoPresses,
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
        DynamoOpenJobList,
        DynamoPostedAlerts,
        DynamoPrices,
        ShippedPrices,
        MatplotlibPainter,
        SlackPictures,
        SsmSecret,
        SqsAlertQueue,
    ),
    "DeliverAlert": (
        DynamoDeliveries,
        DynamoPostedAlerts,
        DynamoGatherings,
        DynamoPeople,
        SlackChannel,
        SlackPeople,
        SsmSecret,
        SqsAlertQueue,
        SqsInbox,
    ),
}
