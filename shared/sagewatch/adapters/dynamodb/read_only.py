"""The halves of stores that only read, for those who may not write."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, ClassVar

from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions, DynamoStaleTotals, DynamoTotalStore
from sagewatch.clock import Clock
from sagewatch.idle.state import NotebookState
from sagewatch.ledger.ports import StaleTotal
from sagewatch.ledger.totals import DayTotal
from sagewatch.notebooks.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoWatchState:
    """Every reader of the WatchState table, by Query alone."""

    PERMISSIONS: ClassVar = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str, clock: Clock) -> None:
        """Keep what also writes, and let nobody at that."""
        self._totals = DynamoTotalStore(client, state)
        self._marks = DynamoStaleTotals(client, state, clock)
        self._regions = DynamoRegions(client, state, clock)
        self._sessions = DynamoSessions(client, state)
        self._watches = DynamoNotebookStates(client, state, clock)

    def between(self, first_day: str, last_day: str) -> Mapping[str, DayTotal]:
        """See ``TotalReader.between``."""
        return self._totals.between(first_day, last_day)

    def all(self, *, young: bool = False) -> Sequence[StaleTotal]:
        """See ``StaleTotalReader.all``."""
        return self._marks.all(young=young)

    def in_use(self) -> AbstractSet[str]:
        """See ``RegionReader.in_use``."""
        return self._regions.in_use()

    def open_sessions(self, region: str) -> Sequence[Session]:
        """See ``SessionReader.open_sessions``."""
        return self._sessions.open_sessions(region)

    def of_region(self, region: str) -> Mapping[str, NotebookState]:
        """See ``NotebookStateReader.of_region``."""
        return self._watches.of_region(region)
