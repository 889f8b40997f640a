"""Deploy SageWatch for the first time, step by step: tools, Slack app, secrets, stack, first message.

It deploys in trial mode, which stops nothing. Run it again to deploy a newer version: parameters keep their values.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from rich.console import Console

from sagewatch.errors import SettingsError
from sagewatch.pricing.book import Rates
from sagewatch.wiring.probes import probes
from tools.operator import web
from tools.operator.cli import run
from tools.operator.deploy.running import first_message, running_groups
from tools.operator.deploy.slack_app import asked, creation_link, signing_secret_objection, token_objection
from tools.operator.places import check_partition, missing_tools

ROOT = Path(__file__).parents[3]
_TOKEN, _SECRET = "/sagewatch/slack-token", "/sagewatch/slack-signing-secret"
_BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
_SLACK = "https://slack.com/api/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is deployed where."""

    session: boto3.Session
    stack: str
    parameters: tuple[str, ...]  # Name=value, as the operator gave them

    @property
    def region(self) -> str:
        """The stack's region."""
        return str(self.session.region_name)

    def value(self, name: str, default: str) -> str:
        """A parameter's value."""
        given = dict(parameter.split("=", 1) for parameter in self.parameters)
        return given.get(name, default)


def main() -> int:
    """Read the arguments and deploy."""
    stopped = "Stopped. Run the same command again: what is stored already is kept."
    return run(lambda: deploy(_arguments()), on_interrupt=stopped)


def deploy(given: argparse.Namespace) -> int:
    """Run every step. Raises ``SettingsError`` with what to do."""
    console = Console(highlight=False, soft_wrap=True)
    session = boto3.Session()
    if not session.region_name:
        raise SettingsError("No region is set. Set AWS_DEFAULT_REGION, or a profile with a region.")
    deployment = Deployment(session=session, stack=given.stack, parameters=tuple(given.parameters))
    _check_place(console, deployment)
    token = _slack_app(console, deployment)
    _sam(console, deployment, given.template)
    outputs = _outputs(deployment)
    _post(console, deployment, token)
    _next_steps(console, deployment, outputs)
    return 0


def _check_place(console: Console, deployment: Deployment) -> None:
    if wrong := [each for each in deployment.parameters if "=" not in each]:
        raise SettingsError(f"{wrong[0]!r} is no parameter. Use the form Name=value.")
    if missing := missing_tools():
        raise SettingsError("\n".join(missing))
    partition = check_partition(deployment.region)
    caller = _aws(deployment, "sts", "get_caller_identity")
    console.print(f"1. Account {caller['Account']}, region {deployment.region} ({partition}), stack {deployment.stack}")


def _slack_app(console: Console, deployment: Deployment) -> str:
    """Ask for the secrets that SSM does not have yet, and store them. Return the bot token."""
    api_url = deployment.value("SlackApiUrl", _SLACK)
    names = deployment.value("SlackTokenParameter", _TOKEN), deployment.value("SlackSigningSecretParameter", _SECRET)
    token, secret = (_stored(deployment, name) for name in names)
    if token and token_objection(api_url, token) is None and secret:
        console.print("2. Slack accepts the stored token.")
        return token
    console.print("2. Create the Slack app with this link, install it to the workspace, and copy its two secrets:")
    console.print(creation_link(), markup=False)
    token = asked("   Bot User OAuth Token (xoxb-..., not shown): ", partial(token_objection, api_url))
    secret = asked("   Signing Secret (not shown): ", signing_secret_objection)
    for name, value in zip(names, (token, secret), strict=True):
        _aws(deployment, "ssm", "put_parameter", Name=name, Value=value, Type="SecureString", Overwrite=True)
    console.print(f"   Stored as SecureStrings {names[0]} and {names[1]}.")
    return token


