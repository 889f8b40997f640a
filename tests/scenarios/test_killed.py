"""A delivery whose process is killed after each call that changes something: the alert is in the channel once.

A killed process raises nothing and cleans up nothing, unlike an exception. SQS hands its message out again.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from local.demo.player import get_json
from local.slack.app import Workspace, slack_app
from sagewatch.jobs.alerts import JobAlert
from tests.unit.runtime.test_settings import DELIVER_ALERT
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, NOW

type App = Callable[[dict[str, Any], Any], Iterable[bytes]]
CHANGES = ("PutItem", "UpdateItem", "TransactWriteItems", "SendMessage", "chat.postMessage", "chat.update")
PARENT = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:hyper-parameter-tuning-job/hpo-7"


class Executioner:
    """Counts what a process has servers change, and kills it when a change is made, before it is answered.

    That is also the moment before the next change: nothing but the process and what it reads lies between them.
    """

    def __init__(self) -> None:
        """No owner yet."""
        self.changes = 0
        self.last: int | None = None
        self.victim: int | None = None
        self.lock = threading.Lock()

    def around(self, app: App) -> App:
        """The same server, watched."""

        def watched(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            answer = list(app(environ, start_response))
            what = environ.get("HTTP_X_AMZ_TARGET", environ["PATH_INFO"])
            with self.lock:
                self.changes += any(name in what for name in CHANGES)
                if self.victim and self.changes == self.last:
                    os.kill(self.victim, signal.SIGKILL)
            return answer

        return watched


class Stage:
    """Slack and AWS, watched, and processes that talk to them."""

    def __init__(self, aws: Aws, workspace: Workspace) -> None:
        """Start both servers."""
        self.executioner = Executioner()
        self._servers = [
            make_server("127.0.0.1", 0, self.executioner.around(app), threaded=True)
            for app in (slack_app(workspace), DomainDispatcherApplication(create_backend_app))
        ]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.slack, self.cloud = (f"http://127.0.0.1:{server.server_port}" for server in self._servers)
        sqs = aws.client("sqs")
        self.queues = {
            name: sqs.create_queue(QueueName=f"{name}-{uuid4()}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
            for name in ("alerts", "dead")
        }

    def close(self) -> None:
        """Stop both servers."""
        for server in self._servers:
            server.shutdown()

    def invoke(self, alert: JobAlert, *times: datetime, last: int | None = None) -> tuple[int, list[Any]]:
        """Deliver an alert at these times in a process of its own, which lives until that call; what it answered."""
        self.executioner.changes, self.executioner.last, self.executioner.victim = 0, last, None
        process = subprocess.Popen(  # noqa: S603 - our own test
            (sys.executable, "-m", "tests.worlds.one_invocation", "deliver_alert", *(at.isoformat() for at in times)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **self._environment()},
        )
        self.executioner.victim = process.pid
        out, _ = process.communicate(json.dumps(_from_queue(alert, self.queues["alerts"])).encode())
        lines = [json.loads(line) for line in out.splitlines() if line]
        return process.returncode, [line for line in lines if "batchItemFailures" in line]

    def _environment(self) -> dict[str, str]:
        return {
            **DELIVER_ALERT,
            "SLACK_ROUTES": "",
            "QUEUE_URL": self.queues["alerts"],
            "DEAD_LETTER_QUEUE_URL": self.queues["dead"],
            "SLACK_API_URL": f"{self.slack}/api/",
            "AWS_ENDPOINT_URL": self.cloud,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
        }


def _from_queue(alert: JobAlert, queue: str) -> dict[str, Any]:
    """A batch of one, as Lambda hands it over."""
    record = {
        "messageId": str(uuid4()),
        "receiptHandle": "handle",
        "body": alert.model_dump_json(),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue.rpartition('/')[2]}",
        "awsRegion": "us-east-1",
    }
    return {"Records": [record]}


@pytest.fixture
def stage(aws: Aws, tables: tuple[str, str]) -> Iterator[Stage]:
    """Empty tables, an empty channel."""
    del tables
    aws.client("ssm").put_parameter(
        Name="/sagewatch/slack-token", Value="xoxb-right", Type="SecureString", Overwrite=True
    )
    stage = Stage(aws, Workspace(token="xoxb-right", signing_secret="s"))
    yield stage
    stage.close()


def an_alert_of(number: int, parent: str) -> JobAlert:
    """A job without an alert yet, in a span of ten minutes of its own."""
    arn = f"{parent}-{number}" if parent else None
    changes = {
        "thread_key": f"incident-{number}",
        "parent_arn": arn,
        "happened_at": NOW - number * timedelta(minutes=11),
    }
    return an_alert(name=f"job-{number}").model_copy(update={"alert_id": f"job-failed-{number}", **changes})


@pytest.mark.parametrize("parent", ["", PARENT], ids=["a job", "a child of a tuning job"])
def test_an_alert_whose_delivery_is_killed_anywhere_is_in_the_channel_once(stage: Stage, parent: str) -> None:
    """After each change in DynamoDB, SQS and Slack in turn; the queue hands it out again a minute later, and again."""
    later = [NOW + timedelta(minutes=minutes) for minutes in (1, 2)]
    number = 0
    while True:
        number += 1
        alert = an_alert_of(number, parent)
        code, _ = stage.invoke(alert, NOW, last=number)
        if code == 0:  # it made fewer changes
            break
        assert code == -signal.SIGKILL
        assert stage.invoke(alert, *later) == (0, [{"batchItemFailures": []}] * 2)

        told = [message["metadata"]["event_payload"]["alert_id"] for message in get_json(f"{stage.slack}/messages")]
        assert told.count(alert.alert_id) == 1, f"killed after change {number}"
        assert len(told) == number * (2 if parent else 1)
        assert sorted(set(told)) == sorted(told)

    assert number == (9 if parent else 6)
