"""The half of the watch's state that only reads sees what the other half wrote."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.read_only import DynamoWatchState
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions, DynamoStaleTotals, DynamoTotalStore
from sagewatch.idle.state import NotebookState
from sagewatch.ledger.totals import Cell, DayKey, DayTotal, Spend
from sagewatch.sagemaker.resources import ResourceKind
from tests.worlds.digest import LAB, DigestWorld

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TOTAL = DayTotal("2026-11-23", {Cell(ResourceKind.TRAINING, "ana"): Spend(jobs=1, cost_usd=Decimal("1.5"))})


def test_what_is_written_is_read(aws: Any, tables: tuple[str, str]) -> None:
    """Totals, marks, regions, sessions and what is remembered of notebooks."""
    dynamodb, state = aws.client("dynamodb"), tables[1]
    session = DigestWorld().open_session("lab", NOW - timedelta(hours=1), "ml.t3.medium")
    DynamoTotalStore(dynamodb, state).save(TOTAL)
    DynamoStaleTotals(dynamodb, state, lambda: NOW).add(DayKey("2026-11-23"))
    DynamoRegions(dynamodb, state, lambda: NOW).add("eu-west-1")
    DynamoSessions(dynamodb, state).begin(session)
    DynamoNotebookStates(dynamodb, state, lambda: NOW).save(NotebookState(arn=LAB, look_at=NOW), "us-east-1")
    reads = DynamoWatchState(dynamodb, state, lambda: NOW)

    assert reads.between("2026-11-01", "2026-11-30") == {"2026-11-23": TOTAL}
    assert [mark.sum for mark in reads.all(young=True)] == [DayKey("2026-11-23")]
    assert reads.in_use() == {"eu-west-1"}
    assert reads.open_sessions("us-east-1") == [session]
    assert reads.of_region("us-east-1") == {LAB: NotebookState(arn=LAB, look_at=NOW)}
