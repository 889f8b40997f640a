"""Clients of other accounts, on moto's STS: whose resources they see, and how often a role is assumed."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from sagewatch.adapters.assumed_roles import AssumedRoles
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobReader, DynamoOpenJobs
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.stop_claims import DynamoLeases
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebooks, SageMakerNotebookStops
from sagewatch.alerts.ports import Lease
from sagewatch.errors import AccessDeniedError, ForeignAccountError, NotebookNotFoundError, StopRefusedError
from sagewatch.idle.state import NotebookState, OpenMessage, PendingStop
from sagewatch.sagemaker.scopes import scope_of_arn
from sagewatch.wiring.scoped_clients import ScopedClients
from tests.contract.dynamodb.test_sessions import OPEN
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, NOW, a_job
from tests.worlds.notebooks import a_notebook

THEIRS = "222233334444"
CONFIG = Config(retries={"total_max_attempts": 1})


class LocalSession(Session):
    """A session whose clients ask the local server."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def create_client(self, *args: Any, **kwargs: Any) -> Any:
        """Name the server's address."""
        return super().create_client(*args, **kwargs | {"endpoint_url": self._url})


def roles_at(aws: Aws, url: str, assumed: list[str]) -> AssumedRoles:
    """The adapter, with a note of every role that it asks STS for."""
    sts = aws.client("sts")
    sts.meta.events.register(
        "before-parameter-build.sts.AssumeRole", lambda params, **_: assumed.append(params["RoleArn"])
    )
    return AssumedRoles(sts, role="sagewatch-main-read", external_id="ours", new_session=lambda: LocalSession(url))


def test_a_resource_is_looked_for_in_its_own_account_and_the_role_is_assumed_once(aws: Aws, aws_url: str) -> None:
    """For both regions and every service; a notebook of that name in another account is another one."""
    assumed: list[str] = []
    roles = roles_at(aws, aws_url, assumed)
    theirs = roles.client("sagemaker", f"{THEIRS}/us-east-1", CONFIG)
    theirs.create_notebook_instance(
        NotebookInstanceName="Lab-One", InstanceType="ml.t3.medium", RoleArn=f"arn:aws:iam::{THEIRS}:role/lab"
    )
    notebooks = SageMakerNotebooks(lambda scope: roles.client("sagemaker", scope, CONFIG))

    assert notebooks.describe("Lab-One", "us-east-1", THEIRS).account == THEIRS
    for region, account in (("eu-west-1", THEIRS), ("us-east-1", "333344445555")):
        with pytest.raises(NotebookNotFoundError):
            notebooks.describe("Lab-One", region, account)
    assert roles.client("logs", f"{THEIRS}/eu-west-1", CONFIG).describe_log_groups()["logGroups"] == []
    assert roles.client("sagemaker", f"{THEIRS}/us-east-1", CONFIG) is theirs
    assert assumed == [f"arn:aws:iam::{account}:role/sagewatch-main-read" for account in (THEIRS, "333344445555")]


def test_a_stop_stops_the_notebook_of_its_account_alone(aws: Aws, aws_url: str) -> None:
    """Two accounts have a notebook of that name in the same region."""
    roles, other = roles_at(aws, aws_url, []), "333344445555"
    clients = {account: roles.client("sagemaker", f"{account}/us-east-1", CONFIG) for account in (THEIRS, other)}
    for account, client in clients.items():
        role = f"arn:aws:iam::{account}:role/lab"
        client.create_notebook_instance(NotebookInstanceName="Same", InstanceType="ml.t3.medium", RoleArn=role)
    arn = f"arn:aws:sagemaker:us-east-1:{THEIRS}:notebook-instance/same"
    SageMakerNotebookStops(lambda scope: roles.client("sagemaker", scope, CONFIG)).stop(
        a_notebook(name="Same", account=THEIRS, arn=arn)
    )
    statuses = {
        account: client.describe_notebook_instance(NotebookInstanceName="Same")["NotebookInstanceStatus"]
        for account, client in clients.items()
    }

    assert statuses == {THEIRS: "Stopped", other: "InService"}


class Refusing:
    """STS of an account without the role."""

    def assume_role(self, **_: Any) -> Any:
        """Refuse it as AWS does."""
        raise ClientError(
            {"Error": {"Code": "AccessDenied", "Message": "not authorized: sts:AssumeRole"}}, "AssumeRole"
        )


def test_without_its_role_an_account_cannot_be_read_and_nothing_is_stopped_there(aws_url: str) -> None:
    """The refused stop says which role is missing; a read can be tried again once it is there."""
    sts: Any = Refusing()
    roles = AssumedRoles(sts, role="sagewatch-main-act", new_session=lambda: LocalSession(aws_url))
    notebook = a_notebook(account=THEIRS, arn=f"arn:aws:sagemaker:us-east-1:{THEIRS}:notebook-instance/lab-one")

    with pytest.raises(StopRefusedError, match=f"account {THEIRS} has no role"):
        SageMakerNotebookStops(lambda scope: roles.client("sagemaker", scope, CONFIG)).stop(notebook)
    with pytest.raises(AccessDeniedError, match="AssumeRole"):
        SageMakerNotebooks(lambda scope: roles.client("sagemaker", scope, CONFIG)).describe("x", "us-east-1", THEIRS)


