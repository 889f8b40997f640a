"""One bad item in every partition of both tables: every function works, and the bad items stay where they are."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from local.sagemaker.price_list import pricing_app
from local.slack.app import Workspace, slack_app
from sagewatch.adapters.dynamodb.items import from_item, to_item
from sagewatch.adapters.dynamodb.ledger import DynamoLedgerRows
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.sweep_state import DynamoTotalStore
from sagewatch.ledger import focus
from sagewatch.ledger.queries import GroupBy, LedgerQueries, LedgerQuery
from sagewatch.sagemaker.kinds import ResourceKind
from tests.unit.runtime.test_settings import (
    ANSWER_SLACK,
    DELIVER_ALERT,
    RECEIVE_PRESS,
    RECORD_JOB,
    REFRESH_PRICES,
    SEND_DIGEST,
    SWEEP_JOBS,
    SWEEP_NOTEBOOKS,
    SWEEP_RESOURCES,
    TRACK_NOTEBOOK,
)
from tests.unit.slack.interactions.test_endpoint import SECRET, a_job_press, a_press, a_request
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, CREATED, NOW, a_row, an_event
from tests.worlds.partitions import partitions
from tests.worlds.servers import serving
from tests.worlds.wired import snake_case

REGION = "us-east-1"
NOTEBOOK = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance"
ENDPOINT = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint"
TUNING = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:hyper-parameter-tuning-job"
DAY, MONTH = f"{CREATED:%Y-%m-%d}", f"{CREATED:%Y-%m}"
# Of each partition: a sort key, and the attributes that this release reads.
PARTITIONS: Mapping[tuple[str, str], str] = {
    ("regions", "nowhere"): "expires_at",
    ("checkpoints", f"sweep#{REGION}#training"): "top low floor",
    ("cursors", f"sweep#{REGION}#inspected"): "after lap",
    ("to-sum", "day#someday"): "token marked_at",
    ("notices", "x"): "noticed_on",
    (f"totals#{MONTH}", f"{MONTH}-03#000"): "day part parts cells",
    (
        f"open-job#{REGION}",
        f"{a_row().resource_arn}-x#{a_row().created_at}",
    ): "kind resource_name resource_arn groups told",
    (f"prices#{REGION}", "Training"): "hourly gb_month published fetched_at",
    (f"session#{REGION}", f"{NOTEBOOK}/other"): "arn name since instance_type volume_gb stop_call",
    (f"standing#{REGION}", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/other"): "arn name since kind price parts",
    ("press#x", "press"): "expires_at",
    (f"notebook#{REGION}", f"{NOTEBOOK}/other#watch"): "look_at warned incidents active_at busy_since",
    (f"notebook#{REGION}", f"{NOTEBOOK}/another#lease"): "author until written_at",
    ("incident#x", "alert"): "body",
    ("sweeps#SweepJobs", f"{DAY}"): "minutes",
    ("person#ana@example.com", "slack"): "user expires_at",
    ("channel##sagewatch", "slack"): "channel",
    ("alert#x", "delivery"): "claimed_until tried_at first_at",
    ("group#x", "all"): "count usd names edited_at",
    ("scopes", "somewhere"): "expires_at",
    ("spokes", f"222233334444/{REGION}#SweepJobs"): "swept_at problem problem_since times",
    (f"recipe#{REGION}", "other"): "recipe",
    ("studio-audits", REGION): "audit",
    (
        f"standing-watch#{REGION}",
        f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/other#watch",
    ): "look_at warned message",
    (f"standing-watch#{REGION}", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/another#lease"): "author until",
    ("account#222233334444", "name"): "name expires_at",
}


@dataclass
class Cloud:
    """The servers that functions talk to."""

    aws: Aws
    url: str
    prices: str
    slack: str
    queues: dict[str, str]
    invoked: set[str] = field(default_factory=set)

    def invoke(self, function: str, settings: Mapping[str, str], event: object) -> tuple[dict[str, Any], str]:
        """Run a function in a process of its own; its answer, and its log."""
        done = self.run(function, settings, event)
        out = done.stdout.decode()
        answers = [json.loads(line) for line in out.splitlines() if line.startswith("{") and '"level"' not in line]
        assert done.returncode == 0, f"{function}: {done.stderr.decode()[-3000:]}"
        return answers[-1], out

    def run(self, function: str, settings: Mapping[str, str], event: object) -> "subprocess.CompletedProcess[bytes]":
        """Run a function in a process of its own, whether it ends well or not."""
        self.invoked.add(function)
        return subprocess.run(  # noqa: S603 - our own test
            (sys.executable, "-m", "tests.worlds.one_invocation", function, NOW.isoformat()),
            input=json.dumps(event).encode(),
            capture_output=True,
            env={**os.environ, **settings, **self._environment()},
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        return {
            "QUEUE_URL": self.queues["events"],
            "DEAD_LETTER_QUEUE_URL": self.queues["dead"],
            "EVENT_DEAD_LETTER_QUEUE_URL": self.queues["dead"],
            "ALERT_DEAD_LETTER_QUEUE_URL": self.queues["dead"],
            "ALERT_QUEUE_URL": self.queues["alerts.fifo"],
            "SLACK_API_URL": f"{self.slack}/api/",
            "SLACK_ROUTES": "",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_PRICING": self.prices,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
        }


@pytest.fixture
def cloud(aws: Aws, aws_url: str) -> Iterator[Cloud]:
    """Empty queues, an empty channel, a price list."""
    aws.client("ssm").put_parameter(
        Name="/sagewatch/slack-token", Value="xoxb-right", Type="SecureString", Overwrite=True
    )
    sqs, queues = aws.client("sqs"), dict[str, str]()
    for name in ("events", "dead", "alerts.fifo"):
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        queues[name] = sqs.create_queue(QueueName=f"{uuid4()}-{name}", Attributes=attributes)["QueueUrl"]
    aws.client("ssm").put_parameter(
        Name="/sagewatch/slack-signing-secret", Value=SECRET, Type="SecureString", Overwrite=True
    )
    workspace = Workspace(token="xoxb-right", signing_secret=SECRET)
    with serving(slack_app(workspace)) as slack, serving(pricing_app()) as prices:
        yield Cloud(aws, aws_url, prices, slack, queues)


def spoil(aws: Aws, tables: tuple[str, str]) -> list[dict[str, Any]]:
    """Put the bad items in: the keys are right, for indexes have them too, and all else is nonsense."""
    client, (ledger, state) = aws.client("dynamodb"), tables
    row: dict[str, Any] = dict.fromkeys(a_row().__dataclass_fields__, "?")
    keys = {"created_at": "?", "ended_on": DAY, "ended_at": f"{DAY}T11:00:00Z", "owner": "ana@example.com"}
    family, name = str(a_row().family), "bad"
    row |= keys | {
        "resource_arn": f"arn:{name}",
        "family": family,
        "parent_arn": f"{TUNING}/t",
        "billable_seconds": "?",
    }
    client.put_item(TableName=ledger, Item=to_item(row))
    client.put_item(TableName=ledger, Item=to_item(row | {"resource_arn": f"{TUNING}/t", "owner": "bo"}))
    bad = [row]
    for (pk, sk), attributes in PARTITIONS.items():
        item: dict[str, Any] = {"pk": pk, "sk": sk} | dict.fromkeys(attributes.split(), "?")
        client.put_item(TableName=state, Item=to_item(item))
        bad.append(item)
    return bad


def kept(aws: Aws, tables: tuple[str, str]) -> list[dict[str, Any]]:
    """All items of both tables."""
    pages = (
        page for table in tables for page in aws.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    )
    return [from_item(item) for page in pages for item in page["Items"]]


def dead_letters(aws: Aws, cloud: Cloud) -> Iterator[tuple[str, str]]:
    """The kind of error and the notebook of each message in the dead-letter queue."""
    found = aws.client("sqs").receive_message(
        QueueUrl=cloud.queues["dead"], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    for message in found.get("Messages", []):
        yield message["MessageAttributes"]["ErrorType"]["StringValue"], json.loads(message["Body"]).get("arn", "")


def from_queue(body: str) -> dict[str, Any]:
    """A batch of one, as Lambda hands it over."""
    record = {
        "messageId": "m",
        "receiptHandle": "handle",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q",
        "awsRegion": REGION,
    }
    return {"Records": [record]}


# Caches and cursors are written again when they cannot be read; everything else stays for a person to look at.
REWRITTEN = ("checkpoints", "cursors", "prices#", "person#", "channel#", "account#", "spokes", "studio-audits")


def presses() -> Iterator[str]:
    """Presses on notebooks whose session and watch, or lease, is bad, and on one of which all can be read."""
    for name, action in (("other", "keep_4h"), ("another", "never_stop"), ("lab-one", "keep_until_tomorrow")):
        target = {"arn": f"{NOTEBOOK}/{name}", "name": name, "region": REGION, "incident": "x"}
        yield json.dumps({**target, "action": action, "user": "U0ANA", "channel": "C0", "pressed_at": NOW.isoformat()})


def test_every_partition_has_a_bad_item() -> None:
    """Of all that the adapters write."""
    assert {partition.partition("#")[0] for partition, _ in PARTITIONS} == partitions()


def test_no_function_stops_at_a_bad_item(
    aws: Aws, tables: tuple[str, str], cloud: Cloud, template: Mapping[str, Any]
) -> None:
    """Jobs are recorded, notebooks tracked, prices refreshed, alerts delivered, digests written, ledgers queried."""
    bad = spoil(aws, tables)
    job = an_event("training-job-failed", Tags={"owner": "ana@example.com"}, TuningJobArn=f"{TUNING}/t")
    began = an_event("notebook-instance-in-service", VolumeSizeInGB=5)
    batch: dict[str, list[str]] = {"batchItemFailures": []}

    assert cloud.invoke("record_job", RECORD_JOB, from_queue(json.dumps(job)))[0] == batch
    assert cloud.invoke("track_notebook", TRACK_NOTEBOOK, from_queue(json.dumps(began)))[0] == batch
    swept, log = cloud.invoke("sweep_jobs", SWEEP_JOBS | {"BURN_ALERT_USD": "100"}, {})
    assert swept
    named = cloud.run("sweep_notebooks", SWEEP_NOTEBOOKS, {})  # once a day the sweep ends with their names
    assert b"SweepIncompleteError: cannot read session" in named.stderr
    cloud.invoke("sweep_notebooks", SWEEP_NOTEBOOKS, {})
    cloud.invoke("refresh_prices", REFRESH_PRICES, {})
    digest, _ = cloud.invoke("send_digest", SEND_DIGEST, {"period": "daily", "day": DAY})
    assert cloud.invoke("deliver_alert", DELIVER_ALERT, from_queue(an_alert().model_dump_json()))[0] == batch

    assert cloud.invoke("sweep_resources", SWEEP_RESOURCES, {})[0]
    for press in presses():
        assert cloud.invoke("answer_slack", ANSWER_SLACK, from_queue(press))[0] == batch, press
    for request in (a_press(), a_job_press("stop_job")):
        answer, _ = cloud.invoke("receive_press", RECEIVE_PRESS, a_request(request, at=NOW))
        assert answer["statusCode"] == 200

    resources = template["Resources"].items()
    assert {
        snake_case(name) for name, resource in resources if resource["Type"] == "AWS::Serverless::Function"
    } == cloud.invoked
    items = kept(aws, tables)
    assert [item for item in bad if item not in items and not item.get("pk", "").startswith(REWRITTEN)] == []
    assert "ItemsUnreadable" in log
    assert digest
    # A press on a notebook of which nothing can be read waits for a person. It loses nothing: no sweep stops it either.
    assert set(dead_letters(aws, cloud)) <= {("UnreadableError", f"{NOTEBOOK}/other")}
    recorded = [item["resource_name"] for item in items if item.get("recorded_by") == "event"]
    assert recorded == [job["detail"]["TrainingJobName"]]


def test_make_costs_reads_what_can_be_read(aws: Aws, tables: tuple[str, str]) -> None:
    """By day, owner, kind and job, and as FOCUS."""
    spoil(aws, tables)
    client, (ledger, state) = aws.client("dynamodb"), tables
    spending = LedgerQueries(
        rows=DynamoLedgerRows(client, ledger),
        totals=DynamoTotalStore(client, state),
        marks=DynamoStaleTotals(client, state, lambda: NOW),
    )
    client.put_item(
        TableName=ledger, Item=to_item({name: getattr(a_row(), name) for name in a_row().__dataclass_fields__})
    )
    question = LedgerQuery(first_day=CREATED.date(), last_day=CREATED.date())

    for by in GroupBy:
        assert [spend.jobs for spend in spending.grouped(question, by).values()] == [1]
    [row] = spending.jobs(question)
    assert (row.kind, focus.charge(row)["BilledCost"]) == (ResourceKind.TRAINING, "0.46")
