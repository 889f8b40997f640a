"""Deploy SageWatch for the first time, step by step: tools, Slack app, secrets, stack, first message.

It deploys in trial mode, which stops nothing. Run it again to deploy a newer version: parameters keep their values.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from sagewatch.errors import SageWatchError, SettingsError
from sagewatch.pricing.book import Rates
from sagewatch.wiring.probes import probes
from tools.layers.build import prepare
from tools.operator import stacks, web
from tools.operator.cli import NO_REGION, code_of, run
from tools.operator.deploy.deployment import Deployment, declared_by, existing_parameters, given_parameters
from tools.operator.deploy.running import first_message, running_groups
from tools.operator.deploy.slack_app import asked, creation_link, signing_secret_objection, token_objection
from tools.operator.places import check_partition, missing_tools

ROOT = Path(__file__).parents[3]
_BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"


def main() -> int:
    """Read the arguments and deploy."""
    stopped = "Stopped. Run the same command again: what is stored already is kept."
    return run(lambda: deploy(_arguments()), on_interrupt=stopped)


def deploy(given: argparse.Namespace) -> int:
    """Run every step. Raises ``SettingsError`` with what to do."""
    console = Console(highlight=False, soft_wrap=True)
    session = boto3.Session()
    if not session.region_name:
        raise SettingsError(NO_REGION)
    declared = declared_by(given.template or ROOT / "template.yaml")
    parameters = given_parameters(given.parameters, declared)
    if missing := missing_tools():
        raise SettingsError("\n".join(missing))
    partition = check_partition(session.region_name)
    account = session.client("sts").get_caller_identity()["Account"]
    existing = existing_parameters(session.client("cloudformation"), given.stack)
    deployment = Deployment(session=session, stack=given.stack, given=parameters, existing=existing, declared=declared)
    console.print(f"1. Account {account}, region {deployment.region} ({partition}), stack {deployment.stack}")
    token = _slack_app(console, deployment)
    _sam(console, deployment, given.template)
    if deployment.first:
        _post_safely(console, deployment, token, account)
    else:
        console.print(f"4. Updated. Mode={deployment.value('Mode')}")
    console.print("5. Next steps")
    for step in next_steps(deployment, _outputs(deployment)):
        console.print(f"   - {step}", markup=False)
    return 0


def _slack_app(console: Console, deployment: Deployment) -> str:
    """Ask for the secrets if SSM lacks one or Slack refuses the token, and store them. Return the bot token."""
    api_url = deployment.value("SlackApiUrl")
    names = deployment.value("SlackTokenParameter"), deployment.value("SlackSigningSecretParameter")
    token, secret = (_stored(deployment, name) for name in names)
    objection = token_objection(api_url, token) if token else None
    if token and objection is None and secret:
        console.print("2. Slack accepts the stored token.")
        return token
    if objection:
        console.print(f"   The stored token ({names[0]}) cannot be used. {objection}", style="yellow", markup=False)
    console.print(
        "2. Create the Slack app with this link and install it to the workspace. Create the channel "
        f"{deployment.value('SlackChannel')} if needed, and invite the app there: /invite @sagewatch. "
        "Then copy the app's two secrets:",
        markup=False,
    )
    console.print(creation_link(), markup=False)
    token = asked("   Bot User OAuth Token (xoxb-..., not shown): ", partial(token_objection, api_url))
    secret = asked("   Signing Secret (not shown): ", signing_secret_objection)
    for name, value in zip(names, (token, secret), strict=True):
        deployment.client("ssm").put_parameter(**secure_string(name, value, deployment.value("SecretsKeyArn")))
    console.print(f"   Stored as SecureStrings {names[0]} and {names[1]}.")
    return token


def secure_string(name: str, value: str, key: str) -> dict[str, Any]:
    """The arguments that store a secret, encrypted with the operator's key if there is one."""
    stored = {"Name": name, "Value": value, "Type": "SecureString", "Overwrite": True}
    return stored | ({"KeyId": key} if key else {})


def _stored(deployment: Deployment, name: str) -> str | None:
    try:
        answer = deployment.client("ssm").get_parameter(Name=name, WithDecryption=True)
    except ClientError as exc:
        if code_of(exc) == "ParameterNotFound":
            return None
        raise
    return str(answer["Parameter"]["Value"]).strip()  # the functions send it without blanks and line ends


