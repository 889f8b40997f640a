"""A stack of one account becomes a hub, and one again: every row, lease and open warning is where it was.

The data are those that commit a36f5fc wrote, and what today's code writes for a stack of one account.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.ledger import DynamoLedgerRows
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobs, DynamoSnoozes
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.standing_sessions import DynamoStandingSessions
from sagewatch.adapters.dynamodb.stop_claims import DynamoLeases
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions, DynamoTotalStore
from sagewatch.alerts.ports import Lease
from sagewatch.idle.ports import LeaseGrant
from sagewatch.notebooks.session import StopCall
from tests.contract.dynamodb.test_accounts import arn, session, standing
from tests.upgrade.test_upgrade import AT, REGION, stored
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, a_job

OTHER = "222233334444"
HOMES = pytest.mark.parametrize("home", [None, ACCOUNT])  # how the stack was wired before there were hubs, and since


@dataclass
class Stack:
    """The stores of a stack. A hub asks for regions by account; a stack of one account by name alone."""

    client: Any
    ledger: str
    state: str
    home: str | None
    region: str = REGION

    def __post_init__(self) -> None:
        """Wire them as the functions do."""
        clock = lambda: AT  # noqa: E731 - a clock
        self.open_jobs = DynamoOpenJobs(self.client, state=self.state, ledger=self.ledger, clock=clock, home=self.home)
        self.snoozes = DynamoSnoozes(self.client, self.state, self.home)
        self.sessions = DynamoSessions(self.client, self.state, self.home)
        self.notebooks = DynamoNotebookStates(self.client, self.state, clock, self.home)
        self.leases = DynamoLeases(self.client, self.state, self.home)
        self.standing = DynamoStandingSessions(self.client, self.state, self.home)
        self.regions = DynamoRegions(self.client, self.state, clock, home=self.home)

    def read(self) -> Mapping[str, Any]:
        """Everything that is known of the region."""
        rows, totals = DynamoLedgerRows(self.client, self.ledger), DynamoTotalStore(self.client, self.state)
        days = sorted({item["ended_on"]["S"] for item in stored("ledger")})
        return {
            "rows": [row for day in days for row in rows.of_day(day)],
            "open jobs": [job for _, job in self.open_jobs.after(self.region, None)],
            "sessions": list(self.sessions.open_sessions(self.region)),
            "notebooks": dict(self.notebooks.of_region(self.region)),
            "standing": list(self.standing.of_scope(self.region)),
            "totals": totals.between("2026-11-01", "2026-11-30"),
            "regions": self.regions.in_use(),
        }

    def write(self, account: str = ACCOUNT) -> None:
        """A job that runs and is snoozed, a notebook that is kept, an endpoint."""
        lease = Lease("U0ANA", AT + timedelta(hours=4), AT)
        job = a_job(account=account, arn=arn(account, "training-job"))
        self.open_jobs.add(job)
        self.snoozes.snooze(job, lease)
        self.sessions.begin(session(account))
        assert self.leases.grant(arn(account), f"{account}/{REGION}", lease, AT) is LeaseGrant.GRANTED
        self.standing.save(standing(account))
        self.regions.add(f"{account}/{REGION}")


@pytest.fixture
def tables_before(aws: Aws, tables: tuple[str, str]) -> tuple[Any, str, str]:
    """Both tables, as the stack of one account left them."""
    client = aws.client("dynamodb")
    for table, name in zip(tables, ("ledger", "state"), strict=True):
        for item in stored(name):
            client.put_item(TableName=table, Item=item)
    return client, *tables


def keys(client: Any, state: str) -> set[tuple[str, str]]:
    """The key of every item of the state."""
    return {(item["pk"]["S"], item["sk"]["S"]) for item in client.scan(TableName=state)["Items"]}


@HOMES
def test_a_hub_reads_what_the_stack_of_one_account_wrote(tables_before: tuple[Any, str, str], home: str | None) -> None:
    """Rows, open jobs with snoozes, sessions, warnings, leases, totals; by the region's name and the account's."""
    before = Stack(*tables_before, home)
    before.write()
    known = before.read()

    assert sum(state.pending is not None for state in known["notebooks"].values()) == 3
    assert known["notebooks"][arn(ACCOUNT)].lease == Lease("U0ANA", AT + timedelta(hours=4), AT)
    assert len(known["rows"]) == 4
    for region in (REGION, f"{ACCOUNT}/{REGION}"):
        assert Stack(*tables_before, ACCOUNT, region).read() == known


@HOMES
def test_a_hub_goes_on_with_the_items_that_are_there(tables_before: tuple[Any, str, str], home: str | None) -> None:
    """It writes no second item of what is known; a lease from before still prevents a stop."""
    Stack(*tables_before, home).write()
    before = keys(tables_before[0], tables_before[2])
    hub = Stack(*tables_before, ACCOUNT, f"{ACCOUNT}/{REGION}")
    [kept] = [one for one in hub.sessions.open_sessions(hub.region) if one.arn == arn(ACCOUNT)]

    assert hub.leases.claim_stop(kept, StopCall("sagewatch", AT), seen=None) is False
    hub.write()
    for state in hub.notebooks.of_region(hub.region).values():
        hub.notebooks.save(replace(state, verdict="keep"), hub.region)
    written = keys(tables_before[0], tables_before[2])
    assert written - before == {(f"notebook#{REGION}", f"{arn(ACCOUNT)}#watch")}


@HOMES
def test_a_stack_that_is_no_hub_any_more_reads_its_own_account_alone(
    tables_before: tuple[Any, str, str], home: str | None
) -> None:
    """What the hub wrote of its own account is there; what it wrote of another is in no list."""
    hub = Stack(*tables_before, ACCOUNT, f"{ACCOUNT}/{REGION}")
    hub.write()
    known = hub.read()
    hub.write(OTHER)

    assert Stack(*tables_before, home).read() == known == hub.read()
