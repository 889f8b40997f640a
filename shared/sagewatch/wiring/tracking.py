"""What keeps sessions of notebooks, for whoever saw one."""

from typing import TYPE_CHECKING

from sagewatch.adapters.dynamodb.ledger import DynamoLedger
from sagewatch.adapters.dynamodb.prices import DynamoPrices
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions, DynamoStaleTotals
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebooks
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.notebooks.track import NotebookTracker
from sagewatch.runtime.settings import LedgerSettings
from sagewatch.wiring.clients import now, sagemaker

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def make_notebook_tracker(given: LedgerSettings, dynamodb: "DynamoDBClient") -> NotebookTracker:
    """What keeps sessions, whoever saw the notebook."""
    return NotebookTracker(
        notebooks=SageMakerNotebooks(sagemaker),
        sessions=DynamoSessions(dynamodb, given.watch_state),
        ledger=DynamoLedger(dynamodb, given.cost_ledger),
        marks=DynamoStaleTotals(dynamodb, given.watch_state, now),
        prices=DynamoPrices(dynamodb, given.watch_state, otherwise=ShippedPrices(), clock=now),
        regions=DynamoRegions(dynamodb, given.watch_state, now),
        clock=now,
        owner_tag_keys=given.owner_tag_keys,
        discount_percent=given.discount_percent,
    )
