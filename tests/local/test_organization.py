"""The organization of the local cloud, without a deployed hub: what happens between its accounts is real there.

``spoke.yaml`` is deployed in two accounts and two regions; a bus, a queue and two roles stand in for the hub.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.sagemaker.notebooks import event_entry
from local.stack.accounts import ACTING, HUB, NAMES, ORGANIZATION, REGIONS, WATCHED
from local.stack.cloud import LocalCloud
from local.stack.organization import deploy_spokes, session_of

HOME, THERE = REGIONS
BUS = f"arn:aws:events:{HOME}:{HUB}:event-bus/sagewatch-hub"
ROLES = {name: f"arn:aws:iam::{HUB}:role/{name}" for name in ("Reader", "Actor", "Other")}
VALUES = {
    "HubBusArn": BUS,
    "SpokeReaders": f"{ROLES['Reader']},{ROLES['Actor']}",
    "SpokeActors": ROLES["Actor"],
    "SpokeNamespace": "main",
    "JupyterEvidence": "enabled",
    "LogExcerpts": "enabled",
}
FAILED = {"detail-type": "SageMaker Training Job State Change", "detail": {"TrainingJobStatus": "Failed"}}


class Organization:
    """Its accounts, by their administrators."""

    def __init__(self, cloud: LocalCloud) -> None:
        """Keep the cloud."""
        self.cloud = cloud
        self.queue = ""

    def client(self, service: str, account: str = HUB, region: str = HOME) -> Any:
        """A client of an account."""
        url = self.cloud.aws_env()["AWS_ENDPOINT_URL_SAGEMAKER"] if service == "sagemaker" else self.cloud.aws_url
        return session_of(account, region).client(service, endpoint_url=url)  # type: ignore[call-overload] # by name

    def build_hub(self) -> None:
        """Make a bus whose events go to a queue, and the roles of its functions."""
        events, sqs, iam = (self.client(service) for service in ("events", "sqs", "iam"))
        self.queue = sqs.create_queue(QueueName="events")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]
        events.create_event_bus(Name="sagewatch-hub")
        pattern = json.dumps({"source": ["sagewatch.replay"]})
        events.put_rule(Name="jobs", EventBusName="sagewatch-hub", EventPattern=pattern)
        target = {"Id": "queue", "Arn": attributes["QueueArn"]}
        events.put_targets(Rule="jobs", EventBusName="sagewatch-hub", Targets=[target])
        allowed = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": "arn:aws:iam::*:role/sagewatch-main-*",
            "Condition": {"StringEquals": {"aws:ResourceOrgID": ORGANIZATION}},
        }
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{HUB}:root"}, "Action": "sts:AssumeRole"}
        for name in ROLES:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
            iam.put_role_policy(RoleName=name, PolicyName="spokes", PolicyDocument=json.dumps({"Statement": [allowed]}))

    def assume(self, function: str, account: str, kind: str) -> boto3.Session:
        """Assume a role of an account as a function of the hub does. Raises what AWS answers."""
        given = self.client("sts").assume_role(RoleArn=ROLES[function], RoleSessionName="function")["Credentials"]
        sts = _session(given).client("sts", endpoint_url=self.cloud.aws_url)
        role = f"arn:aws:iam::{account}:role/sagewatch-main-{kind}"
        return _session(sts.assume_role(RoleArn=role, RoleSessionName="sagewatch")["Credentials"])

    def received(self) -> list[dict[str, Any]]:
        """The events that arrive in the hub within some seconds."""
        deadline, sqs = time.monotonic() + 5, self.client("sqs")
        while time.monotonic() < deadline:
            messages = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
            if messages:
                return [json.loads(message["Body"]) for message in messages]
        return []


def _session(given: Any) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=HOME,
    )


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organization]:
    """The emulators, with ``spoke.yaml`` in both accounts."""
    home: Path = tmp_path_factory.mktemp("clouds") / "organization"
    cloud = LocalCloud.start(home, usual_ports=False)
    try:
        made = Organization(cloud)
        made.build_hub()
        deploy_spokes(VALUES, cloud.aws_url)
        yield made
    finally:
        cloud.stop()


@pytest.mark.parametrize("account", [ACTING, WATCHED])
@pytest.mark.parametrize("region", REGIONS)
def test_an_event_of_an_account_arrives_at_the_hub_as_of_that_account(
    organization: Organization, account: str, region: str
) -> None:
    """By the rule of ``spoke.yaml``, with the account and the region it happened in, which its sender cannot choose."""
    entry = event_entry(
        {**FAILED, "source": "sagewatch.replay", "resources": [], "account": HUB, "region": "eu-north-1"}
    )
    organization.client("events", account, region).put_events(Entries=[entry])
    [event] = organization.received()

    assert (event["account"], event["region"]) == (account, region)


def test_an_event_that_no_rule_matches_stays_in_its_account(organization: Organization) -> None:
    """A job that is being stopped is of no interest; events of SageMaker come from SageMaker alone."""
    entry = event_entry({**FAILED, "source": "sagewatch.replay", "resources": []})
    entry |= {"Detail": json.dumps({"TrainingJobStatus": "Stopping"})}
    forged = event_entry({**FAILED, "source": "aws.sagemaker", "resources": []})
    answer = organization.client("events", ACTING).put_events(Entries=[entry, forged])

    assert [one.get("ErrorCode") for one in answer["Entries"]] == [None, "NotAuthorizedForSourceException"]
    assert organization.received() == []


@pytest.mark.parametrize(
    ("function", "account", "kind", "allowed"),
    [
        ("Reader", ACTING, "read", ACTING),
        ("Reader", WATCHED, "read", WATCHED),
        ("Reader", ACTING, "act", None),
        ("Actor", ACTING, "act", ACTING),
        ("Actor", WATCHED, "act", None),  # its owner left the role out
        ("Other", ACTING, "read", None),
        ("Actor", "999988887777", "read", None),
    ],
)
def test_a_role_is_assumed_by_those_that_it_trusts(
    organization: Organization, function: str, account: str, kind: str, allowed: str | None
) -> None:
    """Its credentials are of its account; every other function of the hub is refused."""
    if allowed is None:
        with pytest.raises(ClientError, match="AccessDenied"):
            organization.assume(function, account, kind)
        return
    sts = organization.assume(function, account, kind).client("sts", endpoint_url=organization.cloud.aws_url)
    assert sts.get_caller_identity()["Account"] == allowed


def test_the_same_notebook_in_two_accounts_is_two(organization: Organization) -> None:
    """Each role sees that of its own account, with the emulated SageMaker too."""
    for account in (ACTING, WATCHED):
        organization.client("sagemaker", account).create_notebook_instance(
            NotebookInstanceName="same", InstanceType="ml.t3.medium", RoleArn=f"arn:aws:iam::{account}:role/lab"
        )
    url = organization.cloud.aws_env()["AWS_ENDPOINT_URL_SAGEMAKER"]
    seen = {
        account: organization.assume("Reader", account, "read")
        .client("sagemaker", endpoint_url=url)
        .describe_notebook_instance(NotebookInstanceName="same")["NotebookInstanceArn"]
        for account in (ACTING, WATCHED)
    }

    assert {account: arn.split(":")[4] for account, arn in seen.items()} == {ACTING: ACTING, WATCHED: WATCHED}


def test_the_management_account_knows_the_names(organization: Organization) -> None:
    """As Organizations answers ``DeliverAlert``."""
    client = organization.client("organizations")

    assert {one: client.describe_account(AccountId=one)["Account"]["Name"] for one in NAMES} == NAMES
