"""The ledger, the open jobs and the deliveries: one contract for the tables and for their in-memory twins.

DynamoDB differs from moto in that its transactions can be cancelled by another writer (TransactionConflict), which the
adapter turns into ThrottledError; moto never does.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.deliveries import DynamoDeliveries
from sagewatch.adapters.dynamodb.items import from_item
from sagewatch.adapters.dynamodb.ledger import DynamoLedger
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobs
from sagewatch.delivery.ports import Deliveries
from sagewatch.errors import UnavailableError
from sagewatch.jobs.ports import OpenJobs
from sagewatch.ledger.ports import Ledger, PutResult
from sagewatch.ledger.totals import DayKey
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.resources import JobStatus
from tests.fakes.delivery import InMemoryDeliveries
from tests.fakes.jobs import InMemoryOpenJobs
from tests.fakes.ledger import InMemoryLedger
from tests.worlds.aws import Aws
from tests.worlds.builders import NOW, a_job, a_row


@pytest.fixture(params=["in_memory", "dynamodb"])
def both(request: pytest.FixtureRequest) -> tuple[Ledger, OpenJobs, Deliveries]:
    """All three ports of one world."""
    if request.param == "in_memory":
        ledger = InMemoryLedger()
        return ledger, InMemoryOpenJobs(ledger), InMemoryDeliveries()
    ledger_name, state_name = request.getfixturevalue("tables")
    client = request.getfixturevalue("aws").client("dynamodb")
    return (
        DynamoLedger(client, ledger_name),
        DynamoOpenJobs(client, state=state_name, ledger=ledger_name, clock=lambda: NOW),
        DynamoDeliveries(client, state_name),
    )


World = tuple[Ledger, OpenJobs, Deliveries]


def test_a_row_is_written_once(both: World) -> None:
    """The second put says that it was there."""
    ledger, _, _ = both

    assert [ledger.put(a_row()).written, ledger.put(a_row()).written] == [True, False]


def test_a_name_used_again_is_a_second_row(both: World) -> None:
    """The key has the creation time."""
    ledger, _, _ = both

    assert [ledger.put(row).written for row in (a_row(), a_row(created_at="2026-11-21T00:00:00Z"))] == [True, True]


def test_a_row_only_gives_way_to_a_better_one(both: World) -> None:
    """Absent, unpriced, provisional, final."""
    ledger, _, _ = both
    unpriced, provisional, final = (
        a_row(pricing=pricing) for pricing in (PricingStatus.UNPRICED, PricingStatus.PROVISIONAL, PricingStatus.PRICED)
    )
    puts = (unpriced, unpriced, provisional, unpriced, provisional, final, unpriced, provisional, final)

    assert [ledger.put(row).written for row in puts] == [True, False, True, False, False, True, False, False, False]


def test_a_provisional_row_gives_way_to_one_that_knows_a_longer_warm_pool(both: World) -> None:
    """A warm pool is billed for hours after the job, and its seconds grow from look to look."""
    ledger, _, _ = both
    puts = [a_row(pricing=PricingStatus.PROVISIONAL, warm_pool_seconds=pool) for pool in (None, 60, 60, None, 3600, 60)]

    assert [ledger.put(row).written for row in puts] == [True, True, False, False, True, False]


def test_a_retry_still_names_the_day_a_row_has_left(both: World) -> None:
    """The first try may have ended between the row and its totals. A row that replaced nothing names nothing."""
    ledger, _, _ = both
    moved = a_row(ended_at="2026-11-22T00:10:00Z", ended_on="2026-11-22")
    ledger.put(a_row(pricing=PricingStatus.PROVISIONAL))
    other = replace(moved, resource_arn=f"{moved.resource_arn}-2")

    expected = (DayKey("2026-11-20"),)
    assert [ledger.put(moved), ledger.put(moved)] == [
        PutResult(written=True, replaced=expected),
        PutResult(written=False, replaced=expected),
    ]
    assert [ledger.put(other), ledger.put(other)] == [PutResult(written=True), PutResult(written=False)]


def test_a_final_row_stays(both: World) -> None:
    """Neither another final row nor a provisional one with a warm pool replaces it."""
    ledger, _, _ = both
    ledger.put(a_row())
    puts = (a_row(), a_row(pricing=PricingStatus.PROVISIONAL, warm_pool_seconds=9), a_row(pricing=PricingStatus.FREE))

    assert [ledger.put(row).written for row in puts] == [False, False, False]


def test_an_open_job_can_be_added_and_removed_twice(both: World) -> None:
    """Events come twice."""
    _, open_jobs, _ = both
    job = a_job(status=JobStatus.IN_PROGRESS)

    assert [open_jobs.add(job), open_jobs.add(job)] == [True, True]
    open_jobs.remove(job)
    open_jobs.remove(job)


def test_a_late_start_does_not_reopen_a_recorded_end(both: World) -> None:
    """In any order the same table."""
    ledger, open_jobs, _ = both
    ledger.put(a_row())

    assert open_jobs.add(a_job(status=JobStatus.IN_PROGRESS)) is False


def test_the_stored_row_has_the_documented_attributes(aws: Aws, tables: tuple[str, str]) -> None:
    """Amounts are numbers, times are text, and what is not known is absent."""
    client = aws.client("dynamodb")
    DynamoLedger(client, tables[0]).put(a_row(owner=None))
    [item] = client.scan(TableName=tables[0])["Items"]
    row = from_item(item)

    assert row["cost_usd"] == Decimal("0.46")
    assert (row["kind"], row["pricing"], row["recorded_by"]) == ("training", "priced", "event")
    assert (row["ended_at"], row["ended_on"]) == ("2026-11-20T11:00:00Z", "2026-11-20")
    assert "owner" not in row
    assert None not in row.values()


def test_state_expires(aws: Aws, tables: tuple[str, str]) -> None:
    """Nothing in WatchState is kept for ever."""
    client = aws.client("dynamodb")
    DynamoOpenJobs(client, state=tables[1], ledger=tables[0], clock=lambda: NOW).add(a_job())
    DynamoDeliveries(client, tables[1]).claim("a", NOW)
    items: list[dict[str, Any]] = [from_item(item) for item in client.scan(TableName=tables[1])["Items"]]

    assert len(items) == 2
    assert all(item["expires_at"] > NOW.timestamp() for item in items)


def test_a_table_that_is_not_there_is_unavailable(aws: Aws) -> None:
    """A typed error that names the action, and a retry."""
    with pytest.raises(UnavailableError, match="dynamodb:PutItem on the ledger: ResourceNotFoundException"):
        DynamoLedger(aws.client("dynamodb"), "nowhere").put(replace(a_row()))
