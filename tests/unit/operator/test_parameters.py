"""`make deploy` keeps the parameters of a stack, checks those that are given, and passes them whole to SAM."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from samcli.cli.types import CfnParameterOverridesType

from sagewatch.errors import SettingsError
from tools.operator.deploy.__main__ import build_command, deploy_command, next_steps, secure_string
from tools.operator.deploy.deployment import Deployment, existing_parameters, given_parameters

OUTPUTS = {"AnswerSlackUrl": "https://x/slack"}
WEEKDAYS = "cron(0 9 ? * MON-FRI *)"


def a_deployment(
    template: Mapping[str, Any],
    given: Mapping[str, str] | None = None,
    existing: Mapping[str, str] | None = None,
    stack: str = "sagewatch",
) -> Deployment:
    """A deployment to eu-west-1."""
    return Deployment(
        session=boto3.Session(region_name="eu-west-1"),
        stack=stack,
        given=given or {},
        existing=existing or {},
        declared=template["Parameters"],
    )


def test_a_parameter_that_is_not_given_keeps_the_value_of_the_stack(template: dict[str, Any]) -> None:
    """Given, then the stack's, then the template's default."""
    kept = {"SlackChannel": "#ml", "SlackTokenParameter": "/ml/token", "Mode": "observe"}
    deployment = a_deployment(template, {"Mode": "enforce"}, kept)

    assert deployment.value("Mode") == "enforce"
    assert deployment.value("SlackChannel") == "#ml"
    assert deployment.value("SlackTokenParameter") == "/ml/token"
    assert deployment.value("SlackSigningSecretParameter") == "/sagewatch/slack-signing-secret"
    assert deployment.value("SlackApiUrl") == "https://slack.com/api/"


def test_a_stack_begins_in_trial_mode(template: dict[str, Any]) -> None:
    """Before its first deployment it has no parameters, and neither has one that holds an imported ledger only."""
    assert a_deployment(template).value("Mode") == "observe"
    assert a_deployment(template).first
    assert not a_deployment(template, existing={"Mode": "observe"}).first


def test_the_build_is_for_the_architecture_of_the_stack(template: dict[str, Any]) -> None:
    """An upgrade without the parameter would build layers that the functions cannot load."""
    assert build_command(a_deployment(template, existing={"Architecture": "arm64"}))[-1] == "Architecture=arm64"
    assert build_command(a_deployment(template))[-1] == "Architecture=x86_64"


def test_sam_reads_values_with_spaces_whole(template: dict[str, Any]) -> None:
    """And empty ones, which take a value away."""
    given = {"DigestSchedule": WEEKDAYS, "Mode": "enforce", "AlarmTopicArn": "", "SlackChannel": "#ml"}
    command = deploy_command(a_deployment(template, given), Path("template.yaml"))
    overrides = command[command.index("--parameter-overrides") + 1 :]

    assert CfnParameterOverridesType().convert(tuple(overrides), None, None) == given


def test_only_a_first_deployment_sets_the_mode_itself(template: dict[str, Any]) -> None:
    """An upgrade passes what is given and nothing else."""
    path = Path("template.yaml")

    assert deploy_command(a_deployment(template), path)[-1] == 'Mode="observe"'
    assert deploy_command(a_deployment(template, {"Mode": "enforce"}), path)[-1] == 'Mode="enforce"'
    assert "--parameter-overrides" not in deploy_command(a_deployment(template, existing={"Mode": "enforce"}), path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("enforce", "Use the form Name=value"),
        ("Modus=enforce", r"docs/deploy\.md lists the parameters"),
        ("Mode=stop", "observe, enforce"),
        ("SlackApiUrl=http://slack.example.com/api/", "an https URL that ends with a slash"),
        ("SlackApiUrl=https://slack.com/api", "an https URL that ends with a slash"),
        ("SlackChannel=ml", "a leading #"),
    ],
)
def test_a_parameter_that_the_template_does_not_take_is_refused(text: str, said: str, template: dict[str, Any]) -> None:
    """Before a token is sent anywhere."""
    with pytest.raises(SettingsError, match=said):
        given_parameters([text], template["Parameters"])


def test_parameters_are_read_as_given(template: dict[str, Any]) -> None:
    """A value may have blanks and equals signs; each item of a list is CloudFormation's to check."""
    texts = [f"DigestSchedule={WEEKDAYS}", "SlackRoutes=nlp=#nlp", "Regions=us-east-1,us-west-2", "Mode=enforce"]
    texts += ["SlackApiUrl=http://127.0.0.1:4000/api/"]

    assert list(given_parameters(texts, template["Parameters"]).items()) == [
        tuple(text.split("=", 1)) for text in texts
    ]


class Stacks:
    """CloudFormation with one stack, or with an error."""

    def __init__(self, status: str = "", error: str = "") -> None:
        self._status, self._error = status, error

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        """The stack in its status."""
        if self._error:
            raise ClientError({"Error": {"Code": self._error, "Message": "no"}}, "DescribeStacks")
        return {
            "Stacks": [
                {"StackStatus": self._status, "Parameters": [{"ParameterKey": "Mode", "ParameterValue": "enforce"}]}
            ]
        }


def test_only_a_validation_error_means_a_first_deployment() -> None:
    """A refused call does not: the defaults would replace what the stack has."""
    assert existing_parameters(Stacks("UPDATE_COMPLETE"), "x") == {"Mode": "enforce"}
    assert existing_parameters(Stacks("REVIEW_IN_PROGRESS"), "x") == {}
    assert existing_parameters(Stacks(error="ValidationError"), "x") == {}
    with pytest.raises(ClientError):
        existing_parameters(Stacks(error="AccessDenied"), "x")


def test_a_failed_first_deployment_says_how_to_delete_it() -> None:
    """CloudFormation refuses to update such a stack."""
    with pytest.raises(SettingsError, match="aws cloudformation delete-stack --stack-name guided"):
        existing_parameters(Stacks("ROLLBACK_COMPLETE"), "guided")


def test_a_secret_is_encrypted_with_the_key_of_the_stack() -> None:
    """The functions may decrypt with that key only."""
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"

    assert secure_string("/x", "value", key)["KeyId"] == key
    assert "KeyId" not in secure_string("/x", "value", "")


def test_the_next_steps_fit_the_stack(template: dict[str, Any]) -> None:
    """They name a stack of another name, and leave out what is done."""
    usual = "\n".join(next_steps(a_deployment(template), OUTPUTS))
    done = {"Mode": "enforce", "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms"}
    other = list(next_steps(a_deployment(template, existing=done, stack="guided"), OUTPUTS))
    trial = list(next_steps(a_deployment(template, stack="guided"), OUTPUTS))

    assert "https://x/slack" in usual
    assert "STACK=" not in usual
    assert [step for step in other if "make" in step and "STACK=guided" not in step] == []
    assert len(other) == 3
    assert trial[-1].endswith('make deploy PARAMS="Mode=enforce" STACK=guided')