def test_state_of_the_stacks_own_account_keeps_its_keys(aws: Aws, tables: tuple[str, str]) -> None:
    """An item of another account has the account in its key, and what lists a region of one account sees no other."""
    _, state = tables
    client = aws.client("dynamodb")
    sessions, states = DynamoSessions(client, state, ACCOUNT), DynamoNotebookStates(client, state, lambda: NOW, ACCOUNT)
    open_jobs = DynamoOpenJobs(client, state=state, ledger="ledger", clock=lambda: NOW, home=ACCOUNT)
    regions = DynamoRegions(client, state, lambda: NOW, home=ACCOUNT)
    for account in (ACCOUNT, THEIRS):
        arn = f"arn:aws:sagemaker:us-east-1:{account}:notebook-instance/lab-one"
        sessions.begin(replace(OPEN, arn=arn, account=account))
        states.save(NotebookState(arn=arn, announced=1), "us-east-1")
        open_jobs.add(a_job(account=account, arn=f"arn:aws:sagemaker:us-east-1:{account}:training-job/fraud"))
        regions.add(f"{account}/us-east-1")
    keys = {item["pk"]["S"] for item in client.scan(TableName=state)["Items"]}

    own = {"session#us-east-1", "notebook#us-east-1", "open-job#us-east-1", "regions"}
    assert keys == own | {f"{kind}#{THEIRS}/us-east-1" for kind in ("session", "notebook", "open-job")} | {"scopes"}
    for scope, account in (("us-east-1", ACCOUNT), (f"{ACCOUNT}/us-east-1", ACCOUNT), (f"{THEIRS}/us-east-1", THEIRS)):
        assert [session.account for session in sessions.open_sessions(scope)] == [account]
        assert [scope_of_arn(arn, "us-east-1") for arn in states.of_region(scope)] == [f"{account}/us-east-1"]
        assert [entry.job.account for entry in open_jobs.of_region(scope)] == [account]
    assert (regions.in_use(), regions.in_other_accounts()) == ({"us-east-1"}, {f"{THEIRS}/us-east-1"})


def test_state_of_one_account_is_found_again_by_the_hub(aws: Aws, tables: tuple[str, str]) -> None:
    """Sessions, leases, warnings, open jobs and regions of a stack that did not know its account yet."""
    _, state = tables
    client, arn = aws.client("dynamodb"), OPEN.arn
    lease = Lease("U0ANA", NOW + timedelta(hours=4), NOW)
    message = OpenMessage(alert_id="idle-1", sent_at=NOW)
    warned = PendingStop(alert_id="idle-1", warned_at=NOW, stop_at=NOW + timedelta(hours=1), idle_since=NOW)
    DynamoSessions(client, state).begin(OPEN)
    DynamoNotebookStates(client, state, lambda: NOW).save(
        NotebookState(arn=arn, announced=1, pending=warned, message=message), "us-east-1"
    )
    DynamoLeases(client, state).grant(arn, "us-east-1", lease, NOW)
    DynamoOpenJobs(client, state=state, ledger="ledger", clock=lambda: NOW).add(a_job())
    DynamoRegions(client, state, lambda: NOW).add("eu-west-1")

    states = DynamoNotebookStates(client, state, lambda: NOW, ACCOUNT)
    found = states.of_region("us-east-1")[arn]
    assert (found.pending, found.message, found.lease) == (warned, message, lease)
    assert states.read(arn, "us-east-1") == found
    assert DynamoSessions(client, state, ACCOUNT).get(arn, "us-east-1") == OPEN
    assert [entry.job.arn for entry in DynamoOpenJobReader(client, state, ACCOUNT).of_region("us-east-1")] == [
        a_job().arn
    ]
    assert DynamoRegions(client, state, lambda: NOW, home=ACCOUNT).in_use() == {"eu-west-1"}


def test_notebooks_are_read_asked_and_stopped_with_a_role_for_each() -> None:
    """In another account; a function without the role for it is refused."""
    clients: Any = partial(ScopedClients, home=ACCOUNT)
    roles: Any = {kind: SimpleNamespace(client=lambda *_, kind=kind: kind) for kind in ("reading", "asking", "acting")}
    scope, full = f"{THEIRS}/us-east-1", clients(**roles)

    assert full.sagemaker(scope) == full.patient_sagemaker(scope) == full.logs(scope) == "reading"
    assert (full.asking_sagemaker(scope), full.stopping_sagemaker(scope)) == ("asking", "acting")
    with pytest.raises(ForeignAccountError):
        clients(reading=roles["reading"]).asking_sagemaker(scope)
