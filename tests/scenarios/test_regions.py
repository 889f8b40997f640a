"""Several regions of one account: those of the parameter ``Regions`` are swept, priced and summed with the home region.

Whether or not an event of them has arrived. A region that no one named and no event reported stays out.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sagemaker.models import sagemaker_backends

from local.demo.builders import Run, training
from local.demo.player import PlayedJob, Stage
from local.sagemaker.control import control_app
from local.sagemaker.price_list import pricing_app
from sagewatch.adapters.dynamodb.items import from_item
from tests.unit.runtime.test_settings import RECORD_JOB, REFRESH_PRICES, SEND_DIGEST, SWEEP_JOBS, SWEEP_NOTEBOOKS
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT
from tests.worlds.servers import serving

HOME, SILENT, REPORTED, UNNAMED = "us-east-1", "eu-west-1", "eu-central-1", "ap-south-1"
# USD an hour of ml.m5.xlarge in the Price List, for one hour each
COST = {HOME: Decimal("0.23"), SILENT: Decimal("0.257"), REPORTED: Decimal("0.276")}
NOW = datetime.now(UTC)
# A day that is closed at any hour of today.
ENDED = NOW.replace(hour=10, minute=0, second=0, microsecond=0) - timedelta(days=2)


class Watched:
    """SageWatch's functions, each in a process of its own, on one moto server."""

    def __init__(self, aws: Aws, url: str, prices: str, control: str) -> None:
        """Make the queues."""
        self.aws, sqs = aws, aws.client("sqs")
        self.alerts = sqs.create_queue(QueueName=f"{uuid4()}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        self.dead = sqs.create_queue(QueueName=str(uuid4()))["QueueUrl"]
        self.env = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ENDPOINT_URL_SAGEMAKER": url,
            "AWS_ENDPOINT_URL_PRICING": prices,
            "SAGEMAKER_CONTROL_URL": control,
            "AWS_REGION": HOME,
            "AWS_DEFAULT_REGION": HOME,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
            "SECONDS_LEFT": "600",
            "ACCOUNT": DEFAULT_ACCOUNT_ID,
            "SPOKE_ROLES": "",
        }
        self.stage = Stage(self.env)

    def run(self, function: str, settings: Mapping[str, str], event: object) -> dict[str, Any]:
        """What the function answers."""
        queues = {"ALERT_QUEUE_URL": self.alerts, "QUEUE_URL": self.dead, "DEAD_LETTER_QUEUE_URL": self.dead}
        more = {"EVENT_DEAD_LETTER_QUEUE_URL": self.dead, "ALERT_DEAD_LETTER_QUEUE_URL": self.dead}
        own = {"ACCOUNT": DEFAULT_ACCOUNT_ID, "SPOKE_ACCOUNTS": "", "SPOKE_ROLES": ""}
        own |= {"DISCOUNT_PERCENT": "0", "REGIONS": f"{SILENT},{REPORTED}", "MONTHLY_BUDGETS": "", "TIMEZONE": "UTC"}
        done = subprocess.run(  # noqa: S603 - our own test
            (sys.executable, "-m", "tests.worlds.one_invocation", function, NOW.isoformat()),
            input=json.dumps(event).encode(),
            capture_output=True,
            env={**os.environ, **settings, **queues, **more, **own, **self.env},
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        lines = [line for line in done.stdout.decode().splitlines() if line.startswith("{") and '"level"' not in line]
        answer: dict[str, Any] = json.loads(lines[-1])
        return answer

    def event(self, job: PlayedJob) -> dict[str, Any]:
        """The event of the job's end, from its region."""
        described = self.stage.client("sagemaker", job.region).describe_training_job(TrainingJobName=job.name)
        detail = json.loads(json.dumps(described, default=lambda moment: int(moment.timestamp() * 1000)))
        kind = "SageMaker Training Job State Change"
        return {"account": DEFAULT_ACCOUNT_ID, "region": job.region, "detail-type": kind, "detail": detail}

    def items(self, table: str) -> list[dict[str, Any]]:
        """Every item of a table."""
        return [from_item(item) for item in self.aws.client("dynamodb").scan(TableName=table)["Items"]]

    def alerts_of(self, finding: str) -> list[dict[str, Any]]:
        """The queued alerts of a kind."""
        answer = self.aws.client("sqs").receive_message(QueueUrl=self.alerts, MaxNumberOfMessages=10)
        bodies = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
        return [body for body in bodies if body["finding"] == finding]


@pytest.fixture
def watched(aws: Aws, aws_url: str, tables: tuple[str, str]) -> Iterator[Watched]:
    """An account with a job and a notebook in each of four regions."""
    assert tables
    aws.client("ssm").put_parameter(Name="/sagewatch/slack-token", Value="x", Type="SecureString", Overwrite=True)
    regions = [HOME, SILENT, REPORTED, UNNAMED]
    for region in regions:  # of jobs that other tests left
        sagemaker_backends[DEFAULT_ACCOUNT_ID][region].reset()
    with serving(control_app(DEFAULT_ACCOUNT_ID, HOME)) as control, serving(pricing_app()) as prices:
        made = Watched(aws, aws_url, prices, control)
        for region in regions:
            made.stage.create(a_job(region))
            made.stage.finish(a_job(region))
            aws.client("sagemaker", region).create_notebook_instance(
                NotebookInstanceName=f"box-{region}",
                InstanceType="ml.t3.medium",
                RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
            )
        yield made
    for region in regions:
        sagemaker_backends[DEFAULT_ACCOUNT_ID][region].reset()


def a_job(region: str) -> PlayedJob:
    """An hour on one ml.m5.xlarge, without a volume."""
    return training(f"job-{region}", Run(ENDED, 60), {"ml.m5.xlarge": 1}, volume_gb=0, region=region)


def test_named_regions_are_swept_priced_and_summed_together(watched: Watched) -> None:
    """The digest's total is that of three regions, one of which reported its job by an event. The fourth is nowhere."""
    watched.run("record_job", RECORD_JOB, watched.event(a_job(REPORTED)))
    watched.run("refresh_prices", REFRESH_PRICES, {})
    watched.run("sweep_jobs", SWEEP_JOBS, {})
    watched.run("sweep_notebooks", SWEEP_NOTEBOOKS, {})
    watched.run("send_digest", SEND_DIGEST, {"period": "daily", "day": f"{ENDED:%Y-%m-%d}"})
    state, rows = watched.items("state"), watched.items("ledger")
    [digest] = watched.alerts_of("digest")

    def regions(kind: str) -> set[str]:
        return {item["pk"].partition("#")[2] for item in state if item["pk"].startswith(f"{kind}#")}

    assert {row["region"]: row.get("cost_usd", row) for row in rows} == COST
    assert {row["region"]: row["recorded_by"] for row in rows} == {HOME: "sweep", SILENT: "sweep", REPORTED: "event"}
    assert regions("prices") == regions("session") == set(COST)
    assert digest["digest"]["spend"]["jobs"] == 3
    assert Decimal(digest["digest"]["spend"]["cost_usd"]) == sum(COST.values())
