"""Who may do what between the hub and other accounts: the policies of both templates, decided by an evaluator.

The evaluator is MiniStack's. ``docs/organization.md`` has a line for each threat.
"""

from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, evaluate_trust_policy, parse_policy_document
from samcli.yamlhelper import yaml_parse

from tests.unit.operator.test_spoke_template import HUB as VALUES
from tests.worlds.expansion import created, resolved
from tools.operator.spoke_template import TEMPLATE as SPOKE
from tools.operator.spoke_template import filled

HUB, SPOKE_ACCOUNT, STRANGER = "111122223333", "222233334444", "999988887777"
ORGANIZATION = "o-a1b2c3d4e5"
BUS = f"arn:aws:events:eu-west-1:{HUB}:event-bus/sagewatch-hub"
READER, ACTOR = VALUES["SpokeReaders"].split(",")
LEDGER = f"arn:aws:dynamodb:eu-west-1:{HUB}:table/sagewatch-CostLedger"
GOOD = {"events:source": "aws.sagemaker", "events:eventbusinvocation": "true"}


def allows(policy: Any, action: str, resource: str, account: str, **keys: str) -> bool:
    """Whether a policy allows a call of a principal in an account, about which AWS knows these keys."""
    context = EvalContext(
        principal_arn=f"arn:aws:iam::{account}:role/any",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region="eu-west-1",
        service_context=keys,
    )
    return bool(evaluate(context, [parse_policy_document(policy)]).decision == "Allow")


def bus_policy(**parameters: str) -> Any:
    """The policy of the hub's bus."""
    resources = created("aws", **parameters)
    lists = {"SpokeAccounts": parameters.get("SpokeAccounts", "").split(",")}
    statement = resources["HubBusPolicy"]["Properties"]["Statement"]
    return {"Statement": [resolved(statement, {**parameters, **lists, "HubBus": BUS})]}


@pytest.fixture(scope="module")
def spoke() -> dict[str, Any]:
    """The roles of ``spoke.yaml`` in an account, with everything that an account may allow."""
    template = yaml_parse(filled(SPOKE.read_text("utf-8"), VALUES))
    values = {name: one.get("Default", "") for name, one in template["Parameters"].items()}
    lists = {name: values[name].split(",") for name in ("Readers", "Actors")}
    pseudo = {"AWS::Partition": "aws", "AWS::AccountId": SPOKE_ACCOUNT, "AWS::Region": "eu-west-1"}
    return {
        name: resolved(resource["Properties"], {**values, **lists, **pseudo})
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
    }


@pytest.mark.parametrize(
    ("account", "organization", "event"),
    [
        (SPOKE_ACCOUNT, ORGANIZATION, {"events:source": "sagewatch.replay", "events:eventbusinvocation": "true"}),
        (SPOKE_ACCOUNT, ORGANIZATION, {"events:source": "aws.sagemaker"}),  # PutEvents has no such key
        (SPOKE_ACCOUNT, ORGANIZATION, {"events:source": "aws.sagemaker", "events:eventbusinvocation": "false"}),
        (STRANGER, "o-zzzzzzzzzz", GOOD),
        (STRANGER, None, GOOD),
    ],
)
@pytest.mark.parametrize("by", ["organization", "accounts"])
def test_a_forged_event_is_refused_by_the_hubs_bus(
    account: str, organization: str | None, event: dict[str, str], by: str
) -> None:
    """Another source, an event that no rule sent, an account of another organization or of none."""
    given = {"OrganizationId": ORGANIZATION} if by == "organization" else {"SpokeAccounts": SPOKE_ACCOUNT}
    policy = bus_policy(**given)
    member = {"aws:principalorgid": organization} if organization else {}

    assert allows(policy, "events:PutEvents", BUS, SPOKE_ACCOUNT, **GOOD, **{"aws:principalorgid": ORGANIZATION})
    assert not allows(policy, "events:PutEvents", BUS, account, **event, **member)


