"""Three accounts and two regions on the local cloud: the stack becomes a hub, and ``spoke.yaml`` is in the others.

AWS differs: there the hub's bus has a policy, and a spoke's roles limit what the hub's calls to SageMaker may do; here
moto checks none (``tests/template/test_spoke.py`` holds both).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.demo.builders import Run, training
from local.demo.player import Stage, get_json, post_json
from local.sagemaker.notebooks import event_entry, notebook_event
from local.stack.accounts import ACTING, HUB, ORGANIZATION, WATCHED
from local.stack.cloud import ROOT
from tests.e2e.conftest import Account, eventually
from tests.e2e.test_notebooks import IDLE

THERE = "eu-west-1"  # ml.m5.xlarge: 0.257 USD an hour
SAME = "research-lab"  # the name of a notebook in two accounts, in the same region
HALF_HOUR = Run.ago(1, 30)


class Spoke:
    """A region of another account, as a person who works there sees it."""

    def __init__(self, hub: Account, account: str, region: str = THERE) -> None:
        """Take its credentials."""
        self.account, self.hub, self.region = account, hub, region
        self.stage = Stage(hub.env | {"AWS_ACCESS_KEY_ID": account, "AWS_ACCOUNT_ID": account, "AWS_REGION": region})

    def administrator(self) -> Stage:
        """As a role that may do everything in its account: MiniStack asks no policy about an account's own key."""
        iam, role = self.stage.client("iam"), f"arn:aws:iam::{self.account}:role/administrator"
        trust = {"Effect": "Allow", "Principal": {"AWS": self.account}, "Action": "sts:AssumeRole"}
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        iam.create_role(RoleName="administrator", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        policy = json.dumps({"Statement": [everything]})
        iam.put_role_policy(RoleName="administrator", PolicyName="all", PolicyDocument=policy)
        given = self.stage.client("sts").assume_role(RoleArn=role, RoleSessionName="person")["Credentials"]
        keys = {"AWS_ACCESS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"]}
        return Stage(self.hub.env | keys | {"AWS_SESSION_TOKEN": given["SessionToken"]})

    def start_notebook(self, name: str) -> None:
        """Start a notebook two days ago that is idle; the event goes to the default bus there."""
        sagemaker = self.stage.client("sagemaker")
        role = f"arn:aws:iam::{self.account}:role/lab"
        sagemaker.create_notebook_instance(NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=role)
        two_days_ago = (datetime.now(UTC) - timedelta(days=2)).isoformat()
        born = {"CreationTime": two_days_ago, "LastModifiedTime": two_days_ago}
        self.stage.control("notebook-instance", name, {**born, "Jupyter": IDLE}, self.region)
        event = notebook_event(sagemaker.describe_notebook_instance(NotebookInstanceName=name), {})
        self.stage.client("events").put_events(Entries=[event_entry(event)])

    def stops(self, name: str) -> int:
        """How often a notebook was stopped."""
        place = f"region={self.region}&account={self.account}"
        story = get_json(f"{self.hub.env['SAGEMAKER_CONTROL_URL']}/notebook-instance/{name}?{place}")
        return len(story["stops"])

    def announcement(self, name: str) -> dict[str, Any]:
        """The message that announces the stop of a notebook of this account."""
        found = eventually(lambda: [one for one in self._messages(name) if self.account in json.dumps(one)])
        assert len(found) == 1, found
        return found[0]

    def _messages(self, name: str) -> list[dict[str, Any]]:
        return [one for one in self.hub.messages(name) if one["text"].startswith("Notebook idle: ")]


@pytest.fixture(scope="module")
def hub(account: Account) -> Iterator[Account]:
    """The stack, first of one account and with data, then a hub that may stop; afterwards as it was."""
    job = training("E2E-Before", HALF_HOUR, {"ml.m5.xlarge": 1}, volume_gb=0)
    account.play(job)
    assert eventually(lambda: account.rows(job.name) and account.stage.quiet())
    account.cloud.deploy([f"OrganizationId={ORGANIZATION}", "Mode=enforce"])
    try:
        yield Account(account.cloud)
    finally:
        account.cloud.deploy(['OrganizationId=""', "Mode=observe"])


@pytest.fixture(scope="module")
def announced(hub: Account) -> dict[str, Spoke]:
    """The notebook of the same name in two accounts, announced after one sweep of both."""
    spokes = {account: Spoke(hub, account) for account in (ACTING, WATCHED)}
    for spoke in spokes.values():
        spoke.start_notebook(SAME)
    assert eventually(hub.stage.quiet)
    hub.invoke("SweepNotebooks", {})
    return spokes


