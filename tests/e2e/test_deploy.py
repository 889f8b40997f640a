"""`make deploy`, `make remove` and `make reattach` as an operator runs them: a stack's life on the local cloud."""

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Sequence

from local.demo.player import get_json
from local.stack.cloud import ROOT
from tests.e2e.conftest import Account

STACK = "guided"
TOKEN, SECRET = "xoxb-local-token", "0123456789abcdef" * 2
_ASKS = b"not shown): "
_SILENT = 300  # seconds in which a program says nothing


def environment(account: Account) -> dict[str, str]:
    """The operator's."""
    return {**os.environ, **account.env, "PYTHONPATH": f"{ROOT}:{ROOT}/shared", "SAM_CLI_TELEMETRY": "0"}


def deploy(account: Account, typed: Sequence[str]) -> str:
    """Everything on the terminal of `make deploy`, where these secrets are typed."""
    template = account.cloud.home / "build" / "template.yaml"
    parameters = [f"SlackApiUrl={account.env['SLACK_API_URL']}", "EventSources=sagewatch.guided"]
    parameters += ["SlackTokenParameter=/guided/token", "SlackSigningSecretParameter=/guided/secret"]
    ours, theirs = pty.openpty()
    program = subprocess.Popen(  # noqa: S603 - our own tool
        [sys.executable, "-m", "tools.operator.deploy", "--stack", STACK, "--template", str(template), *parameters],
        cwd=ROOT,
        env=environment(account),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said, left = b"", list(typed)
    while select.select([ours], [], [], _SILENT)[0]:
        try:
            said += os.read(ours, 4096)
        except OSError:  # the program has closed its terminal
            break
        if left and said.count(_ASKS) > len(typed) - len(left):
            os.write(ours, f"{left.pop(0)}\n".encode())
    text = said.decode(errors="replace")
    assert program.wait() == 0, text
    return text


def command(account: Account, name: str, *arguments: str) -> str:
    """What one of the other commands prints."""
    done = subprocess.run(  # noqa: S603 - our own tool
        [sys.executable, "-m", f"tools.operator.deploy.{name}", "--stack", STACK, *arguments],
        cwd=ROOT,
        env=environment(account),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def outputs(account: Account) -> dict[str, str]:
    """The guided stack's parameters and outputs."""
    [stack] = account.stage.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    values = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
    return values | {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def test_a_stack_is_deployed_removed_and_deployed_again_around_its_ledger(account: Account) -> None:
    """No secret is echoed or printed; the first message is in Slack; the rows of the first stack are in the second."""
    first = deploy(account, [TOKEN, SECRET])
    deployed, dynamodb = outputs(account), account.stage.client("dynamodb")
    ssm = account.stage.client("ssm")
    stored = {
        name: ssm.get_parameter(Name=f"/guided/{name}", WithDecryption=True)["Parameter"]
        for name in ("token", "secret")
    }
    messages = [one["text"] for one in get_json(f"{account.cloud.slack_url}/messages") if STACK in one["text"]]

    assert TOKEN not in first
    assert SECRET not in first
    assert {name: (one["Type"], one["Value"]) for name, one in stored.items()} == {
        "token": ("SecureString", TOKEN),
        "secret": ("SecureString", SECRET),
    }
    assert deployed["Mode"] == "observe"
    assert re.search(r"apps\?new_app=1&manifest_yaml=", first)
    assert deployed["AnswerSlackUrl"] in first
    assert len(messages) == 1
    assert "trial mode" in messages[0]

    ledger = deployed["CostLedgerName"]
    key = {"resource_arn": {"S": "arn:of-the-first-stack"}, "created_at": {"S": "2026-01-01T00:00:00Z"}}
    dynamodb.put_item(TableName=ledger, Item=key)
    removed = command(account, "remove", "--yes")
    attached = command(account, "reattach", "--ledger", ledger)
    second = deploy(account, [])

    assert f"make reattach LEDGER={ledger}" in removed
    assert "Now run: make deploy" in attached
    assert "accepts the stored token" in second
    assert outputs(account)["CostLedgerName"] == ledger
    assert dynamodb.get_item(TableName=ledger, Key=key)["Item"] == key
    command(account, "remove", "--yes")


def test_the_code_of_each_function_fits_into_lambda(account: Account) -> None:
    """AWS unzips a function and its layers into 250 MB at most. MiniStack does not count."""
    built = account.cloud.home / "build"
    sizes = {
        name: sum(file.stat().st_size for file in (built / name).rglob("*") if file.is_file())
        for name in ("SharedLayer", "ChartLayer", "SendDigest")
    }

    assert sum(sizes.values()) < 0.9 * 250 * 1024**2, sizes  # SendDigest has both layers
