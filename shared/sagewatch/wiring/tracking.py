"""Builds what tracks notebook sessions, for TrackNotebook, SweepNotebooks and AnswerSlack."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebooks
from sagewatch.notebooks.month_ends import MonthEnds
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.track import NotebookTracker
from sagewatch.pricing.ports import Prices
from sagewatch.runtime.settings import LedgerSettings
from sagewatch.sagemaker.ports import Notebooks, Regions
from sagewatch.wiring.clients import now
from sagewatch.wiring.prices import make_prices
from sagewatch.wiring.scoped_clients import ScopedClients, watched_accounts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookTracking:
    """The tracker, and the stores it shares with others."""

    notebooks: Notebooks
    sessions: Sessions
    prices: Prices
    regions: Regions
    tracker: NotebookTracker
    month_ends: MonthEnds


def make_notebook_tracking(
    given: LedgerSettings, dynamodb: "DynamoDBClient", clients: ScopedClients
) -> NotebookTracking:
    """Make each store once."""
    notebooks, sessions = (
        SageMakerNotebooks(clients.sagemaker),
        DynamoSessions(dynamodb, given.watch_state, given.account),
    )
    prices = make_prices(dynamodb, given.watch_state, given)
    regions = DynamoRegions(dynamodb, given.watch_state, now, given.regions, given.account)
    ledger = DynamoLedger(dynamodb, given.cost_ledger, DynamoStaleTotals(dynamodb, given.watch_state, now))
    tracker = NotebookTracker(
        notebooks=notebooks,
        sessions=sessions,
        ledger=ledger,
        prices=prices,
        regions=regions,
        clock=now,
        owner_tag_keys=given.owner_tag_keys,
        watched=watched_accounts(given),
    )
    return NotebookTracking(
        notebooks=notebooks,
        sessions=sessions,
        prices=prices,
        regions=regions,
        tracker=tracker,
        month_ends=MonthEnds(sessions=sessions, ledger=ledger, prices=prices, clock=now),
    )