def press(hub: Account, message: dict[str, Any], action: str) -> None:
    """Press a button, and wait until it is answered."""
    post_json(f"{hub.cloud.slack_url}/press", {"ts": message["ts"], "action_id": action, "user": "U0ANA"})
    assert eventually(hub.stage.quiet)


def thread(hub: Account, message: dict[str, Any]) -> str:
    """A message and its replies, as they are now."""
    messages = get_json(f"{hub.cloud.slack_url}/messages")
    return json.dumps([one for one in messages if message["ts"] in {one["ts"], one.get("thread_ts")}])


def test_a_failed_job_of_another_account_and_region_is_one_row_and_one_message(hub: Account) -> None:
    """Half an hour at the price of that region; the same event five more times changes nothing."""
    spoke = Spoke(hub, ACTING)
    job = training("E2E-Abroad", HALF_HOUR, {"ml.m5.xlarge": 2}, status="Failed", reason="x", volume_gb=0, region=THERE)
    spoke.stage.play(job)
    spoke.stage.announce(job, spoke.stage.detail(job), times=5)
    [message] = hub.settled_messages(job.name)
    [row] = hub.rows(job.name)

    assert (row["account"], row["region"], str(row["cost_usd"])) == (ACTING, THERE, "0.257")
    assert ACTING in json.dumps(message["blocks"])


def test_a_button_stops_the_notebook_of_its_account_and_no_other_of_that_name(
    hub: Account, announced: dict[str, Spoke]
) -> None:
    """Each is announced by itself; the stop goes through the act role of one account."""
    messages = {account: spoke.announcement(SAME) for account, spoke in announced.items()}
    press(hub, messages[ACTING], "stop_now")

    assert len({message["ts"] for message in messages.values()}) == len(messages)
    assert {account: spoke.stops(SAME) for account, spoke in announced.items()} == {ACTING: 1, WATCHED: 0}
    assert "is stopped" in thread(hub, messages[ACTING])


def test_without_the_act_role_the_stop_is_refused_and_the_message_says_so(
    hub: Account, announced: dict[str, Spoke]
) -> None:
    """The account's owner left the role out; the notebook runs on, and the reason names the parameter."""
    message = announced[WATCHED].announcement(SAME)
    press(hub, message, "stop_now")
    said = thread(hub, message)

    assert announced[WATCHED].stops(SAME) == 0
    assert f"account {WATCHED} has no role that lets SageWatch stop anything there (ActRole in spoke.yaml)" in said, (
        said
    )


def test_a_spokes_administrator_cannot_read_the_ledger_nor_assume_the_hubs_roles(hub: Account) -> None:
    """Their own account has no such table, and no role of the hub trusts them."""
    stage = Spoke(hub, ACTING).administrator()
    role = f"arn:aws:iam::{HUB}:role/{hub.cloud.resource('RecordJobRole')}"
    with pytest.raises(ClientError, match="ResourceNotFound"):
        stage.client("dynamodb").scan(TableName=hub.env["CostLedgerName"])
    with pytest.raises(ClientError, match="AccessDenied"):
        stage.client("sts").assume_role(RoleArn=role, RoleSessionName="spoke")


def test_what_the_stack_knew_as_one_account_is_there_after_it_became_a_hub(hub: Account) -> None:
    """The row keeps its key and its cost."""
    [row] = hub.rows("E2E-Before")

    assert (row["account"], row["resource_arn"].split(":")[4]) == (HUB, HUB)


def test_make_spokes_lists_each_account_with_what_is_missing(hub: Account, announced: dict[str, Spoke]) -> None:
    """By its name in the organization; the act role of one of them is missing, and nothing cannot be read."""
    assert set(announced) == {ACTING, WATCHED}
    done = subprocess.run(  # noqa: S603 - our own tool
        [sys.executable, "-m", "tools.operator.spokes", "--stack", hub.env["STACK_NAME"]],
        cwd=ROOT,
        env={**os.environ, **hub.env, "PYTHONPATH": f"{ROOT}:{ROOT}/shared"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{ACTING}  ml-research  {THERE}  enforce" in done.stdout
    assert f"{WATCHED}  ml-production  {THERE}  no stops" in done.stdout
    with suppress(OSError):
        (ROOT / ".local" / "spokes.txt").write_text(done.stdout, encoding="utf-8")
