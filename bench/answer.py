"""How long ReceivePress takes to answer a press from cold, against Slack's three seconds: ``make bench``.

A fresh process imports the handler as ``sam build`` packs it, makes its clients and answers one signed press; AWS and
Slack are servers on localhost that answer at once. So what is measured is the processor's work, for which a Lambda of
1,769 MB has a whole CPU; the start of Lambda's sandbox and the ways to SSM, DynamoDB, SQS and Slack come on top. The
bare handler makes the same calls, with boto3 (and slack_sdk, where a dialog opens) and nothing else.

ReceivePress starts from the layer as it is deployed. The bare handler starts from libraries as they were installed,
once with their bytecode, as Lambda's own boto3 has it, and once without.
"""

import hashlib
import json
import logging
import os
import statistics
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from flask import Flask, Response, request
from rich.console import Console
from rich.table import Table
from werkzeug.serving import make_server

from bench.builds import Builds
from local.slack.interactions import sign

_ROOT = Path(__file__).parent.parent
_RUNS = 7
_SECRET = "bench"  # noqa: S105 - it guards nothing
ACTIONS = ("keep_4h", "stop_now")  # the second opens a dialog before it answers
_ARN = "arn:aws:sagemaker:us-east-1:111122223333:notebook-instance/lab"
_SETTINGS = {
    "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/111122223333/presses",
    "WATCH_STATE": "state",
    "SLACK_TOKEN_PARAMETER": "/sagewatch/slack-token",
    "SLACK_SIGNING_SECRET_PARAMETER": "/sagewatch/slack-signing-secret",
}


@dataclass(frozen=True)
class Took:
    """One answer from cold, and a second one. Seconds; ``cpu`` is that of the whole process, Python's own start too."""

    wall: float
    cpu: float
    imports: float
    again: float


@dataclass(frozen=True)
class Start:
    """A handler, the folders it starts from, and whether its bytecode is kept outside of them."""

    name: str
    program: str
    path: Sequence[str]
    cached: bool = False
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)


def main() -> None:
    """Measure both presses and all starts in turns: a noisy minute hits all alike."""
    with TemporaryDirectory() as folder, servers() as url:
        Builds.make(Path(folder))
        runs = [(action, start) for action in ACTIONS for start in STARTS]
        press(Path(folder), url, STARTS[1], "stop_now")  # writes the bytecode
        took: dict[tuple[str, Start], list[Took]] = {run: [] for run in runs}
        for _ in range(_RUNS):
            for action, start in runs:
                took[action, start].append(press(Path(folder), url, start, action))
    Console().print(_table(took))


def _table(took: Mapping[tuple[str, Start], Sequence[Took]]) -> Table:
    title = f"medians of {_RUNS}, in seconds"
    table = Table("press", "handler", "wall", "imports", "CPU", "again", "CPU / bare", title=title)
    for (action, start), runs in took.items():
        cpu, bare = (statistics.median(run.cpu for run in took[action, one]) for one in (start, STARTS[1]))
        wall, imports, again = (
            statistics.median(getattr(run, part) for run in runs) for part in ("wall", "imports", "again")
        )
        texts = (f"{wall:.2f}", f"{imports:.2f}", f"{cpu:.2f}", f"{again:.3f}", f"{cpu / bare:.1f}")
        table.add_row(action, start.name, *texts)
    return table


def press(folder: Path, url: str, start: Start, action: str) -> Took:
    """Start a handler and let it answer twice. The paths of a start are relative to the folder, or absolute."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    env = {
        **own,
        **_SETTINGS,
        **start.variables,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "SLACK_API_URL": f"{url}/api/",
        "PYTHONPATH": ":".join(str(folder / part) for part in start.path),
        **({"PYTHONPYCACHEPREFIX": str(folder / "bytecode")} if start.cached else {"PYTHONDONTWRITEBYTECODE": "1"}),
    }
    command = [sys.executable, "-S", "-c", _TIMED.format(program=start.program), json.dumps(_request(action))]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=True)
    return Took(*json.loads(done.stdout.splitlines()[-1]))


def _request(action: str) -> dict[str, Any]:
    """A request to the HTTP API, signed as Slack does."""
    target = {"arn": _ARN, "name": "lab", "region": "us-east-1", "incident": "i"}
    payload = {
        "type": "block_actions",
        "user": {"id": "U0BENCH"},
        "channel": {"id": "C0BENCH"},
        "trigger_id": "1.2.3",
        "actions": [{"action_id": action, "value": json.dumps(target)}],
    }
    body, stamp = urllib.parse.urlencode({"payload": json.dumps(payload)}), int(time.time())
    headers = {"x-slack-request-timestamp": str(stamp), "x-slack-signature": sign(_SECRET, stamp, body)}
    return {"requestContext": {}, "headers": headers, "body": body, "isBase64Encoded": False}


_TIMED = """
import time
begun = time.perf_counter()
import json, resource, sys
{program}
imported = time.perf_counter()
event = json.loads(sys.argv[1])
assert handler(event, None)["statusCode"] == 200
answered, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
assert handler(event, None)["statusCode"] == 200
again = time.perf_counter() - answered
print(json.dumps([answered - begun, used.ru_utime + used.ru_stime, imported - begun, again]))
"""
_OURS = "from receive_press.app import handler"
_BARE = """
import os
import boto3
from functools import cache

@cache
def client(name):
    return boto3.client(name, region_name="us-east-1")

@cache
def secret(name):
    return client("ssm").get_parameter(Name=os.environ[name], WithDecryption=True)["Parameter"]["Value"]

def handler(event, context):
    secret("SLACK_SIGNING_SECRET_PARAMETER")
    item = {"pk": {"S": "press"}, "sk": {"S": "press"}}
    client("dynamodb").put_item(TableName="state", Item=item, ConditionExpression="attribute_not_exists(pk)")
    if "stop_now" in event["body"]:
        from slack_sdk import WebClient
        web = WebClient(token=secret("SLACK_TOKEN_PARAMETER"), base_url=os.environ["SLACK_API_URL"])
        web.views_open(trigger_id="1.2.3", view={"type": "modal"})
    client("sqs").send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=event["body"])
    return {"statusCode": 200}
"""


STARTS = (
    Start("ReceivePress", _OURS, ("deployed/ReceivePress", "deployed/SharedLayer/python")),
    Start("bare", _BARE, ("bare",), cached=True),
    Start("bare, no bytecode", _BARE, ("bare",)),
)


@contextmanager
def servers() -> Iterator[str]:
    """SSM, DynamoDB, SQS and Slack, as far as one press goes."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = Flask("aws")

    @app.post("/")
    def aws() -> Response:
        asked: dict[str, Any] = request.get_json(force=True)
        match request.headers["X-Amz-Target"].partition(".")[2]:
            case "GetParameter":
                answer: dict[str, Any] = {"Parameter": {"Name": asked["Name"], "Value": _SECRET}}
            case "SendMessage":
                digest = hashlib.md5(asked["MessageBody"].encode(), usedforsecurity=False).hexdigest()
                answer = {"MessageId": "1", "MD5OfMessageBody": digest}
            case _:
                answer = {}
        return Response(json.dumps(answer), mimetype="application/x-amz-json-1.0")

    @app.post("/api/views.open")
    def opened() -> Response:
        return Response(json.dumps({"ok": True, "view": {"id": "V0BENCH"}}), mimetype="application/json")

    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


if __name__ == "__main__":
    main()
