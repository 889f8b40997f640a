"""What CloudFormation gets after the SAM transform: names, schedules, trust, sizes and limits, in every partition."""

import json
import re
from typing import Any

import pytest
from cfnlint.decode import decode

from sagewatch.adapters.price_list import API_REGIONS
from tests.worlds.expansion import PLACES, TEMPLATE, created, expanded

PARTITIONS = sorted(PLACES)
# Properties that give a resource its physical name, where a type has one.
NAMES = re.compile(r"^(Name|(Function|Table|Queue|Rule|Alarm|Dashboard|Layer|Role|Policy|LogGroup|Api)Name)$")
SWEEP_EVERY = 900  # seconds


def of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of the resources of a type, by logical id."""
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


@pytest.fixture(scope="module", params=PARTITIONS)
def resources(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The expanded resources, in one region of each partition."""
    return dict(expanded(request.param)["Resources"])


def test_no_resource_has_a_name_that_a_second_stack_would_want(resources: dict[str, Any]) -> None:
    """Two stacks fit into one account and region: a name is CloudFormation's, or contains the stack's."""
    fixed = {
        (name, key): value
        for name, resource in resources.items()
        for key, value in resource.get("Properties", {}).items()
        if NAMES.match(key) and resource["Type"] != "AWS::Lambda::Permission" and not refers(value)
    }

    assert fixed == {}


def refers(value: Any) -> bool:
    """Whether a value changes with the stack: it names another resource, or contains the stack's name."""
    if not isinstance(value, dict):
        return False
    return set(value) <= {"Ref", "Fn::GetAtt"} or "AWS::StackName" in json.dumps(value)


@pytest.mark.parametrize("function", ["SweepJobs", "SweepNotebooks", "SweepResources"])
def test_a_sweep_ends_before_the_next_one_is_due(resources: dict[str, Any], function: str) -> None:
    """Scheduler's retries, Lambda's queue and the timeout together take less than the schedule's rate."""
    [schedule] = [
        schedule
        for schedule in of_type(resources, "AWS::Scheduler::Schedule").values()
        if schedule["Target"]["Arn"] == {"Fn::GetAtt": [function, "Arn"]}
    ]
    [invoke] = [
        config
        for config in of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
        if config["FunctionName"] == {"Ref": function}
    ]
    waits = schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"], invoke["MaximumEventAgeInSeconds"]

    assert schedule["ScheduleExpression"] == f"rate({SWEEP_EVERY // 60} minutes)"
    assert invoke["MaximumRetryAttempts"] == 0
    assert all(wait >= 60 for wait in waits)  # the least that both services accept
    assert sum(waits) + resources[function]["Properties"]["Timeout"] < SWEEP_EVERY


def test_schedules_share_a_role_that_only_this_account_can_use(resources: dict[str, Any]) -> None:
    """EventBridge Scheduler can invoke the five scheduled functions; no other account's schedule can use the role."""
    schedules = of_type(resources, "AWS::Scheduler::Schedule").values()
    role = resources["ScheduleRole"]["Properties"]
    [statement] = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]

    assert {json.dumps(schedule["Target"]["RoleArn"]) for schedule in schedules} == {
        json.dumps({"Fn::GetAtt": ["ScheduleRole", "Arn"]})
    }
    assert sorted(map(str, statement["Resource"])) == sorted(str(schedule["Target"]["Arn"]) for schedule in schedules)
    assert statement["Action"] == "lambda:InvokeFunction"
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_every_role_is_written_in_the_template(resources: dict[str, Any]) -> None:
    """SAM adds no role of its own: each one's trust and permissions can be read in template.yaml."""
    written = set(re.findall(r"^  (\w+):$", TEMPLATE.read_text(encoding="utf-8"), re.MULTILINE))

    assert set(of_type(resources, "AWS::IAM::Role")) <= written


def test_the_expansion_keeps_to_the_limits(resources: dict[str, Any]) -> None:
    """CloudFormation's template, IAM's policies, Lambda's environment: none is near its limit."""
    roles = of_type(resources, "AWS::IAM::Role")
    functions = of_type(resources, "AWS::Lambda::Function")

    assert len(json.dumps(resources)) < 500_000  # CloudFormation accepts 1 MB from S3
    assert len(resources) < 250  # of 500
    for role in roles.values():
        documents = [policy["PolicyDocument"] for policy in role["Policies"]]
        assert sum(len(json.dumps(one, separators=(",", ":"))) for one in documents) < 11_000  # with its conditions;
        # tests/template/test_spoke.py decides them, and compares with IAM's 10,240
    for function in functions.values():
        assert len(json.dumps(function.get("Environment", {}))) < 3_000  # of 4 KB
        assert function["Timeout"] <= 900


