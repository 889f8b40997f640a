"""The stack on the local cloud, deployed once for all end-to-end tests.

AWS differs from MiniStack in that IAM changes take seconds to arrive, and in that every call is checked against a role:
here those to SageMaker go to moto, which checks none (``tests/template/test_permissions.py`` holds these).
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.demo.player import PlayedJob, Stage, get_json, post_json
from local.stack.accounts import ACTING, WATCHED
from local.stack.cloud import ACCOUNT, ROOT, LocalCloud
from sagewatch.adapters.dynamodb.items import from_item
from sagewatch.adapters.dynamodb.sweep_state import DynamoTotalStore
from sagewatch.sagemaker.kinds import KIND_FACTS
from tests.worlds.permissions import outside, read

HOME = ROOT / ".local"
UPGRADED = "upgraded"  # the stack that an earlier version deploys
# Both only bound how long a failure takes, on a machine that is busy too: no test passes or fails by them.
HANGS_SECONDS = 1200
_IDLE_SECONDS = 150  # without one call of any function; retried messages wait for less
_SWEEPS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder needs the cloud."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(HANGS_SECONDS))


class Account:
    """The deployed stack, as a person with boto3 and ``.local/env`` sees it."""

    def __init__(self, cloud: LocalCloud) -> None:
        """Read the addresses once."""
        self.cloud = cloud
        self.env = cloud.env()
        self.stage = Stage(self.env)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The ledger's rows of a job."""
        return [row for row in self.stage.ledger() if row["resource_name"] == name]

    def settled_messages(self, name: str) -> list[dict[str, Any]]:
        """The channel's messages that name a job, once nothing is on its way any more."""
        assert eventually(lambda: self.messages(name) and self.stage.quiet())
        return self.messages(name)

    def log_lines(self, function: str) -> list[str]:
        """What a function has logged."""
        pages = self.stage.client("logs").get_paginator("filter_log_events")
        group = self.cloud.resource(f"{function}Logs")
        return [event["message"] for page in pages.paginate(logGroupName=group) for event in page["events"]]

    def retries(self, function: str, reason: str) -> list[str]:
        """The log lines that say that a message will be retried later, for that reason; waits for the first."""

        def found() -> list[str]:
            return [line for line in self.log_lines(function) if "retried later" in line and reason in line]

        return eventually(found)

    def open_jobs(self, region: str = "us-east-1") -> set[str]:
        """The names of the jobs that are watched."""
        items = self.stage.client("dynamodb").query(
            TableName=self.env["WatchStateName"],
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"open-job#{region}"}},
        )["Items"]
        return {from_item(item)["resource_name"] for item in items}

    def forget_listings(self) -> None:
        """Let the next sweep list stopped notebooks, as if a day had gone by."""
        key = {"pk": {"S": "checkpoints"}, "sk": {"S": "notebooks#us-east-1"}}
        self.stage.client("dynamodb").delete_item(TableName=self.env["WatchStateName"], Key=key)

    def messages(self, name: str) -> list[dict[str, Any]]:
        """The channel's messages that name a job."""
        return [message for message in get_json(f"{self.cloud.slack_url}/messages") if name in message["text"]]

    def fail_slack(self, **order: int | str) -> None:
        """Order failures."""
        post_json(f"{self.cloud.slack_url}/fail", order)

    def dead_letters(self, queue: str, body_part: str) -> list[dict[str, str]]:
        """The attributes of the messages in a dead-letter queue whose body has that text. They stay there."""
        answer = self.stage.client("sqs").receive_message(
            QueueUrl=self.env[queue], MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
        )
        return [
            {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
            for message in answer.get("Messages", [])
            if body_part in message["Body"]
        ]

    def send_event(self, event: object) -> None:
        """Put an event into the queue as EventBridge does; a string goes as it is."""
        body = event if isinstance(event, str) else json.dumps(event)
        self.stage.client("sqs").send_message(QueueUrl=self.env["JobEventQueueUrl"], MessageBody=body)

    def invoke(self, function: str, event: object) -> dict[str, Any]:
        """Invoke a function directly; answer with what it answered."""
        return self.stage.invoke(function, event)

    def swept_until[T](self, look: Callable[[], T]) -> T:
        """Sweep until there is something to see: marks are worked off once they are some seconds old."""
        for _ in range(_SWEEPS):
            self.stage.sweep()
            seen = look()
            if seen:
                break
            time.sleep(0.2)
        return seen

    def day_total(self, day: str, owner: str) -> Decimal:
        """What a closed day's total says of an owner."""
        totals = DynamoTotalStore(self.stage.client("dynamodb"), self.env["WatchStateName"]).between(day, day)
        cells = totals[day].cells.items() if day in totals else ()
        return sum((spend.cost_usd for cell, spend in cells if cell.owner == owner), Decimal(0))

    def play(self, job: PlayedJob) -> None:
        """Play a job."""
        self.stage.play(job)

    def record(self, job: PlayedJob) -> None:
        """Let a job end, and record it by a direct invocation."""
        self.stage.create(job)
        self.stage.finish(job)
        event = {"account": ACCOUNT, "region": job.region, "detail-type": KIND_FACTS[job.kind].detail_type}
        self.invoke("RecordJob", event | {"detail": self.stage.detail(job)})

    @contextmanager
    def variables(self, function: str, **changes: str) -> Iterator[None]:
        """Change a function's environment for a while."""
        client, name = self.stage.client("lambda"), self.cloud.resource(function)
        before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        client.update_function_configuration(FunctionName=name, Environment={"Variables": before | changes})
        try:
            yield
        finally:
            client.update_function_configuration(FunctionName=name, Environment={"Variables": before})

    @contextmanager
    def without_permission(self, function: str, action: str) -> Iterator[None]:
        """Take one action out of a function's role for a while."""
        iam, role = self.stage.client("iam"), self.cloud.resource(f"{function}Role")
        before = iam.get_role_policy(RoleName=role, PolicyName=function)["PolicyDocument"]
        less = json.loads(json.dumps(before))
        for statement in less["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            statement["Action"] = [name for name in actions if name != action] or ["sts:GetCallerIdentity"]
        iam.put_role_policy(RoleName=role, PolicyName=function, PolicyDocument=json.dumps(less))
        try:
            yield
        finally:
            iam.put_role_policy(RoleName=role, PolicyName=function, PolicyDocument=json.dumps(before))

    @contextmanager
    def slack_token(self, value: str | None) -> Iterator[None]:
        """Change the bot token for a while, or take it away; the function starts afresh, for it keeps a token."""
        ssm, name = self.stage.client("ssm"), "/sagewatch/slack-token"
        ssm.delete_parameter(Name=name)
        if value is not None:
            ssm.put_parameter(Name=name, Value=value, Type="SecureString")
        try:
            with self.variables("DeliverAlert", MAX_RECEIVES="998"):
                yield
        finally:
            self.cloud.put_secrets()

    def redrive(self, source: str, target: str) -> None:
        """Move the messages of a dead-letter queue back: `aws sqs start-message-move-task`, which MiniStack lacks."""
        sqs = self.stage.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.env[source]).get("Messages", []):
            for message in messages:
                order = {"MessageGroupId": "redriven", "MessageDeduplicationId": message["MessageId"]}
                sqs.send_message(QueueUrl=self.env[target], MessageBody=message["Body"], **order)
                sqs.delete_message(QueueUrl=self.env[source], ReceiptHandle=message["ReceiptHandle"])


def eventually[T](look: Callable[[], T]) -> T:
    """Look until there is something to see, or until no function has called AWS for long; answer with the last look."""
    made, since = _calls_made(), time.monotonic()
    while not (seen := look()):
        time.sleep(0.2)
        if (now := _calls_made()) != made:
            made, since = now, time.monotonic()
        elif time.monotonic() - since > _IDLE_SECONDS:
            break
    return seen


def _calls_made() -> int:
    """How much the functions of this process's clouds have called, as the size of what the clouds write down."""
    clouds = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'master')}", "test-day", "test-week"
    files = (HOME / cloud / "calls.jsonl" for cloud in clouds)
    return sum(file.stat().st_size for file in files if file.exists())


