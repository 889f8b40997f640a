"""No item of the state is shared by two accounts that use the same region and the same names.

Every adapter that writes to a table is here: it keeps its accounts apart, or says why all accounts share its items.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

import sagewatch.adapters.dynamodb
from sagewatch.adapters.dynamodb.account_names import DynamoAccountNames
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobs
from sagewatch.adapters.dynamodb.recipes import DynamoRecipes
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.spokes import DynamoSpokeStates
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.standing_sessions import DynamoStandingSessions
from sagewatch.adapters.dynamodb.stop_claims import DynamoLeases, DynamoResourceLeases
from sagewatch.adapters.dynamodb.studio_audits import DynamoStudioAudits
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions
from sagewatch.alerts.ports import Lease
from sagewatch.delivery.ports import AccountNames
from sagewatch.idle.state import NotebookState
from sagewatch.ledger.totals import RollUpKey
from sagewatch.notebooks.session import Session
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.spokes.ports import Problem
from sagewatch.standing.endpoints.recipe import Recipe
from sagewatch.standing.sessions import StandingSession
from sagewatch.standing.studio.ports import KeptAudit
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, NOW, a_job, a_row

OTHERS = ("222233334444", "333344445555")
REGION = "us-east-1"
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem"}
# Why items of these adapters belong to all accounts, or how what they are keyed by has the account in it.
SHARED = {
    "DynamoDeliveries": "an alert's ID, a digest of an ARN or of an account",
    "DynamoAlertGroups": "a group's ID, a digest of an ARN or of an account",
    "DynamoSweepLog": "a function of the stack",
    "DynamoSnoozes": "the item of an open job",
    "DynamoUserDirectory": "a person in Slack",
    "DynamoChannelIds": "a channel in Slack",
    "DynamoPriceCache": "list prices of a region, which all accounts have",
    "DynamoSeenRequests": "a request of Slack",
    "DynamoTotalStore": "the total of a day, which has its accounts inside",
    "DynamoRollUps": "the row of a tuning job, by its ARN",
    "DynamoCheckpoints": "a name with the scope in it",
    "DynamoCursors": "a name with the scope in it",
    "DynamoDailyNotices": "a sentence with the scope in it",
    "DynamoLeftOut": "a sentence with the item's key in it",
}


class Named(AccountNames):
    """An organization."""

    def name(self, account: str) -> str:
        """Name an account."""
        return f"account-{account}"


def arn(account: str, kind: str = "notebook-instance") -> str:
    """The ARN of what has the same name everywhere."""
    return f"arn:aws:sagemaker:{REGION}:{account}:{kind}/same"


def session(account: str) -> Session:
    """A notebook that runs."""
    return Session(
        arn=arn(account),
        name="same",
        account=account,
        region=REGION,
        owner="ana@example.com",
        owner_source="tag owner",
        instance_type="ml.t3.medium",
        volume_gb=5,
        since=NOW,
    )


def standing(account: str) -> StandingSession:
    """An endpoint that runs."""
    return StandingSession(
        arn=arn(account, "endpoint"),
        name="same",
        kind=ResourceKind.ENDPOINT,
        account=account,
        region=REGION,
        owner=None,
        lines=(),
        since=NOW,
        booked_until=NOW,
    )


def a_recipe(account: str) -> Recipe:
    """An endpoint that was deleted."""
    return Recipe(name="same", arn=arn(account, "endpoint"), config_name="c")


class Stores:
    """Every adapter that keeps something of one account, on real tables."""

    def __init__(self, client: Any, ledger: str, state: str) -> None:
        """The stack is in ``ACCOUNT``."""
        self.open_jobs = DynamoOpenJobs(client, state=state, ledger=ledger, clock=lambda: NOW, home=ACCOUNT)
        self.sessions = DynamoSessions(client, state, home=ACCOUNT)
        self.notebooks = DynamoNotebookStates(client, state, lambda: NOW, home=ACCOUNT)
        self.leases = DynamoLeases(client, state, home=ACCOUNT)
        self.resource_leases = DynamoResourceLeases(client, state, home=ACCOUNT)
        self.standing = DynamoStandingSessions(client, state, home=ACCOUNT)
        self.recipes = DynamoRecipes(client, state, home=ACCOUNT)
        self.audits = DynamoStudioAudits(client, state, home=ACCOUNT)
        self.spokes = DynamoSpokeStates(client, state)
        self.regions = DynamoRegions(client, state, lambda: NOW, home=ACCOUNT)
        self.names = DynamoAccountNames(client, state, lambda: NOW, ask=Named())
        self.marks = DynamoStaleTotals(client, state, lambda: NOW)
        self.ledger = DynamoLedger(client, ledger, self.marks)

    def writes(self, account: str) -> dict[str, Callable[[], object]]:
        """What each writes about the same things in an account."""
        scope, lease = f"{account}/{REGION}", Lease("U0ANA", NOW + timedelta(hours=4), NOW)
        job = a_job(account=account, arn=arn(account, "training-job"))
        return {
            "DynamoOpenJobs": lambda: self.open_jobs.add(job),
            "DynamoSessions": lambda: self.sessions.begin(session(account)),
            "DynamoNotebookStates": lambda: self.notebooks.save(NotebookState(arn=arn(account)), scope),
            "DynamoLeases": lambda: self.leases.grant(arn(account), scope, lease, NOW),
            "DynamoResourceLeases": lambda: self.resource_leases.grant(arn(account, "endpoint"), scope, lease, NOW),
            "DynamoStandingSessions": lambda: self.standing.save(standing(account)),
            "DynamoRecipes": lambda: self.recipes.save(a_recipe(account)),
            "DynamoStudioAudits": lambda: self.audits.save(scope, KeptAudit(audited_at=NOW, count=0, findings=())),
            "DynamoSpokeStates": lambda: self.spokes.failed(scope, "SweepJobs", Problem.ROLE, NOW),
            "DynamoRegions": lambda: self.regions.add(scope),
            "DynamoAccountNames": lambda: self.names.name(account),
            "DynamoLedger": lambda: self.ledger.put(replace(a_row(job), cost_usd=Decimal(1))),
            "DynamoStaleTotals": lambda: self.marks.add(RollUpKey(arn(account, "hyper-parameter-tuning-job"))),
        }


def adapters() -> Iterator[type]:
    """Every class that writes to a table."""
    for module in pkgutil.iter_modules(sagewatch.adapters.dynamodb.__path__):
        loaded = importlib.import_module(f"sagewatch.adapters.dynamodb.{module.name}")
        for each in vars(loaded).values():
            own = isinstance(each, type) and each.__module__ == loaded.__name__
            if own and WRITES & {*getattr(each, "PERMISSIONS", ())}:
                yield each


@pytest.fixture
def stores(aws: Aws, tables: tuple[str, str]) -> Stores:
    """Empty ones."""
    return Stores(aws.client("dynamodb"), *tables)


def keys(aws: Aws, tables: tuple[str, str]) -> set[tuple[str, ...]]:
    """The key of every item but the mark of a day, which is the total of all accounts."""
    found = set()
    for table, names in zip(tables, (("resource_arn", "created_at"), ("pk", "sk")), strict=True):
        for item in aws.client("dynamodb").scan(TableName=table)["Items"]:
            found.add(tuple(item[name]["S"] for name in names))
    return {key for key in found if not key[1].startswith("day#")}


def test_every_adapter_that_writes_keeps_accounts_apart_or_says_why_not() -> None:
    """A new one has to be put into one of the two lists."""
    names = {each.__name__ for each in adapters()}
    apart = set(Stores.writes(object.__new__(Stores), ACCOUNT))

    assert apart.isdisjoint(SHARED)
    assert names == apart | set(SHARED)


@pytest.mark.parametrize("name", sorted(Stores.writes(object.__new__(Stores), ACCOUNT)))
def test_the_same_names_in_two_accounts_are_different_items(
    name: str, stores: Stores, aws: Aws, tables: tuple[str, str]
) -> None:
    """Also against the stack's own account, whose keys have no account."""
    seen: set[tuple[str, ...]] = set()
    for account in (ACCOUNT, *OTHERS):
        stores.writes(account)[name]()
        now = keys(aws, tables)
        assert len(now) > len(seen), account
        seen = now


def test_what_one_account_wrote_is_not_read_for_another(stores: Stores) -> None:
    """Each reads its own, and its own account's as it always did."""
    for account in (ACCOUNT, *OTHERS):
        for write in stores.writes(account).values():
            write()
    for account in (REGION, *(f"{one}/{REGION}" for one in (ACCOUNT, *OTHERS))):
        owner = account.rpartition("/")[0] or ACCOUNT
        assert [one.arn for one in stores.sessions.open_sessions(account)] == [arn(owner)]
        assert [entry.job.arn for entry in stores.open_jobs.of_region(account)] == [arn(owner, "training-job")]
        assert set(stores.notebooks.of_region(account)) == {arn(owner)}
        assert [one.arn for one in stores.standing.of_scope(account)] == [arn(owner, "endpoint")]
        assert [one.arn for one in stores.recipes.all(account)] == [arn(owner, "endpoint")]