def test_a_failed_first_deployment_leaves_no_ledger_behind(resources: dict[str, Any]) -> None:
    """Later the ledger outlives the stack; deletion protection would keep the first rollback from its end."""
    ledger = resources["CostLedger"]

    assert (ledger["DeletionPolicy"], ledger["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert "DeletionProtectionEnabled" not in ledger["Properties"]


def test_tables_are_encrypted_with_the_key_that_costs_nothing(resources: dict[str, Any]) -> None:
    """DynamoDB's own key: requests to an AWS managed key are billed, and an organisation may deny them."""
    assert [
        name for name, table in of_type(resources, "AWS::DynamoDB::Table").items() if "SSESpecification" in table
    ] == []


def test_queues_are_encrypted_with_the_key_that_costs_nothing(resources: dict[str, Any]) -> None:
    """SQS's own key, said and not left to the default, so that a policy check of an organisation sees it."""
    queues = of_type(resources, "AWS::SQS::Queue")

    assert [name for name, queue in queues.items() if queue.get("SqsManagedSseEnabled") is not True] == []
    assert [name for name, queue in queues.items() if "KmsMasterKeyId" in queue] == []


def test_partitions_differ_in_what_they_lack_and_in_nothing_else(template: dict[str, Any]) -> None:
    """GovCloud has no JSON log format and no Price List API; China's Price List is in yuan. CloudFormation decides."""
    expansions = {partition: expanded(partition) for partition in PARTITIONS}
    prices = template["Mappings"]["Partitions"]
    different = {
        name
        for name in expansions["aws"]["Resources"]
        if len({json.dumps(one["Resources"].get(name), sort_keys=True) for one in expansions.values()}) > 1
    }

    assert {partition: one["PriceList"] for partition, one in prices.items()} == {
        "aws": "yes",
        "aws-us-gov": "no",
        "aws-cn": "no",
    }
    [without] = template["Conditions"]["HasPriceList"]["Fn::Not"]
    assert {one["Fn::Equals"][1] for one in without["Fn::Or"]} == {
        partition for partition, one in prices.items() if one["PriceList"] == "no"
    }
    assert template["Outputs"]["PriceList"]["Value"] == {
        "Fn::FindInMap": ["Partitions", {"Ref": "AWS::Partition"}, "PriceList"]
    }
    assert {partition for partition, one in prices.items() if one["PriceList"] == "yes"} == set(API_REGIONS)
    assert {json.dumps(sorted(one["Resources"])) for one in expansions.values()} == {
        json.dumps(sorted(expansions["aws"]["Resources"]))
    }
    assert different == set()  # what differs is decided by conditions on AWS::Partition, not by the transform


def differences(one: Any, other: Any, place: str = "") -> set[str]:
    """Where two templates differ, as paths."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return set() if one == other else {place}
    return {
        path
        for key in one.keys() | other.keys()
        for path in differences(one.get(key), other.get(key), f"{place}.{key}" if place else key)
    }


@pytest.mark.parametrize(
    ("partition", "logs"),
    [
        ("aws-us-gov", {"LogFormat": "Text"}),  # Lambda there has no JSON log format
        ("aws-cn", {"LogFormat": "JSON"}),
    ],
)
def test_what_cloudformation_creates_in_another_partition(partition: str, logs: dict[str, str]) -> None:
    """Every condition decided: the same resources, without a refresh of prices, and log lines as Lambda has them."""
    commercial, there = created("aws"), created(partition)
    functions = of_type(there, "AWS::Lambda::Function")
    found = differences(commercial, there)
    text = (
        {f"{name}.Properties.LoggingConfig.LogFormat" for name in functions} if logs["LogFormat"] == "Text" else set()
    )

    assert found == text | {"RefreshPricesDaily.Properties.State"}
    assert {one["LoggingConfig"]["LogFormat"] for one in functions.values()} == set(logs.values())
    assert there["RefreshPricesDaily"]["Properties"]["State"] == "DISABLED"


def test_prices_are_refreshed_only_where_there_is_a_list(resources: dict[str, Any]) -> None:
    """Elsewhere the schedule is off."""
    schedules = of_type(resources, "AWS::Scheduler::Schedule")
    states = {name: one.get("State") for name, one in schedules.items() if one.get("State")}

    assert states == {"RefreshPricesDaily": {"Fn::If": ["HasPriceList", "ENABLED", "DISABLED"]}}


@pytest.mark.parametrize("function", ["SweepJobs", "SweepNotebooks", "SweepResources", "RefreshPrices", "SendDigest"])
def test_named_regions_reach_whatever_works_by_region(resources: dict[str, Any], function: str) -> None:
    """Sweeps, prices and the digest."""
    variables = resources[function]["Properties"]["Environment"]["Variables"]

    assert variables["REGIONS"] == {"Fn::Join": [",", {"Ref": "Regions"}]}


@pytest.mark.parametrize(
    ("region", "fits"),
    [
        ("us-east-1", True),
        ("us-gov-west-1", True),
        ("eusc-de-east-1", True),
        ("", True),
        ("us-east", False),
        ("*", False),
    ],
)
def test_regions_have_the_form_of_names(template: dict[str, Any], region: str, *, fits: bool) -> None:
    """CloudFormation checks each of the list."""
    assert bool(re.fullmatch(template["Parameters"]["Regions"]["AllowedPattern"], region)) is fits


def test_the_forwarding_template_sends_what_the_rules_take(template: dict[str, Any]) -> None:
    """The same detail types, to the home region's bus, by a role that may do nothing else."""
    content, problems = decode(str(TEMPLATE.parent / "forward-events.yaml"))
    assert content is not None
    resources = content["Resources"]
    pattern = resources["ForwardRule"]["Properties"]["EventPattern"]
    [target] = resources["ForwardRule"]["Properties"]["Targets"]
    [policy] = resources["ForwardRole"]["Properties"]["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]
    rules = of_type(template["Resources"], "AWS::Events::Rule").values()

    assert problems == []
    assert set(pattern["detail-type"]) == {kind for rule in rules for kind in rule["EventPattern"]["detail-type"]}
    assert pattern["source"] == template["Parameters"]["EventSources"]["Default"].split(",")
    assert (statement["Action"], statement["Resource"]) == ("events:PutEvents", target["Arn"])
    assert not {"Name", "RoleName"} & {key for one in resources.values() for key in one["Properties"]}


def test_no_text_of_the_template_is_cut_at_a_number_sign() -> None:
    """YAML takes ` #` in a text without quotation marks for a comment."""
    texts = re.findall(r"^ +(?:Constraint)?Description: ([^\"'|>].* #.*)$", TEMPLATE.read_text("utf-8"), re.MULTILINE)

    assert texts == []


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://slack.com/api/", True),
        ("https://slack-gov.com/api/", True),
        ("http://127.0.0.1:4573/api/", True),
        ("http://localhost:8080/", True),
        ("http://slack.com/api/", False),
        ("http://127.0.0.1.example.com/api/", False),
        ("http://localhost.example.com/", False),
        ("https://slack.com/api", False),
    ],
)
def test_the_bot_token_travels_encrypted(template: dict[str, Any], url: str, *, fits: bool) -> None:
    """SlackApiUrl is https; http is for a test server on this machine."""
    assert bool(re.fullmatch(template["Parameters"]["SlackApiUrl"]["AllowedPattern"], url)) is fits


@pytest.mark.parametrize(
    ("organization", "bounds"),
    [
        ("", {"JobEventQueue": 3, "NotebookEventQueue": None, "PressQueue": None, "AlertQueue": 2}),
        ("o-a1b2c3d4e5", {"JobEventQueue": 3, "NotebookEventQueue": 2, "PressQueue": None, "AlertQueue": 2}),
    ],
)
def test_queues_that_may_be_full_are_read_slowly(organization: str, bounds: dict[str, int | None]) -> None:
    """Describe and Slack are throttled. An idle queue without a bound is polled less, which AWS bills."""
    mappings = of_type(created("aws", OrganizationId=organization), "AWS::Lambda::EventSourceMapping").values()
    found = {one["EventSourceArn"]["Fn::GetAtt"][0]: one.get("ScalingConfig", {}) for one in mappings}

    assert {queue: found[queue].get("MaximumConcurrency") for queue in bounds} == bounds
