"""The ledger, the open jobs and the deliveries: one contract for the tables and for their in-memory twins.

DynamoDB differs from moto in that its transactions can be cancelled by another writer (TransactionConflict), which the
adapter turns into ThrottledError; moto never does.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from sagewatch.adapters.dynamodb.deliveries import DynamoDeliveries
from sagewatch.adapters.dynamodb.items import from_item
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobs
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.delivery.ports import Deliveries
from sagewatch.errors import RequestRefusedError, ThrottledError, UnavailableError
from sagewatch.jobs.ports import OpenJobs
from sagewatch.ledger.ports import Ledger
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
        DynamoLedger(client, ledger_name, marks_of(client, state_name)),
        DynamoOpenJobs(client, state=state_name, ledger=ledger_name, clock=lambda: NOW),
        DynamoDeliveries(client, state_name),
    )


def marks_of(client: Any, state: str) -> DynamoStaleTotals:
    """The marks that a ledger writes."""
    return DynamoStaleTotals(client, state, lambda: NOW)


PARENT = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/t"
World = tuple[Ledger, OpenJobs, Deliveries]


def test_a_row_is_written_once(both: World) -> None:
    """The second put says that it was there."""
    ledger, _, _ = both

    assert [ledger.put(a_row()), ledger.put(a_row())] == [True, False]


def test_a_name_used_again_is_a_second_row(both: World) -> None:
    """The key has the creation time."""
    ledger, _, _ = both

    assert [ledger.put(row) for row in (a_row(), a_row(created_at="2026-11-21T00:00:00Z"))] == [True, True]


def test_a_row_only_gives_way_to_a_better_one(both: World) -> None:
    """Absent, unpriced, provisional, final."""
    ledger, _, _ = both
    unpriced, provisional, final = (
        a_row(pricing=pricing) for pricing in (PricingStatus.UNPRICED, PricingStatus.PROVISIONAL, PricingStatus.PRICED)
    )
    puts = (unpriced, unpriced, provisional, unpriced, provisional, final, unpriced, provisional, final)

    assert [ledger.put(row) for row in puts] == [True, False, True, False, False, True, False, False, False]


def test_a_provisional_row_gives_way_to_one_that_knows_a_longer_warm_pool(both: World) -> None:
    """A warm pool is billed for hours after the job, and its seconds grow from look to look."""
    ledger, _, _ = both
    puts = [a_row(pricing=PricingStatus.PROVISIONAL, warm_pool_seconds=pool) for pool in (None, 60, 60, None, 3600, 60)]

    assert [ledger.put(row) for row in puts] == [True, True, False, False, True, False]


@pytest.mark.parametrize("tries", [1, 5])
def test_writers_that_mark_one_roll_up_at_once_retry(aws: Aws, tables: tuple[str, str], tries: int) -> None:
    """DynamoDB cancels transactions that touch one item at one time, as the children of a tuning job do."""
    client, waits = aws.client("dynamodb"), list[float]()
    cancelled = ["None", "TransactionConflict"]
    client.meta.events.register_first("before-call.dynamodb.TransactWriteItems", _cancelling([cancelled] * tries))

    assert DynamoLedger(client, tables[0], marks_of(client, tables[1]), waits.append).put(a_row(parent_arn=PARENT))
    assert len(waits) == tries
    assert {"to-sum"} <= {item["pk"]["S"] for item in client.scan(TableName=tables[1])["Items"]}


def test_a_conflict_that_stays_is_retried_with_the_message(aws: Aws, tables: tuple[str, str]) -> None:
    """Neither the row nor a mark of it is there."""
    client, waits = aws.client("dynamodb"), list[float]()
    cancelled = ["TransactionConflict", "None"]
    client.meta.events.register_first("before-call.dynamodb.TransactWriteItems", _cancelling([cancelled] * 99))

    with pytest.raises(ThrottledError, match="others write the totals"):
        DynamoLedger(client, tables[0], marks_of(client, tables[1]), waits.append).put(a_row(parent_arn=PARENT))
    assert client.scan(TableName=tables[0])["Items"] == []
    assert sum(waits) < 5


def test_a_request_that_dynamodb_refuses_is_no_conflict(aws: Aws, tables: tuple[str, str]) -> None:
    """It would be refused each time."""
    client = aws.client("dynamodb")
    cancelled = ["ValidationError", "None"]  # a parent: without one, today's row is a single put
    client.meta.events.register_first("before-call.dynamodb.TransactWriteItems", _cancelling([cancelled]))

    with pytest.raises(RequestRefusedError, match="a part of the transaction is invalid"):
        DynamoLedger(client, tables[0], marks_of(client, tables[1])).put(a_row(parent_arn=PARENT))


def _cancelling(answers: list[list[str]]) -> Callable[..., tuple[AWSResponse, dict[str, Any]] | None]:
    """Cancel the next transactions for these reasons."""
    left = iter(answers)

    def cancel(**_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        codes = next(left, None)
        if codes is None:
            return None
        error = {"Code": "TransactionCanceledException", "Message": "cancelled"}
        reasons = [{"Code": code} for code in codes]
        return AWSResponse("", 400, HTTPHeaders(), None), {
            "Error": error,
            "CancellationReasons": reasons,
            "ResponseMetadata": {},
        }

    return cancel


def test_a_final_row_stays(both: World) -> None:
    """Neither another final row nor a provisional one with a warm pool replaces it."""
    ledger, _, _ = both
    ledger.put(a_row())
    puts = (a_row(), a_row(pricing=PricingStatus.PROVISIONAL, warm_pool_seconds=9), a_row(pricing=PricingStatus.FREE))

    assert [ledger.put(row) for row in puts] == [False, False, False]


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
    DynamoLedger(client, tables[0], marks_of(client, tables[1])).put(a_row(owner=None))
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


def test_a_table_that_is_not_there_is_unavailable(aws: Aws, tables: tuple[str, str]) -> None:
    """A typed error that names the action, and a retry."""
    with pytest.raises(UnavailableError, match="dynamodb:PutItem on the ledger: ResourceNotFoundException"):
        DynamoLedger(aws.client("dynamodb"), "nowhere", marks_of(aws.client("dynamodb"), tables[1])).put(a_row())
