"""How long `make costs` takes over a large ledger, and how much memory: ``make bench``.

The ledger is a server on localhost that answers DynamoDB's Query in its own protocol, in pages of what DynamoDB's 1 MB
hold (rows are about 1.3 KB), from rows made up as they are asked for. So what is measured is the tool, botocore
included; DynamoDB's own time, and the way to it, come on top: a round trip for every page.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask, Response, request
from rich.console import Console
from rich.table import Table
from werkzeug.serving import make_server

_ROOT = Path(__file__).parent.parent
_PAGE = 800  # rows of 1.3 KB in DynamoDB's 1 MB
_DAYS, _OWNERS = 365, 50
_FIRST_DAY = date(2025, 11, 1)
_STACK = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>
<Stacks><member><StackName>bench</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>
<StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{outputs}</Outputs><Parameters>{parameters}</Parameters></member>
</Stacks></DescribeStacksResult></DescribeStacksResponse>"""


@dataclass(frozen=True)
class Measured:
    """What one run took."""

    seconds: float
    peak_mb: float
    lines: int


def main() -> None:
    """Measure a hundred thousand rows and a million, each question once."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    table = Table("question", "rows", "seconds", "peak memory, MB", "lines written")
    questions: Sequence[tuple[str, ...]] = (("--by", "owner"), ("--by", "job", "--top", "20"), ("--focus",))
    for question in questions:
        for rows in (100_000, 1_000_000):
            with _ledger(rows) as url:
                done = _measure(url, question)
            table.add_row(
                " ".join(question), f"{rows:,}", f"{done.seconds:.1f}", f"{done.peak_mb:.0f}", f"{done.lines:,}"
            )
    Console().print(table)


def _measure(url: str, question: Sequence[str]) -> Measured:
    last_day = _FIRST_DAY + timedelta(days=_DAYS - 1)
    command = [
        sys.executable,
        "-m",
        "tools.operator.costs",
        "--stack",
        "bench",
        "--since",
        str(_FIRST_DAY),
        "--until",
        str(last_day),
    ]
    env = {
        **os.environ,
        **{f"AWS_{name}": "bench" for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")},
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": url,
        "PYTHONPATH": f"{_ROOT}:{_ROOT}/shared",
    }
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *command, *question],
        env=env,
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return Measured(*json.loads(done.stdout))


# Runs a command as its only child, because the reported peak is the largest child's, and prints what it took:
# seconds, MB, lines.
_CHILD = """
import json, resource, subprocess, sys, time
begun = time.monotonic()
program = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
lines = sum(1 for _ in program.stdout)
assert program.wait() == 0
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([time.monotonic() - begun, peak / 1024, lines]))
"""


@contextmanager
def _ledger(rows: int) -> Iterator[str]:
    """Serve a ledger of so many rows, spread over a year."""
    app = Flask("ledger")
    per_day = rows // _DAYS

    @app.post("/")
    def answer() -> Response:
        if "DescribeStacks" in request.get_data(as_text=True):
            return Response(_stack(), mimetype="text/xml")
        content = _page(json.loads(request.data), per_day)
        return Response(content, mimetype="application/x-amz-json-1.0")

    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def _stack() -> str:
    outputs = {"CostLedgerName": "ledger", "WatchStateName": "state", "AlertQueueUrl": "none"}
    parameters = {"OwnerTagKeys": "owner", "DiscountPercent": "0"}

    def members(kind: str, values: Mapping[str, str]) -> str:
        pairs = values.items()
        return "".join(f"<member><{kind}Key>{k}</{kind}Key><{kind}Value>{v}</{kind}Value></member>" for k, v in pairs)

    return _STACK.format(outputs=members("Output", outputs), parameters=members("Parameter", parameters))


def _page(query: Mapping[str, Any], per_day: int) -> str:
    if query["TableName"] == "state":
        return '{"Items": [], "Count": 0}'
    day = query["ExpressionAttributeValues"][":partition"]["S"]
    first = int(query.get("ExclusiveStartKey", {}).get("resource_arn", {}).get("S", "0"))
    last = min(first + _PAGE, per_day)
    columns = set(query["ProjectionExpression"].replace("#", "").split(", "))
    items = ",".join(_row(day, number, columns) for number in range(first, last))
    more = f', "LastEvaluatedKey": {{"resource_arn": {{"S": "{last}"}}}}' if last < per_day else ""
    return f'{{"Items": [{items}], "Count": {last - first}{more}}}'


def _row(day: str, number: int, columns: AbstractSet[str]) -> str:
    """One row, as the ledger projects it for reports."""
    seconds, usd = 60 + number % 7200, f"{(number % 977) / 100:.2f}"
    texts = {
        "resource_arn": f"arn:aws:sagemaker:us-east-1:111122223333:training-job/job-{day}-{number}",
        "resource_name": f"job-{day}-{number}",
        "kind": "training",
        "status": "Failed" if number % 10 == 0 else "Completed",
        "account": "111122223333",
        "region": "us-east-1",
        "created_at": f"{day}T01:00:00Z",
        "started_at": f"{day}T01:02:00Z",
        "ended_at": f"{day}T{number % 24:02}:30:00Z",
        "ended_on": day,
        "pricing": "priced",
        "pricing_reason": "calculated from its billed time at the on-demand list price",
        "owner": f"owner-{number % _OWNERS}@example.com",
        "instances": "2 x ml.m5.xlarge",
        **({"failure_class": "user-code"} if number % 10 == 0 else {}),
    }
    numbers = {"billable_seconds": str(seconds), "cost_usd": usd, "list_cost_usd": usd}
    item = {name: {"S": text} for name, text in texts.items()} | {name: {"N": value} for name, value in numbers.items()}
    return json.dumps({name: value for name, value in item.items() if name in columns})


if __name__ == "__main__":
    main()
