"""spoke.yaml lets the hub do what its functions need and nothing else; the hub's bus takes nothing that is forged."""

import json
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # only its scanner is used, and it has no types
from cfnlint.decode import decode

from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS
from tests.template.test_permissions import listed
from tests.unit.operator.test_spoke_template import HUB
from tests.worlds.expansion import TEMPLATE, created
from tests.worlds.policy_sizes import LIMIT, characters
from tests.worlds.wired import wired
from tools.operator.spoke_template import TEMPLATE as SPOKE
from tools.operator.spoke_template import filled
from tools.operator.spokes import LONGEST_CHECK

STOPS = {f"sagemaker:{KIND_FACTS[kind].stop_operation}" for kind in JOB_KINDS} | {"sagemaker:StopNotebookInstance"}
PRESIGNS = {"sagemaker:CreatePresignedNotebookInstanceUrl"}  # a role by itself: the URL grants full access
RULES = ("TrainingJobRule", "ProcessingJobRule", "TransformJobRule", "TuningJobRule", "NotebookInstanceRule")
ABROAD = (
    "RecordJob",
    "TrackNotebook",
    "SweepJobs",
    "SweepNotebooks",
    "AnswerSlack",
)  # what works in other accounts
# What AnswerSlack does about idle resources, which are those of the hub's own account.
AT_HOME = {"SageMakerEndCalls", "SageMakerEndpointChangesByRegion", "SageMakerLookReads"}
MANY = ["222233334444"] * 50  # as many accounts as docs/organization.md allows to name


@pytest.fixture(scope="module")
def spoke() -> dict[str, Any]:
    """spoke.yaml, with its intrinsic functions as objects."""
    content, problems = decode(str(TEMPLATE.parent / "spoke.yaml"))
    assert problems == []
    assert content is not None
    return dict(content)


def allowed(spoke: dict[str, Any], role: str, effect: str = "Allow") -> list[dict[str, Any]]:
    """The statements of a role, under whatever parameters."""
    [policy] = spoke["Resources"][role]["Properties"]["Policies"]
    statements = (one["Fn::If"][1] if "Fn::If" in one else one for one in policy["PolicyDocument"]["Statement"])
    return [one for one in statements if one["Effect"] == effect]


def actions(statements: list[dict[str, Any]]) -> set[str]:
    """Their actions."""
    return {action for one in statements for action in listed(one["Action"])}


def test_a_stack_set_of_the_organization_accepts_it(spoke: dict[str, Any]) -> None:
    """Plain CloudFormation: no transform, no code, only rules and roles; roles in one region of an account."""
    resources = spoke["Resources"].values()
    roles = [one for one in resources if one["Type"] == "AWS::IAM::Role"]

    assert "Transform" not in spoke
    assert {one["Type"] for one in resources} == {"AWS::Events::Rule", "AWS::IAM::Role"}
    assert {one["Condition"] for one in roles} == {"CreatesRoles", "IsRead", "IsAsked", "Acts"}
    assert "CreatesRoles" in json.dumps(spoke["Conditions"]["IsRead"])
    assert "IsRead" in json.dumps(spoke["Conditions"]["Acts"])
    assert len((TEMPLATE.parent / "spoke.yaml").read_bytes()) < 51_200  # what CloudFormation takes without S3


@pytest.mark.parametrize("name", ["spoke.yaml", "forward-events.yaml", "spoke-of-hub.yaml"])
def test_cloudformation_takes_its_yaml(name: str) -> None:
    """It refuses aliases when a template is deployed without packaging."""
    path = TEMPLATE.parent / name
    text = path.read_text("utf-8") if path.exists() else filled(SPOKE.read_text("utf-8"), HUB)

    assert not [token for token in yaml.scan(text) if isinstance(token, yaml.AliasToken)]


def test_its_rules_are_those_of_the_hub(spoke: dict[str, Any], template: dict[str, Any]) -> None:
    """Each event is sent once, by a role, straight to the hub's bus; the hub's rules there are those of its own bus."""
    for name in RULES:
        pattern = json.loads(json.dumps(template["Resources"][name]["Properties"]["EventPattern"]))
        sent = spoke["Resources"][name]["Properties"]
        at_hub = template["Resources"][f"Hub{name}"]["Properties"]
        [target] = sent["Targets"]

        assert sent["EventPattern"] == pattern | {"source": ["aws.sagemaker"]}
        made, own, named = target["RoleArn"]["Fn::If"]  # a rule waits for the role of its own stack
        assert (target["Arn"], made, own) == ({"Ref": "HubBusArn"}, "CreatesRoles", {"Fn::GetAtt": ["SendRole", "Arn"]})
        assert "role/sagewatch-${Namespace}-send" in named["Fn::Sub"]
        assert (at_hub["EventPattern"], at_hub["EventBusName"]) == (pattern, {"Ref": "HubBus"})
        assert at_hub["Targets"] == template["Resources"][name]["Properties"]["Targets"]
    [sending] = allowed(spoke, "SendRole")
    assert (sending["Action"], sending["Resource"]) == ("events:PutEvents", {"Ref": "HubBusArn"})