def _abroad(line: str) -> bool:
    """Whether a call was made with a role of another account, which ``tests/template/test_spoke.py`` holds."""
    return '"service": "sagemaker"' in line and any(f":{account}:" in line for account in (ACTING, WATCHED))


def keep_calls(cloud: LocalCloud, name: str) -> None:
    """No function called what its role does not allow. ``make test`` compares all of the calls with the roles.

    Those of the stack that an earlier version deployed had earlier roles.
    """
    kept = HOME / "calls" / f"{name}.jsonl"
    kept.parent.mkdir(exist_ok=True)
    lines = cloud.calls.read_text(encoding="utf-8").splitlines(keepends=True) if cloud.calls.exists() else []
    own = (line for line in lines if f'"{UPGRADED}-' not in line and not _abroad(line))
    kept.write_text("".join(own), encoding="utf-8")
    assert outside(read([kept])) == []


@pytest.fixture(scope="session")
def account(worker_id: str) -> Iterator[Account]:
    """The deployed stack; processes that test have one each."""
    cloud = LocalCloud.start(HOME / f"test-{worker_id}", usual_ports=False)
    try:
        cloud.put_secrets()
        cloud.build()
        cloud.deploy([])
        cloud.warm()
        yield Account(cloud)
        keep_calls(cloud, worker_id)
    finally:
        cloud.stop()
