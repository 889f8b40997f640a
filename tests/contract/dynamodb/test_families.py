"""The runs of a family: one contract for the ledger's index and for its in-memory twin.

An index of DynamoDB is behind its table by some milliseconds; moto's never is.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sagewatch.adapters.dynamodb.ledger import DynamoFamilies
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.clock import iso
from sagewatch.errors import UnavailableError
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.ledger.families import PastRun
from sagewatch.ledger.ports import Families, Ledger
from sagewatch.ledger.records import CostRecord
from sagewatch.sagemaker.resources import JobStatus
from tests.fakes.ledger import InMemoryLedger
from tests.worlds.aws import Aws
from tests.worlds.builders import ENDED, NOW, a_failed_job, a_job, a_row

FAMILY = "training#fraud-xgb"
World = tuple[Ledger, Families]


@pytest.fixture(params=["in_memory", "dynamodb"])
def world(request: pytest.FixtureRequest) -> World:
    """The ledger and the families in it."""
    if request.param == "in_memory":
        ledger = InMemoryLedger()
        return ledger, ledger
    name, state = request.getfixturevalue("tables")
    client = request.getfixturevalue("aws").client("dynamodb")
    return DynamoLedger(client, name, DynamoStaleTotals(client, state, lambda: NOW)), DynamoFamilies(client, name)


def a_run(number: int, **changes: object) -> CostRecord:
    """A row of a family that ended so many hours ago."""
    ended = NOW - timedelta(hours=number)
    row = a_row(a_job(arn=f"arn:aws:sagemaker:us-east-1:111122223333:training-job/{number}", ended_at=ended))
    return replace(row, family=FAMILY, **changes)  # type: ignore[arg-type] # a test's own


def test_a_family_without_rows_has_no_runs(world: World) -> None:
    """Nothing is no error."""
    assert list(world[1].recent(FAMILY, ENDED, 10)) == []


def test_the_newest_runs_come_first_and_no_more_than_asked_for(world: World) -> None:
    """Those of other families and older ones are left out; the bound itself is in."""
    ledger, families = world
    for number in (3, 1, 5, 2, 4):
        ledger.put(a_run(number))
    ledger.put(replace(a_run(6), ended_at=iso(NOW), family="training#other"))
    ledger.put(replace(a_run(7), ended_at=iso(NOW), family=None))

    def hours(since: int, most: int) -> list[int]:
        runs = families.recent(FAMILY, NOW - timedelta(hours=since), most)
        return [round((NOW - run.ended_at).total_seconds() / 3600) for run in runs]

    assert (hours(4, 10), hours(9, 2)) == ([1, 2, 3, 4], [1, 2])


def test_a_run_is_remembered_with_its_time_its_cost_and_its_failure(world: World) -> None:
    """The clock's seconds, for those of spot are fewer; what is not known is none."""
    ledger, families = world
    job = a_failed_job(name="fraud-xgb-2026-11-20-09-58-00-000", billable_seconds=1800)
    ledger.put(a_row(job))
    unpriced = replace(a_run(9), started_at=None, billable_seconds=None, cost_usd=None)
    ledger.put(unpriced)

    assert list(families.recent(FAMILY, datetime(2026, 11, 1, tzinfo=UTC), 5)) == [
        PastRun(ENDED, JobStatus.FAILED, 3600, Decimal("0.23"), FailureClass.USER_CODE),
        PastRun(NOW - timedelta(hours=9), JobStatus.COMPLETED, None, None, None),
    ]


def test_what_past_runs_ran_on_is_read_by_their_keys(world: World) -> None:
    """A row that is gone, or that knows no instances, says nothing; no key is no call."""
    ledger, families = world
    ledger.put(a_run(1, instances="2 x ml.g5.2xlarge"))
    ledger.put(a_run(2, instances=None))
    keys = [run.key for run in families.recent(FAMILY, ENDED - timedelta(days=1), 5) if run.key]

    assert len(keys) == 2
    assert list(families.instances([*keys, ("arn:gone", "2026-01-01T00:00:00Z")])) == ["2 x ml.g5.2xlarge"]
    assert list(families.instances([])) == []


def test_a_job_that_never_launched_ran_for_no_time(world: World) -> None:
    """It has no start, and nothing was billed."""
    ledger, families = world
    ledger.put(replace(a_run(1), started_at=None, billable_seconds=0))

    assert [run.ran_seconds for run in families.recent(FAMILY, ENDED - timedelta(days=1), 5)] == [0]


def test_a_ledger_that_is_not_there_is_unavailable(aws: Aws) -> None:
    """A typed error that names the action."""
    with pytest.raises(UnavailableError, match="dynamodb:Query on the ledger ByFamily: ResourceNotFoundException"):
        DynamoFamilies(aws.client("dynamodb"), "nowhere").recent(FAMILY, NOW, 1)