def _stored(deployment: Deployment, name: str) -> str | None:
    try:
        return str(_client(deployment, "ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ClientError as exc:
        if exc.response["Error"]["Code"] == "ParameterNotFound":
            return None
        raise SettingsError(f"ssm:GetParameter of {name}: {exc.response['Error']['Code']}") from exc


def _sam(console: Console, deployment: Deployment, built: Path | None) -> None:
    """Build and deploy. A stack that exists keeps its parameters; a new one starts in trial mode."""
    exists = _exists(deployment)
    trial = () if exists or deployment.value("Mode", "") else ("Mode=observe",)
    console.print(f"3. sam build and sam deploy ({'update' if exists else 'first deployment, trial mode'})")
    if built is None:
        _run("sam", "build", "--cached", "--parallel")
    parameters = (*trial, *deployment.parameters)
    _run(
        *("sam", "deploy", "--stack-name", deployment.stack, "--template-file", str(built or _BUILT)),
        *("--region", deployment.region, "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-progressbar"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
        *(("--parameter-overrides", *parameters) if parameters else ()),
    )


def _run(*command: str) -> None:
    done = subprocess.run(  # noqa: S603 - sam
        command, cwd=ROOT, env={**os.environ, "SAM_CLI_TELEMETRY": "0"}, check=False
    )
    if done.returncode:
        raise SettingsError(f"`{' '.join(command[:2])}` failed; see above. Nothing else was done.")


def _exists(deployment: Deployment) -> bool:
    try:
        _client(deployment, "cloudformation").describe_stacks(StackName=deployment.stack)
    except ClientError:
        return False
    return True


def _outputs(deployment: Deployment) -> dict[str, str]:
    [stack] = _aws(deployment, "cloudformation", "describe_stacks", StackName=deployment.stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _post(console: Console, deployment: Deployment, token: str) -> None:
    """Post what runs now. A channel that refuses it is no reason to fail: the next steps say what to do."""
    region, asked_of = deployment.region, probes(deployment.region)
    notebooks = [notebook for page in asked_of.notebook_lists.in_service(region) for notebook in page]
    rates = Rates(asked_of.listed.book(region), Decimal(0))
    account = _aws(deployment, "sts", "get_caller_identity")["Account"]
    groups = running_groups(_client(deployment, "sagemaker"), notebooks, rates, account, region)
    text = first_message(groups, deployment.stack, region)
    console.print("4. First message:")
    console.print(text, markup=False)
    channel = deployment.value("SlackChannel", "#sagewatch")
    answer, _ = web.slack(
        deployment.value("SlackApiUrl", _SLACK), token, "chat.postMessage", channel=channel, text=text
    )
    if answer.get("ok") is not True:
        console.print(
            f"   Slack did not accept it: {answer.get('error')}. Invite the app to {channel}.", style="yellow"
        )


def _next_steps(console: Console, deployment: Deployment, outputs: dict[str, str]) -> None:
    console.print("5. Next steps")
    for step in (
        f"Set the Slack app's request URL (Interactivity & Shortcuts) to {outputs['AnswerSlackUrl']}",
        f"Invite the app in the channel: /invite @sagewatch ({deployment.value('SlackChannel', '#sagewatch')})",
        f"Check everything: make doctor STACK={deployment.stack}",
        f"Record older jobs: make backfill STACK={deployment.stack} SINCE=2026-01-01",
        "Set AlarmTopicArn to an SNS topic, so that alarms reach you",
        'Read the warnings for some days, then: make deploy PARAMS="Mode=enforce"',
    ):
        console.print(f"   - {step}", markup=False)


def _client(deployment: Deployment, service: str) -> Any:
    return deployment.session.client(service)  # type: ignore[call-overload] # by name


def _aws(deployment: Deployment, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = getattr(_client(deployment, service), operation)(**arguments)
    except ClientError as exc:
        raise SettingsError(f"{service}:{exc.operation_name}: {exc.response['Error']['Code']}") from exc
    return answer


def _arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the stack (STACK=)")
    parser.add_argument("--template", type=Path, help="deploy this built template, such as a release's; do not build")
    parser.add_argument("parameters", nargs="*", metavar="Name=value", help="template parameters (PARAMS=)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
