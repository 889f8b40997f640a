"""An upgrade from commit a36f5fc: its template, its tables and its queues, as its own functions wrote them.

Alerts and events were in flight. Today's functions, each in a process of its own, continue with them.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local.slack.app import slack_app
from local.slack.workspace import Workspace
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.ledger import DynamoLedgerRows
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobs
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions, DynamoTotalStore
from sagewatch.jobs.ports import OpenJob
from tests.unit.runtime.test_settings import DELIVER_ALERT, RECORD_JOB, TRACK_NOTEBOOK
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT
from tests.worlds.servers import serving

BEFORE = Path(__file__).parent / "a36f5fc"
REGION = "us-east-1"
AT = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)


def stored(name: str) -> Any:
    """What the earlier version left."""
    return json.loads((BEFORE / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def loaded(aws: Aws, tables: tuple[str, str]) -> Aws:
    """Both tables with its items."""
    client = aws.client("dynamodb")
    for table, name in zip(tables, ("ledger", "state"), strict=True):
        for item in stored(name):
            client.put_item(TableName=table, Item=item)
    return aws


class Functions:
    """Today's functions, and the queues and the channel they are given."""

    def __init__(self, aws: Aws, aws_url: str, slack: str) -> None:
        """Make the queues."""
        self._sqs = aws.client("sqs")
        self._urls = {"aws": aws_url, "slack": slack}
        self.alerts, self.dead = (self._queue(name, fifo=True) for name in ("alerts", "dead"))
        self.events, self.dead_events = (self._queue(name, fifo=False) for name in ("events", "dead-events"))
        aws.client("ssm").put_parameter(
            Name="/sagewatch/slack-token", Value="xoxb-right", Type="SecureString", Overwrite=True
        )

    def _queue(self, name: str, *, fifo: bool) -> str:
        suffix, attributes = (".fifo", {"FifoQueue": "true"}) if fifo else ("", {})
        made = self._sqs.create_queue(QueueName=f"{name}-{uuid4()}{suffix}", Attributes=attributes)
        return str(made["QueueUrl"])

    def run(self, function: str, variables: dict[str, str], bodies: list[str], at: datetime) -> list[dict[str, str]]:
        """Hand it a batch of messages; what it gives back to the queue."""
        records = [
            {
                "messageId": str(uuid4()),
                "receiptHandle": "handle",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0", "MessageGroupId": "group"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
                "awsRegion": REGION,
            }
            for body in bodies
        ]
        done = subprocess.run(  # noqa: S603 - our own test
            [sys.executable, "-m", "tests.worlds.one_invocation", function, at.isoformat()],
            input=json.dumps({"Records": records}).encode(),
            capture_output=True,
            check=True,
            env={**os.environ, **variables, **self._environment()},
        )
        answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
        [failures] = [answer["batchItemFailures"] for answer in answers if "batchItemFailures" in answer]
        return list(failures)

    def deliver(self, bodies: list[str], at: datetime) -> list[dict[str, str]]:
        """DeliverAlert."""
        queues = {"QUEUE_URL": self.alerts, "DEAD_LETTER_QUEUE_URL": self.dead, "SLACK_ROUTES": ""}
        slack = {"SLACK_API_URL": f"{self._urls['slack']}/api/"}
        return self.run("deliver_alert", DELIVER_ALERT | queues | slack, bodies, at)

    def handle(self, function: str, variables: dict[str, str], event: Any) -> list[dict[str, str]]:
        """RecordJob or TrackNotebook."""
        queues = {"QUEUE_URL": self.events, "DEAD_LETTER_QUEUE_URL": self.dead_events, "ALERT_QUEUE_URL": self.alerts}
        return self.run(function, variables | queues, [json.dumps(event)], AT)

    def dead_letters(self) -> list[str]:
        """Everything that was given up."""
        answers = [
            self._sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
            for url in (self.dead, self.dead_events)
        ]
        return [str(message) for answer in answers for message in answer.get("Messages", [])]

    def _environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self._urls["aws"],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
        }


