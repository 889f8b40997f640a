"""Rows that another version wrote, or a hand edited, hinder no other row."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.ledger import DynamoFamilies, DynamoLedgerRows, DynamoRollUps
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.sweep_state import DynamoTotalStore
from sagewatch.errors import UnreadableError
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.ledger.totals import Cell, DayKey, DayTotal, RollUpKey, Spend
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from tests.worlds.aws import Aws
from tests.worlds.builders import ENDED, NOW, a_failed_job, a_job, a_row

OTHER = a_row(a_job(arn=f"{a_job().arn}-2"))
DAY = OTHER.ended_on


def a_ledger(client: Any, tables: tuple[str, str]) -> DynamoLedger:
    """The ledger, with the marks it writes."""
    return DynamoLedger(client, tables[0], DynamoStaleTotals(client, tables[1], lambda: NOW))


def edit(client: Any, table: str, **change: dict[str, Any]) -> None:
    """Write a value into a row as a later version might."""
    [(name, value)] = change.items()
    client.update_item(
        TableName=table,
        Key={"resource_arn": {"S": OTHER.resource_arn}, "created_at": {"S": OTHER.created_at}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": value},
    )


@pytest.mark.parametrize(
    "change",
    [{"kind": {"S": "hologram"}}, {"pricing": {"S": "haggled"}}, {"billable_seconds": {"S": "many"}}],
    ids=str,
)
def test_an_unreadable_row_is_left_out_and_named(
    aws: Aws, tables: tuple[str, str], change: dict[str, dict[str, Any]]
) -> None:
    """The other rows of its day, its owner and its family are read."""
    client, table = aws.client("dynamodb"), tables[0]
    ledger, rows = a_ledger(client, tables), DynamoLedgerRows(client, table)
    ledger.put(a_row())
    ledger.put(OTHER)
    edit(client, table, **change)

    assert [row.resource_arn for row in rows.of_day(DAY)] == [a_row().resource_arn]
    assert [row.resource_arn for row in rows.of_owner("ana@example.com", DAY, DAY)] == [a_row().resource_arn]
    assert [OTHER.resource_arn in sentence for sentence in rows.take_unreadable()] == [True, True]
    assert rows.take_unreadable() == []
    assert DynamoFamilies(client, table).recent(str(OTHER.family), ENDED - timedelta(days=1), 5)


def test_a_failure_class_of_a_later_version_is_unknown(aws: Aws, tables: tuple[str, str]) -> None:
    """The row's money still counts, and its family can still be read."""
    client, table = aws.client("dynamodb"), tables[0]
    a_ledger(client, tables).put(OTHER)
    edit(client, table, failure_class={"S": "disk-full"})

    [row] = DynamoLedgerRows(client, table).of_day(DAY)
    [run] = DynamoFamilies(client, table).recent(str(OTHER.family), ENDED - timedelta(days=1), 5)
    assert (row.failure_class, row.cost_usd) == (FailureClass.UNKNOWN, Decimal("0.46"))
    assert run.failure_class is FailureClass.UNKNOWN


def test_a_day_with_an_unreadable_row_is_summed_and_reported(aws: Aws, tables: tuple[str, str]) -> None:
    """The sweep reports it as a failure once, and the day's other rows are in the total."""
    client, (ledger, state) = aws.client("dynamodb"), tables
    later = NOW + timedelta(days=2)
    marks, totals = DynamoStaleTotals(client, state, lambda: later), DynamoTotalStore(client, state)
    rows = DynamoLedgerRows(client, ledger)
    refresh = TotalsRefresh(
        rows=rows, roll_ups=DynamoRollUps(client, ledger), totals=totals, marks=marks, clock=lambda: later
    )
    a_ledger(client, tables).put(OTHER)
    a_ledger(client, tables).put(a_row(a_failed_job()))
    edit(client, ledger, pricing={"S": "haggled"})
    marks.add(DayKey(DAY))
    [mark] = marks.all(young=True)

    with pytest.raises(UnreadableError, match=DAY):
        refresh.run(mark)
    assert sum((spend.jobs for spend in totals.between(DAY, DAY)[DAY].cells.values()), 0) == 1
    assert marks.all(young=True) == []


def test_a_total_with_more_amounts_or_an_unknown_kind_is_no_error(aws: Aws, tables: tuple[str, str]) -> None:
    """More amounts are ignored. A kind that is not known has the day read from its rows again."""
    client, state = aws.client("dynamodb"), tables[1]
    store = DynamoTotalStore(client, state)
    total = DayTotal(DAY, {Cell(ResourceKind.TRAINING, "ana"): Spend(jobs=1)})
    store.save(total)
    key = {"pk": {"S": f"totals#{DAY[:7]}"}, "sk": {"S": f"{DAY}#000"}}
    for path, value, expected in (("co2_kg", {"N": "1"}, {DAY: total}), ("kind", {"S": "hologram"}, {})):
        client.update_item(
            TableName=state,
            Key=key,
            UpdateExpression="SET cells[0].#name = :value",
            ExpressionAttributeNames={"#name": path},
            ExpressionAttributeValues={":value": value},
        )
        assert store.between(DAY, DAY) == expected


def test_a_roll_up_whose_row_cannot_be_read_is_reported_once(aws: Aws, tables: tuple[str, str]) -> None:
    """Its mark would fail every sweep. The row stays as it is for a person to look at."""
    client, (ledger, state) = aws.client("dynamodb"), tables
    later = NOW + timedelta(days=2)
    marks, rows = DynamoStaleTotals(client, state, lambda: later), DynamoLedgerRows(client, ledger)
    roll_ups, totals = DynamoRollUps(client, ledger), DynamoTotalStore(client, state)
    refresh = TotalsRefresh(rows=rows, roll_ups=roll_ups, totals=totals, marks=marks, clock=lambda: later)
    a_ledger(client, tables).put(OTHER)
    key = {"resource_arn": {"S": OTHER.resource_arn}, "created_at": {"S": OTHER.created_at}}
    client.update_item(TableName=ledger, Key=key, UpdateExpression="REMOVE ended_at")
    before = client.get_item(TableName=ledger, Key=key)["Item"]
    marks.add(RollUpKey(OTHER.resource_arn))
    [mark] = [mark for mark in marks.all(young=True) if isinstance(mark.sum, RollUpKey)]

    with pytest.raises(UnreadableError, match=OTHER.resource_arn):
        refresh.run(mark)
    assert [mark for mark in marks.all(young=True) if isinstance(mark.sum, RollUpKey)] == []
    assert client.get_item(TableName=ledger, Key=key)["Item"] == before


@pytest.mark.parametrize("kind", [{"L": []}, {"M": {}}, {"N": "1"}, {"SS": ["training"]}], ids=str)
def test_an_unpriced_row_of_an_odd_kind_gives_way(aws: Aws, tables: tuple[str, str], kind: dict[str, Any]) -> None:
    """As any other: nothing is known of the totals it was in."""
    client, ledger = aws.client("dynamodb"), a_ledger(aws.client("dynamodb"), tables)
    ledger.put(replace(OTHER, pricing=PricingStatus.UNPRICED, cost_usd=None))
    edit(client, tables[0], kind=kind)

    assert ledger.put(OTHER)