def _sam(console: Console, deployment: Deployment, built: Path | None) -> None:
    """Build and deploy. A stack that exists keeps its parameters; a new one starts in trial mode."""
    mode = "trial mode" if deployment.value("Mode") == "observe" else f"Mode={deployment.value('Mode')}"
    console.print(f"3. sam build and sam deploy ({f'first deployment, {mode}' if deployment.first else 'update'})")
    if built is None:
        _run(*build_command(deployment))
        prepare(_BUILT.parent)
    _run(*deploy_command(deployment, built or _BUILT))


def build_command(deployment: Deployment) -> list[str]:
    """The build for the stack's architecture: layers hold machine code."""
    architecture = deployment.value("Architecture")
    return ["sam", "build", "--cached", "--parallel", "--parameter-overrides", f"Architecture={architecture}"]


def deploy_command(deployment: Deployment, template: Path) -> list[str]:
    """The deployment of a built template, without a question."""
    overrides = deployment.overrides()
    return [
        *("sam", "deploy", "--stack-name", deployment.stack, "--template-file", str(template)),
        *("--region", deployment.region, "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-progressbar"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
        *(("--parameter-overrides", *overrides) if overrides else ()),
    ]


def _run(*command: str) -> None:
    done = subprocess.run(  # noqa: S603 - sam
        command, cwd=ROOT, env={**os.environ, "SAM_CLI_TELEMETRY": "0"}, check=False
    )
    if done.returncode:
        raise SettingsError(
            f"`{' '.join(command[:2])}` failed; see above. Correct the cause, then run make deploy again. "
            "The Slack secrets stay in SSM."
        )


def _outputs(deployment: Deployment) -> Mapping[str, str]:
    return stacks.read(deployment.client("cloudformation"), deployment.stack).outputs


def _post_safely(console: Console, deployment: Deployment, token: str, account: str) -> None:
    """Post the first message. Without it the stack works too, so the next steps follow in any case."""
    console.print("4. First message:")
    try:
        _post(console, deployment, token, account)
    except (SageWatchError, ClientError, BotoCoreError) as exc:
        console.print(
            f"   No first message: {str(exc).rstrip('.')}. The stack is deployed.", style="yellow", markup=False
        )


def _post(console: Console, deployment: Deployment, token: str, account: str) -> None:
    region, asked_of = deployment.region, probes(deployment.region)
    notebooks = [notebook for page in asked_of.notebook_lists.in_service(region) for notebook in page]
    rates = Rates(asked_of.listed.book(region), Decimal(0))
    groups = running_groups(deployment.client("sagemaker"), notebooks, rates, account, region)
    text = first_message(groups, deployment.stack, region, deployment.value("Mode"))
    console.print(text, markup=False)
    channel = deployment.value("SlackChannel")
    answer, _ = web.slack(deployment.value("SlackApiUrl"), token, "chat.postMessage", channel=channel, text=text)
    if answer.get("ok") is not True:
        console.print(
            f"   Slack refused the message: {answer.get('error')}. Invite the app in {channel} (/invite @sagewatch). "
            "Later alerts wait in their queue until then.",
            style="yellow",
            markup=False,
        )


def next_steps(deployment: Deployment, outputs: Mapping[str, str]) -> Iterator[str]:
    """What is left to do, each with its command."""
    yield f"Set the Slack app's request URL (Interactivity & Shortcuts) to {outputs['AnswerSlackUrl']}"
    yield f"Check everything: make doctor{deployment.suffix}"
    yield f"Record older jobs: make backfill SINCE=2026-01-01{deployment.suffix}"
    if not deployment.value("AlarmTopicArn"):
        yield "Set AlarmTopicArn to an SNS topic, so that alarms reach you"
    if deployment.value("Mode") == "observe":
        yield f'Read the warnings for some days, then: make deploy PARAMS="Mode=enforce"{deployment.suffix}'


def _arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the stack (STACK=)")
    parser.add_argument("--template", type=Path, help="deploy this built template, such as a release's; do not build")
    parser.add_argument("parameters", nargs="*", metavar="Name=value", help="template parameters (PARAMS=)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