@pytest.fixture
def workspace() -> Workspace:
    """The channel, with the messages that the earlier version posted."""
    return Workspace(token="xoxb-right", signing_secret="s", messages=stored("slack"), clock=AT.timestamp)


@pytest.fixture
def functions(loaded: Aws, aws_url: str, workspace: Workspace) -> Iterator[Functions]:
    """Today's functions on its tables."""
    with serving(slack_app(workspace)) as url:
        yield Functions(loaded, aws_url, url)


def test_every_row_is_read(loaded: Aws, tables: tuple[str, str]) -> None:
    """With its amounts; none is skipped as unreadable."""
    rows = DynamoLedgerRows(loaded.client("dynamodb"), tables[0])
    expected = stored("ledger")
    read = [row for day in sorted({item["ended_on"]["S"] for item in expected}) for row in rows.of_day(day)]

    assert {(row.resource_name, str(row.cost_usd)) for row in read} == {
        (item["resource_name"]["S"], item["cost_usd"]["N"]) for item in expected
    }
    assert list(rows.take_unreadable()) == []
    assert len(read) == len(expected) == 4


def test_everything_that_was_watched_is_still_watched(loaded: Aws, tables: tuple[str, str]) -> None:
    """Open jobs, sessions of notebooks, their warnings, regions and totals."""
    client, (_, state) = loaded.client("dynamodb"), tables
    kept = Counter(item["pk"]["S"].partition("#")[0] for item in stored("state"))
    clock = lambda: AT  # noqa: E731 - a clock
    jobs = [job for _, job in DynamoOpenJobs(client, state=state, ledger=tables[0], clock=clock).after(REGION, None)]
    states = DynamoNotebookStates(client, state, clock).of_region(REGION)
    totals = DynamoTotalStore(client, state).between("2026-11-01", "2026-11-30")

    assert len(jobs) == kept["open-job"]
    assert all(isinstance(job, OpenJob) for job in jobs)
    assert len(list(DynamoSessions(client, state).open_sessions(REGION))) == kept["session"]
    assert len(states) == kept["notebook"]
    assert sum(state.pending is not None for state in states.values()) == 3
    assert DynamoRegions(client, state, clock).in_use() == {REGION}
    assert len(totals) == kept["totals"]


def test_alerts_that_were_queued_are_posted_once(functions: Functions, workspace: Workspace) -> None:
    """A repeated delivery posts nothing; what replies to a message of the earlier version finds it."""
    queued = [alert["body"] for alert in stored("queued_alerts")]
    already = {message["metadata"]["event_payload"]["alert_id"] for message in stored("slack") if message["metadata"]}
    for _ in range(2):
        assert functions.deliver(queued, AT + timedelta(minutes=1)) == []
    posted = Counter(
        message["metadata"]["event_payload"]["alert_id"] for message in workspace.messages if message["metadata"]
    )

    assert functions.dead_letters() == []
    assert set(posted) >= {json.loads(body)["alert_id"] for body in queued} | already
    assert set(posted.values()) == {1}


def test_events_that_were_queued_are_handled(functions: Functions, loaded: Aws, tables: tuple[str, str]) -> None:
    """A failed job that the sweep had recorded keeps its one row; a notebook that stopped gets its session's."""
    job, notebook = stored("events_in_flight")

    assert functions.handle("record_job", RECORD_JOB, job) == []
    assert functions.handle("track_notebook", TRACK_NOTEBOOK, notebook) == []
    items = loaded.client("dynamodb").scan(TableName=tables[0])["Items"]
    rows = {(item["resource_name"]["S"], item.get("cost_usd", {}).get("N")) for item in items}

    assert functions.dead_letters() == []
    assert rows >= {(item["resource_name"]["S"], item["cost_usd"]["N"]) for item in stored("ledger")}
    assert len([name for name, _ in rows if name == job["detail"]["TrainingJobName"]]) == 1
    assert notebook["detail"]["NotebookInstanceName"] in {name for name, _ in rows}