@pytest.mark.parametrize("role", ["SendRole", "ReadRole", "InspectRole", "StopRole"])
def test_a_role_of_another_account_cannot_read_the_ledger_or_change_anything_of_the_hub(
    spoke: dict[str, Any], role: str
) -> None:
    """Nor its state, queues, secrets and functions; the role that sends events may put them onto the bus alone."""
    [policy] = spoke[role]["Policies"]
    for action, resource in {
        "dynamodb:GetItem": LEDGER,
        "dynamodb:Query": f"{LEDGER}/index/ByDay",
        "dynamodb:Scan": LEDGER,
        "dynamodb:PutItem": LEDGER,
        "sqs:SendMessage": f"arn:aws:sqs:eu-west-1:{HUB}:sagewatch-JobEventQueue",
        "ssm:GetParameter": f"arn:aws:ssm:eu-west-1:{HUB}:parameter/sagewatch/slack-token",
        "lambda:InvokeFunction": f"arn:aws:lambda:eu-west-1:{HUB}:function:sagewatch-AnswerSlack",
        "sts:AssumeRole": READER,
        "sagemaker:StopNotebookInstance": f"arn:aws:sagemaker:eu-west-1:{HUB}:notebook-instance/lab",
    }.items():
        assert not allows(policy["PolicyDocument"], action, resource, SPOKE_ACCOUNT), action
    assert allows(policy["PolicyDocument"], "events:PutEvents", BUS, SPOKE_ACCOUNT) is (role == "SendRole")


@pytest.mark.parametrize(
    ("principal", "external_id", "assumes"),
    [
        (READER, "ours", {"ReadRole"}),
        (ACTOR, "ours", {"ReadRole", "InspectRole", "StopRole"}),
        (ACTOR, None, set()),
        (ACTOR, "another", set()),
        (f"arn:aws:iam::{HUB}:role/admin", "ours", set()),
        (f"arn:aws:iam::{HUB}:root", "ours", set()),
        (f"arn:aws:iam::{SPOKE_ACCOUNT}:role/B", "ours", set()),
        (READER.replace(HUB, STRANGER), "ours", set()),
    ],
)
def test_only_the_hubs_own_functions_assume_a_role_there(
    spoke: dict[str, Any], principal: str, external_id: str | None, assumes: set[str]
) -> None:
    """By their own ARNs and with the external ID; only two of them may stop something or open a notebook."""
    for role in ("SendRole", "ReadRole", "InspectRole", "StopRole"):
        context = EvalContext(
            principal_arn=principal,
            principal_type="Root" if principal.endswith(":root") else "AssumedRole",
            principal_account=principal.split(":")[4],
            action="sts:AssumeRole",
            resource_arn=f"arn:aws:iam::{SPOKE_ACCOUNT}:role/x",
            region="eu-west-1",
            service_context={"sts:externalid": external_id} if external_id else {},
        )
        trust = spoke[role]["AssumeRolePolicyDocument"]
        assert evaluate_trust_policy(trust, principal, context) is (role in assumes), role


@pytest.mark.parametrize("function", ["RecordJob", "TrackNotebook", "SweepJobs", "SweepNotebooks", "AnswerSlack"])
def test_the_hub_assumes_roles_of_watched_accounts_alone(function: str) -> None:
    """With that name; an act role only in enforce mode, and only by the functions that stop something."""
    values = {"AWS::Partition": "aws", "AWS::AccountId": HUB, "AWS::Region": "eu-west-1", "SpokeNamespace": "main"}
    acting = function in {"SweepNotebooks", "AnswerSlack"}
    for mode in ("observe", "enforce"):
        resources = created("aws", OrganizationId=ORGANIZATION, Mode=mode)
        [policy] = resources[f"{function}Role"]["Properties"]["Policies"]
        statements = [one for one in policy["PolicyDocument"]["Statement"] if one["Action"] == "sts:AssumeRole"]
        document = {"Statement": resolved(statements, {**values, "OrganizationId": ORGANIZATION})}
        for kind, expected in {"read": True, "inspect": acting, "act": acting and mode == "enforce"}.items():
            role = f"arn:aws:iam::{SPOKE_ACCOUNT}:role/sagewatch-main-{kind}"
            ours, other = ({"aws:resourceorgid": one} for one in (ORGANIZATION, "o-zzzzzzzzzz"))
            assert allows(document, "sts:AssumeRole", role, HUB, **ours) is expected, (kind, mode)
            assert not allows(document, "sts:AssumeRole", role, HUB, **other)
            assert not allows(document, "sts:AssumeRole", role, HUB)
        assert not allows(document, "sts:AssumeRole", f"arn:aws:iam::{SPOKE_ACCOUNT}:role/admin", HUB, **ours)
