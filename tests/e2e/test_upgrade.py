"""A stack of commit a36f5fc, its own code and template, is upgraded by `make deploy` while jobs run and end.

AWS differs: it creates an index in the background, one in an update (`tests/upgrade/test_change_set.py`), and lets the
invocations of a function end when its code changes. MiniStack ends them. Their messages are in flight until the queue's
visibility timeout is over, which is six minutes in the product and ``_IN_FLIGHT_SECONDS`` here.
"""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tarfile import TarFile
from typing import Any

import pytest
from samcli.yamlhelper import yaml_dump, yaml_parse

from local.demo.builders import Run, training
from local.demo.player import PlayedJob, Stage
from local.stack.cloud import ROOT
from local.stack.template_patches import for_ministack
from sagewatch.adapters.dynamodb.ledger import DynamoLedgerRows
from sagewatch.sagemaker.kinds import KIND_FACTS
from tests.e2e.conftest import UPGRADED as STACK
from tests.e2e.conftest import Account, eventually
from tests.e2e.test_deploy import environment

COMMIT, SOURCE = "a36f5fc", "sagewatch.upgrade"
STATEFUL = {"AWS::DynamoDB::Table", "AWS::SQS::Queue"}
_IN_FLIGHT_SECONDS = 20  # far below what ``eventually`` waits without a call


