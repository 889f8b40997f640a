"""What RecordJob takes for one event, warm, against the calls it cannot avoid: ``python -m bench.events``.

RecordJob runs from the layer as it is deployed, in a process of its own; AWS is a server in another one, which answers
at once. The calls that RecordJob makes are noted, and then made again with the same parameters and nothing else: by
clients of a bare handler, and by RecordJob's own, whose settings save time. What they take is the floor. Blocks of all
three alternate, so that a noisy minute hits all alike.
"""

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, override

from rich.console import Console
from rich.table import Table

from bench.builds import Builds
from tests.worlds.wired import VARIABLES

_ROOT = Path(__file__).parent.parent
CASES = {"completed training": "training-job-completed", "failed training": "training-job-failed"}
_LOG = [
    {"timestamp": 1795170110000 + line, "message": f"epoch {line} loss 0.{line}", "ingestionTime": 1795170110000}
    for line in range(60)
] + [
    {"timestamp": 1795170119000, "message": "Traceback (most recent call last):", "ingestionTime": 1795170119000},
    {"timestamp": 1795170119001, "message": "ValueError: bad column", "ingestionTime": 1795170119001},
]
_ANSWERS: dict[str, dict[str, Any]] = {
    "Query": {"Items": [], "Count": 0},
    "GetLogEvents": {"events": _LOG, "nextForwardToken": "f", "nextBackwardToken": "b"},
    "ListTags": {"Tags": [{"Key": "owner", "Value": "ana@example.com"}]},
}
_SECONDS = 11  # digits of a time in seconds, at most; events count in milliseconds
_PROGRAM = """
import json, sys, time, os
from record_job.app import handler
import botocore.client as bc
from botocore.config import Config
from botocore.session import get_session

class Context:
    function_name = "RecordJob"
    def get_remaining_time_in_millis(self):
        return 60_000

calls, plain = [], bc.BaseClient._make_api_call
def noted(self, operation, parameters):
    calls.append((self, operation, parameters))
    return plain(self, operation, parameters)

event, number = json.load(open(sys.argv[1])), 0
def batch():
    global number
    number += 1
    text = json.dumps(event).replace("fraud-xgb", f"fraud-{number}-xgb").replace("Fraud-XGB", f"Fraud-{number}-XGB")
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1795170121000"}
    return {"Records": [{"messageId": str(number), "receiptHandle": "r", "body": text, "attributes": attributes}]}

def ours(count):
    for _ in range(count):
        assert handler(batch(), Context()) == {"batchItemFailures": []}

def repeated(count):
    for _ in range(count):
        for client, operation, parameters in calls:
            plain(client, operation, parameters)

stock = {}
def bare(count):
    for _ in range(count):
        for client, operation, parameters in calls:
            plain(stock[client], operation, parameters)

out, sys.stdout = sys.stdout, open(os.devnull, "w")
ours(3)
bc.BaseClient._make_api_call = noted
ours(1)
bc.BaseClient._make_api_call = plain
retries = Config(retries={"mode": "standard", "total_max_attempts": 2})
for client, _, _ in calls:
    if client not in stock:
        stock[client] = get_session().create_client(client.meta.service_model.service_name, config=retries)
bare(3)
took = []
for _ in range(int(sys.argv[2])):
    pair = []
    for work in (ours, bare, repeated):
        begun = time.process_time()
        work(20)
        pair.append((time.process_time() - begun) / 20)
    took.append(pair)
print(json.dumps([took, [operation for _, operation, _ in calls]]), file=out)
"""


class _Aws(BaseHTTPRequestHandler):
    """SageMaker, DynamoDB, SQS and CloudWatch Logs, as far as one event goes."""

    protocol_version, wbufsize = "HTTP/1.1", 65536  # one packet for an answer

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer at once."""
        asked: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(_answer(self.headers["X-Amz-Target"].partition(".")[2], asked)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def _answer(operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    if operation == "DescribeTrainingJob":
        return _described(asked["TrainingJobName"])
    if operation == "SendMessage":
        digest = hashlib.md5(asked["MessageBody"].encode(), usedforsecurity=False).hexdigest()
        return {"MessageId": "1", "MD5OfMessageBody": digest, "SequenceNumber": "1"}
    if operation == "DescribeLogStreams":
        stream = {
            "logStreamName": f"{asked['logStreamNamePrefix']}algo-1-1795166520",
            "creationTime": 1795166520000,
        }
        return {"logStreams": [stream]}
    return _ANSWERS.get(operation, {})


def _described(name: str) -> dict[str, Any]:
    """The event's own fields, with times in seconds. The name says which of the two it is."""
    case = "training-job-failed" if name.lower().endswith("02") else "training-job-completed"
    text = (_ROOT / "events" / f"{case}.json").read_text(encoding="utf-8")
    detail: dict[str, Any] = json.loads(text, parse_int=_in_seconds)
    arn = f"arn:aws:sagemaker:us-east-1:111122223333:training-job/{name.lower()}"
    known = {**detail["detail"], "TrainingJobName": name, "TrainingJobArn": arn}
    return {key: value for key, value in known.items() if value is not None}


def _in_seconds(digits: str) -> float:
    return int(digits) / 1000 if len(digits) > _SECONDS else int(digits)


@contextmanager
def serving() -> Iterator[str]:
    """The server, in a process of its own, for its CPU is not RecordJob's."""
    command = [sys.executable, "-c", "from bench.events import serve; serve()"]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as server:
        if server.stdout is None:
            raise SystemExit("the server says nothing")
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.terminate()


def serve() -> None:
    """Print the port, then answer until the process ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Aws)
    print(server.server_port, flush=True)  # noqa: T201 - for the process that started this one
    server.serve_forever()


def measured(
    build: Path, url: str, case: str, rounds: int, variables: Mapping[str, str] | None = None
) -> tuple[list[tuple[float, float, float]], list[str]]:
    """Seconds of each block, of its calls alone and of these by its own clients; and the calls of one event."""
    path = [build / "RecordJob", build / "SharedLayer" / "python"]
    env = {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "PYTHONPATH": ":".join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        **(variables or VARIABLES["RecordJob"]),
    }
    command = [sys.executable, "-S", "-c", _PROGRAM, str(_ROOT / "events" / f"{case}.json"), str(rounds)]
    done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"RecordJob failed:\n{done.stderr[-2000:]}")
    took, calls = json.loads(done.stdout.splitlines()[-1])
    return took, calls


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.events", description="Measure one event in RecordJob.")
    parser.add_argument("--rounds", type=int, default=15, help="how many blocks of twenty events are measured (15)")
    parser.add_argument("--build", type=Path, help="a folder of sam build to measure, instead of building one")
    options = parser.parse_args()
    columns = ("event", "CPU ms", "bare calls", "ratio", "by its own clients", "ratio", "calls")
    table = Table(*columns, title=f"medians of {options.rounds} blocks of 20")
    with TemporaryDirectory() as folder, serving() as url:
        builds = Builds.make(Path(folder), options.build)
        for name, case in CASES.items():
            took, calls = measured(builds.deployed, url, case, options.rounds)
            own, *floors = (statistics.median(block[place] for block in took) * 1000 for place in (0, 1, 2))
            ratios = (statistics.median(block[0] / block[place] for block in took) for place in (1, 2))
            facts = (f"{number:.2f}" for pair in zip(floors, ratios, strict=True) for number in pair)
            table.add_row(name, f"{own:.2f}", *facts, ", ".join(calls))
    Console().print(table)


if __name__ == "__main__":
    main()