def test_the_read_role_allows_what_the_functions_read_and_no_table(spoke: dict[str, Any]) -> None:
    """The union of what the adapters declare for SageMaker, its logs and metrics; stops and URLs have other roles."""
    functions = [adapters for name, adapters in wired().items() if name in ABROAD]
    abroad = [one for adapters in functions for name, one in adapters.items() if name not in AT_HOME]
    declared = {action for permissions in abroad for action in permissions}
    services = ("sagemaker:", "logs:", "cloudwatch:", "tag:")

    assert (
        actions(allowed(spoke, "ReadRole")) == {one for one in declared if one.startswith(services)} - STOPS - PRESIGNS
    )
    assert actions(allowed(spoke, "InspectRole")) == PRESIGNS
    assert actions(allowed(spoke, "StopRole")) == STOPS
    assert actions(allowed(spoke, "StopRole", "Deny")) == STOPS
    assert {json.dumps(one["Condition"]) for one in allowed(spoke, "StopRole", "Deny")} == {
        json.dumps({"Null": {"aws:ResourceTag/sagewatch:protect": "false"}})
    }


@pytest.mark.parametrize(
    ("role", "trusted"), [("ReadRole", "Readers"), ("InspectRole", "Actors"), ("StopRole", "Actors")]
)
def test_only_the_hubs_own_functions_assume_a_role(spoke: dict[str, Any], role: str, trusted: str) -> None:
    """By their roles' ARNs, and with the external ID where there is one; the act role can be left out."""
    [trust] = spoke["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Condition"]["ArnEquals"] == {"aws:PrincipalArn": {"Ref": trusted}}
    assert trust["Condition"]["StringEquals"]["Fn::If"][:2] == [
        "HasExternalId",
        {"sts:ExternalId": {"Ref": "ExternalId"}},
    ]
    assert spoke["Parameters"]["ActRole"]["Default"] == "omit"


def test_the_bus_takes_events_of_sagemaker_that_rules_of_watched_accounts_send(template: dict[str, Any]) -> None:
    """Neither PutEvents, nor another source whatever EventSources says, nor another account."""
    [policy] = [one for one in template["Resources"].values() if one["Type"] == "AWS::Events::EventBusPolicy"]
    statement = policy["Properties"]["Statement"]
    wanted = statement["Condition"]["StringEquals"]

    assert (statement["Action"], list(statement["Condition"])) == ("events:PutEvents", ["StringEquals"])
    assert (wanted["events:source"], wanted["events:eventBusInvocation"]) == ("aws.sagemaker", "true")
    nothing = {"Ref": "AWS::NoValue"}
    assert wanted["aws:PrincipalOrgID"] == {"Fn::If": ["HasOrganization", {"Ref": "OrganizationId"}, nothing]}
    assert wanted["aws:PrincipalAccount"] == {"Fn::If": ["HasOrganization", nothing, {"Ref": "SpokeAccounts"}]}
    assert len(json.dumps({**statement, "Condition": wanted | {"aws:PrincipalAccount": MANY}})) < 10_240


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov"])
def test_fifty_named_accounts_fit_into_every_limit(partition: str) -> None:
    """IAM's 10,240 characters for a role's own policies, Lambda's 4 KB of variables; whatever else is switched on."""
    key = "arn:aws:kms:eu-west-1:111122223333:key/a"
    resources = created(partition, Mode="enforce", SpokeAccounts=",".join(MANY), SecretsKeyArn=key)
    sizes = {
        name: characters([policy["PolicyDocument"] for policy in resource["Properties"]["Policies"]], MANY)
        for name, resource in resources.items()
        if resource["Type"] == "AWS::IAM::Role"
    }
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Function":
            text = json.dumps(resource["Properties"]["Environment"], separators=(",", ":"))
            assert len(text.replace('{"Ref":"SpokeAccounts"}', json.dumps(MANY))) < 4_096, name  # of 4 KB

    assert {name: size for name, size in sizes.items() if size > LIMIT} == {}
    assert max(sizes.values()) > 0.8 * LIMIT  # AnswerSlack's; if there is much room, allow more accounts


def test_without_other_accounts_the_stack_is_as_it_was(template: dict[str, Any]) -> None:
    """Every part of the hub has its condition, and the parameters are empty."""
    resources = template["Resources"]
    hub = {name for name in resources if name.startswith("Hub")}
    defaults = {name: template["Parameters"][name]["Default"] for name in ("OrganizationId", "SpokeAccounts")}

    spokes = {"JobSweepQueue", "NotebookSweepQueue", "SweepJobsOfSpokes", "SweepNotebooksOfSpokes"}
    assert {resources[name]["Condition"] for name in hub | spokes} == {"IsHub"}
    assert hub == {"HubBus", "HubBusPolicy", *(f"Hub{name}" for name in RULES)}
    assert set(defaults.values()) == {""}


@pytest.mark.parametrize(
    ("function", "queue"), [("SweepJobs", "JobSweepQueue"), ("SweepNotebooks", "NotebookSweepQueue")]
)
def test_accounts_are_swept_at_the_same_time_and_a_round_does_not_outlast_the_next(
    template: dict[str, Any], function: str, queue: str
) -> None:
    """A FIFO queue, one message at a time, kept for as long as a round; longer than the function's timeout hidden."""
    resources = template["Resources"]
    sweeps, mapping = (resources[name]["Properties"] for name in (queue, f"{function}OfSpokes"))

    assert sweeps["FifoQueue"] is True
    assert sweeps["MessageRetentionPeriod"] == 900
    assert sweeps["VisibilityTimeout"] > resources[function]["Properties"]["Timeout"]
    assert (mapping["BatchSize"], mapping["FunctionName"]) == (1, {"Ref": function})
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}


def test_make_spokes_waits_for_as_long_as_the_function_may_take(template: dict[str, Any]) -> None:
    """Ten accounts that do not answer take minutes."""
    assert template["Resources"]["SweepNotebooks"]["Properties"]["Timeout"] < LONGEST_CHECK