def earlier_template(built: Path, folder: Path) -> Path:
    """The commit's own template and code, with the libraries of MiniStack's own interpreter, which are whole."""
    archive = subprocess.run(  # noqa: S603 - git
        ["git", "archive", COMMIT, "functions", "shared/sagewatch"],  # noqa: S607 - on the PATH
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        pytest.skip(f"this clone lacks the commit {COMMIT}")
    with TarFile(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    (folder / "layer" / "python").mkdir(parents=True)
    (folder / "shared" / "sagewatch").rename(folder / "layer" / "python" / "sagewatch")
    template = hurried(ROOT / "tests" / "upgrade" / COMMIT / "template.yaml")
    template["Globals"]["Function"]["CodeUri"] = str(folder / "functions")
    for name, content in (("SharedLayer", folder / "layer"), ("ChartLayer", built / "ChartLayer")):
        template["Resources"][name]["Properties"]["ContentUri"] = str(content)
    path = folder / "template.yaml"
    path.write_text(yaml_dump(for_ministack(template)), encoding="utf-8")
    return path


def hurried(path: Path) -> dict[str, Any]:
    """A template whose queues give a message that an ended invocation held to the next one after seconds."""
    template: dict[str, Any] = yaml_parse(path.read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if "VisibilityTimeout" in resource.get("Properties", {}):
            resource["Properties"]["VisibilityTimeout"] = _IN_FLIGHT_SECONDS
    return template


def todays_template(built: Path) -> Path:
    """The built template, in the folder of its code."""
    path = built / "hurried.yaml"
    path.write_text(yaml_dump(hurried(built / "template.yaml")), encoding="utf-8")
    return path


def run(account: Account, *command: str) -> str:
    """What a command prints; it succeeds."""
    done = subprocess.run(  # noqa: S603 - our own tools, and sam
        command,
        cwd=ROOT,
        env=environment(account),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class Upgraded:
    """The stack, and the jobs that run while it changes."""

    def __init__(self, account: Account) -> None:
        """Read its outputs and the physical names of what holds data."""
        self.account, client = account, account.stage.client("cloudformation")
        [stack] = client.describe_stacks(StackName=STACK)["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        self.env = account.env | outputs | {"STACK_NAME": STACK}
        self.stage = Stage(self.env)
        resources = client.describe_stack_resources(StackName=STACK)["StackResources"]
        self.stateful = {
            one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources if one["ResourceType"] in STATEFUL
        }
        self.jobs: list[PlayedJob] = []

    def announce(self, job: PlayedJob) -> None:
        """Send the event of the job's current state to this stack only."""
        detail = self.stage.detail(job)
        entry = {"Source": SOURCE, "DetailType": KIND_FACTS[job.kind].detail_type, "Detail": json.dumps(detail)}
        self.stage.client("events").put_events(Entries=[entry])

    def begin(self, *, fails: bool = False) -> PlayedJob:
        """A job that runs: ten minutes on one ml.m5.xlarge."""
        status = "Failed" if fails else "Completed"
        name = f"upgrade-{'failed' if fails else 'well'}-{len(self.jobs)}"
        job = training(name, Run.ago(0.01, 10), {"ml.m5.xlarge": 1}, status=status, volume_gb=0)
        self.jobs.append(job)
        self.stage.create(job)
        self.announce(job)
        return job

    def end(self, job: PlayedJob) -> None:
        """The job ends."""
        self.stage.finish(job)
        self.announce(job)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """One job after the other ends all the while."""
        done = threading.Event()

        def play() -> None:
            while not done.wait(0.3):
                self.end(self.begin())

        player = threading.Thread(target=play)
        player.start()
        try:
            yield
        finally:
            done.set()
            player.join()

    def rows(self) -> Counter[tuple[str, str]]:
        """The ledger's rows: names, and whether their cost is known."""
        return Counter((row["resource_name"], row["pricing"]) for row in self.stage.ledger())

    def settled(self) -> bool:
        """Every job has a row, and no message waits or is in flight."""
        return len(self.stage.ledger()) == len(self.jobs) and self.stage.quiet()

    def unsettled(self) -> str:
        """What is missing and where it may be: rows, queues, dead letters, and the invocations that failed."""
        rows = {row["resource_name"] for row in self.stage.ledger()}
        queues = {name: depths(self, url) for name, url in self.env.items() if name.endswith("QueueUrl")}
        log = (self.account.cloud.home / "ministack.log").read_text(encoding="utf-8").splitlines()
        failed = [line for line in log if f"{STACK}-" in line and ("failed" in line or "error" in line.lower())]
        return "\n".join(
            [
                f"no row: {[job.name for job in self.jobs if job.name not in rows]}",
                *(f"{name}: {counts}" for name, counts in sorted(queues.items())),
                *(f"dead letter: {letter}" for url in dead(self) for letter in letters(self, url)),
                *failed,
            ]
        )


def depths(stack: Upgraded, url: str) -> dict[str, str]:
    """How many messages of a queue wait, are in flight, and are delayed."""
    attributes: dict[str, str] = stack.stage.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    return {name.removeprefix("Approximate"): n for name, n in attributes.items() if name.startswith("ApproximateN")}


def letters(stack: Upgraded, url: str) -> list[str]:
    """The bodies of a dead-letter queue's messages, which stay there."""
    answer = stack.stage.client("sqs").receive_message(QueueUrl=url, VisibilityTimeout=0, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def test_an_upgrade_with_events_and_alerts_in_flight_loses_nothing(account: Account, tmp_path: Path) -> None:
    """Each job has one row with its cost, each failure one message, and no table or queue is another one."""
    built = account.cloud.home / "build"
    parameters = [f"SlackApiUrl={account.env['SLACK_API_URL']}", f"EventSources={SOURCE}"]
    run(
        account,
        *("sam", "deploy", "--stack-name", STACK, "--template-file", str(earlier_template(built, tmp_path))),
        *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-progressbar", "--no-confirm-changeset"),
        *("--parameter-overrides", *parameters),
    )
    stack = Upgraded(account)
    open_job = stack.begin()
    stack.end(stack.begin())
    assert eventually(lambda: len(stack.stage.ledger()) == 1), stack.unsettled()
    account.fail_slack(status=429, retry_after=2, times=4, method="chat.postMessage")
    for _ in range(2):
        stack.end(stack.begin(fails=True))
    with stack.busy():
        said = run(
            account,
            *(sys.executable, "-m", "tools.operator.deploy", "--stack", STACK),
            *("--template", str(todays_template(built))),
        )
        stack.end(stack.begin(fails=True))
    stack.end(open_job)
    now = Upgraded(account)
    now.jobs = stack.jobs
    assert eventually(now.settled), now.unsettled()

    assert "4. Updated. Mode=observe" in said
    assert "AnswerSlackUrl" in now.env
    assert now.stateful.items() >= stack.stateful.items()
    assert now.rows() == Counter((job.name, "priced") for job in stack.jobs)
    failed = [job.name for job in stack.jobs if "failed" in job.name]
    assert {name: len(account.messages(name)) for name in failed} == dict.fromkeys(failed, 1)
    assert all_read(now)
    assert [letters(now, url) for url in dead(now)] == [[], []]
    run(account, sys.executable, "-m", "tools.operator.deploy.remove", "--stack", STACK, "--yes")


def dead(stack: Upgraded) -> list[str]:
    """Its dead-letter queues."""
    return [stack.env["EventDeadLetterQueueUrl"], stack.env["AlertDeadLetterQueueUrl"]]


def all_read(stack: Upgraded) -> bool:
    """Whether today's code reads every row, whichever version wrote it."""
    rows = DynamoLedgerRows(stack.stage.client("dynamodb"), stack.env["CostLedgerName"])
    days = {row["ended_on"] for row in stack.stage.ledger()}
    read = [row.resource_name for day in days for row in rows.of_day(day)]
    return sorted(read) == sorted(job.name for job in stack.jobs) and list(rows.take_unreadable()) == []
