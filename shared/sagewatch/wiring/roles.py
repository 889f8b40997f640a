"""Which adapters a function is given. A test holds each role in the template to the union of their PERMISSIONS."""

from collections.abc import Mapping
from typing import Any

from sagewatch.adapters.agent_evidence import AgentEvidence
from sagewatch.adapters.dynamodb import DynamoDeliveries, DynamoLedger, DynamoOpenJobList, DynamoOpenJobs
from sagewatch.adapters.dynamodb_ledger import DynamoLedgerKeys, DynamoLedgerRows, DynamoRollUps
from sagewatch.adapters.dynamodb_notebooks import DynamoPostedAlerts, DynamoPresses, DynamoWatches
from sagewatch.adapters.dynamodb_prices import DynamoPriceCache, DynamoPrices
from sagewatch.adapters.dynamodb_sessions import DynamoSessions
from sagewatch.adapters.dynamodb_watch import DynamoCheckpoints, DynamoMarks, DynamoRegions, DynamoTotals
from sagewatch.adapters.jupyter_evidence import JupyterEvidence
from sagewatch.adapters.log_evidence import LogEvidence
from sagewatch.adapters.price_list import AwsPriceList
from sagewatch.adapters.sagemaker_jobs import SageMakerJobs
from sagewatch.adapters.sagemaker_lists import SageMakerLists
from sagewatch.adapters.sagemaker_notebooks import (
    SageMakerNotebookLists,
    SageMakerNotebooks,
    SageMakerNotebookStops,
)
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.adapters.slack import SlackChannel, SlackDialogs
from sagewatch.adapters.sqs import SqsAlertQueue, SqsInbox, SqsPressQueue
from sagewatch.adapters.ssm import SsmSecret

_RECORDING = (
    SageMakerJobs,
    ShippedPrices,
    DynamoPrices,
    DynamoLedger,
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
    ),
    "SweepNotebooks": (*_STOPPING, SageMakerNotebookLists, DynamoOpenJobList, DynamoCheckpoints, DynamoTotals),
    "AnswerSlack": (*_STOPPING, DynamoPresses, SqsPressQueue, SlackDialogs, SsmSecret, SqsInbox),
    "RefreshPrices": (AwsPriceList, DynamoPriceCache, DynamoRegions),
    "DeliverAlert": (DynamoDeliveries, DynamoPostedAlerts, SlackChannel, SsmSecret, SqsInbox),
}
