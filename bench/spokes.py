"""Measure a round of job sweeps over many accounts: time, calls, memory. ``python -m bench.spokes 25 50 100 200``.

Twenty workers, as the template allows, take the regions of an account in turn. Clients are real. A small server plays
STS and SageMaker, moto the tables. Of 200 accounts 5 deny their role, 3 throttle and 1 does not answer; none has jobs.
"""

import json
import os
import re
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

import boto3
from moto.server import ThreadedMotoServer
from samcli.yamlhelper import yaml_parse

from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS

ROOT = Path(__file__).parent.parent
HOME, REGIONS, WORKERS = "111122223333", ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1"), 20
HANGS_SECONDS = 10  # longer than a client waits
STS = (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
    "<AccessKeyId>ASIA{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    "<Expiration>2036-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)
DENIED = (
    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized: sts:AssumeRole</Message></Error>"
    "</ErrorResponse>"
)
CALLS: Counter[tuple[str, str]] = Counter()


def behaviour(account: str) -> str:
    """What an account does: of 200, 5 deny, 3 throttle and 1 hangs."""
    number = int(account) % 200
    return {
        **dict.fromkeys((7, 47, 87, 127, 167), "denies"),
        **dict.fromkeys((11, 61, 111), "throttles"),
        31: "hangs",
    }.get(number, "well")


class Played(BaseHTTPRequestHandler):
    """STS and SageMaker, as far as a sweep without jobs goes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one call."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "X-Amz-Target" in self.headers:
            self._sagemaker(self.headers["X-Amz-Target"].rpartition(".")[2])
        else:
            found = re.search(r"iam%3A%3A(\d{12})", body)
            account = found[1] if found else ""
            CALLS[account, "AssumeRole"] += 1
            denied = behaviour(account) == "denies"
            self._answer(403 if denied else 200, DENIED if denied else STS.format(account=account))

    def _sagemaker(self, operation: str) -> None:
        account = re.search(r"Credential=ASIA(\d{12})/", self.headers["Authorization"])[1]  # type: ignore[index] # signed
        CALLS[account, operation] += 1
        match behaviour(account):
            case "throttles":
                self._answer(400, json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}))
            case "hangs":
                time.sleep(HANGS_SECONDS)
            case _:
                answer: dict[str, list[str]] = {KIND_FACTS[kind].summaries_field: [] for kind in JOB_KINDS}
                self._answer(200, json.dumps(answer))

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def servers() -> Iterator[None]:
    """Run both servers, and point clients at them."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    played = ThreadingHTTPServer(("127.0.0.1", 0), Played)
    threading.Thread(target=played.serve_forever, daemon=True).start()
    there = f"http://127.0.0.1:{played.server_port}"
    os.environ |= {
        "AWS_ACCESS_KEY_ID": HOME,
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ENDPOINT_URL_SAGEMAKER": there,
        "AWS_ENDPOINT_URL_STS": there,
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "SweepJobs",
    }
    try:
        yield
    finally:
        played.shutdown()
        moto.stop()


def prepare() -> None:
    """Create the tables and queues, and set the function's variables."""
    resources = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Resources"]
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    kept = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    for name in ("CostLedger", "WatchState"):
        table: Any = {key: value for key, value in resources[name]["Properties"].items() if key in kept}
        dynamodb.create_table(TableName=name, **table)
    alerts = sqs.create_queue(QueueName="alerts.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sweeps = sqs.create_queue(QueueName="sweeps.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    os.environ |= {
        "COST_LEDGER": "CostLedger",
        "WATCH_STATE": "WatchState",
        "ALERT_QUEUE_URL": alerts,
        "SWEEP_QUEUE_URL": sweeps,
        "OWNER_TAG_KEYS": "owner",
        "DISCOUNT_PERCENT": "0",
        "REPORT_USD": "10",
        "LOG_EXCERPTS": "enabled",
        "LONG_RUNNING_HOURS": "24",
        "BURN_ALERT_USD": "100",
        "REGIONS": "",
        "ACCOUNT": HOME,
        "ORGANIZATION_ID": "o-1",
        "SPOKE_ROLES": "sagewatch-main",
        "SPOKE_ACCOUNTS": "",
        "SPOKE_EXTERNAL_ID": "",
    }


def no_limit(share: float = 1) -> bool:
    """Let every sweep take its time."""
    del share
    return True


def one_round(accounts: int) -> Mapping[str, Any]:
    """Sweep four regions of each account; return what it took."""
    from sagewatch.wiring.sweep_jobs import sweep_jobs  # noqa: PLC0415 - it reads the environment

    handler: Any = sweep_jobs()
    names = [f"{220000000000 + number:012}" for number in range(accounts)]
    problems: Counter[str] = Counter()

    def group(account: str) -> None:
        for region in REGIONS:
            outcome = handler.spoke(f"{account}/{region}", no_limit)
            problems[behaviour(account) if outcome.problem or outcome.swept is None else "swept"] += 1

    began = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(group, names))
    seconds = time.monotonic() - began
    queued = boto3.client("sqs").get_queue_attributes(
        QueueUrl=os.environ["ALERT_QUEUE_URL"], AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]["ApproximateNumberOfMessages"]
    well = [name for name in names if behaviour(name) == "well"]
    by_account = Counter[str]()
    for (account, _), count in CALLS.items():
        by_account[account] += count
    return {
        "accounts": accounts,
        "seconds": round(seconds, 1),
        "calls": sum(CALLS.values()),
        "calls_of_a_well_account": sorted({by_account[name] for name in well}),
        "assume_role_of_a_well_account": sorted({CALLS[name, "AssumeRole"] for name in well}),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "regions": dict(problems),
        "alerts": int(queued),
    }


def main() -> None:
    """Measure each number of accounts in a process of its own; draw what they took."""
    numbers = [int(argument) for argument in sys.argv[1:]] or [25, 50, 100, 200]
    if len(numbers) == 1:
        with servers():
            prepare()
            sys.stdout.write(json.dumps(one_round(numbers[0])) + "\n")
        return
    results = []
    for number in numbers:
        done = subprocess.run(
            [sys.executable, "-m", "bench.spokes", str(number)], capture_output=True, text=True, check=True
        )
        results.append(json.loads(done.stdout.splitlines()[-1]))
        sys.stdout.write(done.stdout.splitlines()[-1] + "\n")
    draw(results, ROOT / "docs" / "spokes.svg")


def draw(results: list[dict[str, Any]], path: Path) -> None:
    """Plot time and calls against accounts."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - a measurement alone needs no chart

    figure = Figure(figsize=(8, 3))
    for place, (name, label) in enumerate(
        (("seconds", "seconds of a round"), ("calls", "calls to STS and SageMaker")), 1
    ):
        axes = figure.add_subplot(1, 2, place)
        axes.plot([each["accounts"] for each in results], [each[name] for each in results], marker="o")
        axes.set_xlabel("accounts, 4 regions each")
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
