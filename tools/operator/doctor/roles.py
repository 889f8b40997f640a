"""Rows about permissions: IAM's policy simulator is asked about every statement of every role in ``template.yaml``.

The simulator takes into account what the template cannot show: permission boundaries and service control policies.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse

from tools.operator.doctor.live import Account, Stack
from tools.operator.doctor.rows import Check, Facts, Finding, confirmed, not_checked, refuted

TEMPLATE = Path(__file__).parents[3] / "template.yaml"
_SHOWN = 3
_PROTECT = "aws:ResourceTag/sagewatch:protect"
# How the ARN of a resource follows from its physical ID, by CloudFormation type.
_FORMS = {
    "AWS::DynamoDB::Table": "dynamodb:{place}:table/{id}",
    "AWS::SQS::Queue": "sqs:{place}:{id}",
    "AWS::Logs::LogGroup": "logs:{place}:log-group:{id}:*",
    "AWS::Serverless::Function": "lambda:{place}:function:{id}",
}


@dataclass(frozen=True, slots=True)
class Need:
    """What one statement allows: some actions on one resource."""

    actions: tuple[str, ...]
    resource: str


@cache
def template() -> Mapping[str, Any]:
    """The template of this checkout."""
    read: Mapping[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return read


def roles() -> list[str]:
    """The logical IDs of the template's roles."""
    return [name for name, resource in template()["Resources"].items() if resource["Type"] == "AWS::IAM::Role"]


def role_checks() -> Iterator[Check]:
    """One row for each role, and one for the tag that protects."""
    for role in roles():
        yield Check(
            name=f"role.{role}",
            assumption=f"{role} has every permission that the template gives it",
            look=partial(_look, role),
            judge=partial(_judge, role),
            calls=_most_calls(role),
        )
    yield Check(
        name="role.protected",
        assumption="IAM denies the stop of what has the tag sagewatch:protect, even with an empty value",
        look=_look_protected,
        judge=_judge_protected,
        calls=2,
    )


def needs(role: str, stack: Stack, region: str) -> Iterator[Need]:
    """The allowing statements of a role, with the stack's own resources and parameters filled in."""
    for statement in _statements(role):
        plain = _chosen(statement, stack)
        if plain and plain["Effect"] == "Allow":
            for resource in _listed(plain["Resource"]):
                yield Need(
                    tuple(_listed(plain["Action"])), _arn(resource, stack, region).replace("*", "sagewatch-doctor")
                )


def _most_calls(role: str) -> int:
    chosen = (statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in _statements(role))
    return sum(len(_listed(statement["Resource"])) for statement in chosen)


def _statements(role: str) -> Iterator[Mapping[str, Any]]:
    for policy in template()["Resources"][role]["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _chosen(statement: Mapping[str, Any], stack: Stack) -> Mapping[str, Any] | None:
    """The statement as the stack's conditions make it; ``None`` if they leave it out."""
    if "Fn::If" not in statement:
        return statement
    condition, then, otherwise = statement["Fn::If"]
    chosen: Mapping[str, Any] = then if _holds(template()["Conditions"][condition], stack) else otherwise
    return None if "Ref" in chosen else chosen


def _holds(condition: Mapping[str, Any], stack: Stack) -> bool:
    match condition:
        case {"Condition": str() as name}:
            return _holds(template()["Conditions"][name], stack)
        case {"Fn::Not": [inner]}:
            return not _holds(inner, stack)
        case {"Fn::Or": [*inner]}:
            return any(_holds(each, stack) for each in inner)
        case {"Fn::And": [*inner]}:
            return all(_holds(each, stack) for each in inner)
        case {"Fn::Equals": [value, wanted]}:
            return bool(_compared(value, stack) == wanted)
        case _:
            raise ValueError(f"a condition that this command cannot read: {condition}")


def _compared(value: Mapping[str, Any], stack: Stack) -> str:
    match value:
        case {"Ref": "AWS::Partition"}:
            return stack.partition
        case {"Ref": str() as name} | {"Fn::Join": ["", {"Ref": str() as name}]}:
            return stack.values.get(name, "")
        case _:
            raise ValueError(f"a value that this command cannot read: {value}")


def _arn(value: Any, stack: Stack, region: str) -> str:
    match value:
        case "*":
            return "*"
        case str():
            return value
        case {"Fn::GetAtt": [str() as name, "Arn"]} | {"Fn::GetAtt": str() as name}:
            return _named(f"{name.removesuffix('.Arn')}.Arn", stack, region)
        case {"Fn::Sub": str() as text}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: _named(found[1], stack, region), text)
        case {"Ref": str() as name}:
            return _named(name, stack, region)
        case _:
            raise ValueError(f"a resource that this command cannot read: {value}")


def _named(name: str, stack: Stack, region: str) -> str:
    pseudo = {"AWS::Partition": stack.partition, "AWS::Region": region, "AWS::AccountId": stack.account}
    if name in pseudo:
        return pseudo[name]
    logical_id, _, attribute = name.partition(".")
    if attribute != "Arn":
        return stack.values.get(name) or stack.resources[name].physical
    form = _FORMS[template()["Resources"][logical_id]["Type"]]
    physical = stack.resources[logical_id].physical
    physical = physical.rpartition("/")[2] if physical.startswith("http") else physical  # a queue's is its URL
    place = f"{region}:{stack.account}"
    return f"arn:{stack.partition}:{form.format(place=place, id=physical)}"


@dataclass(frozen=True, slots=True)
class Decision:
    """IAM's decision about one action, and the context keys that a policy asks for and that were not given."""

    word: str
    missing_values: tuple[str, ...] = ()


def _simulate(account: Account, role: str, need: Need, context: list[dict[str, Any]]) -> Mapping[str, Decision]:
    stack = account.stack
    answer = account.call(
        "iam",
        "simulate_principal_policy",
        PolicySourceArn=f"arn:{stack.partition}:iam::{stack.account}:role/{stack.resources[role].physical}",
        ActionNames=list(need.actions),
        ResourceArns=[need.resource if need.resource != "sagewatch-doctor" else "*"],
        ContextEntries=[*context, *_context("aws:RequestedRegion", account.region)],
    )
    return {
        result["EvalActionName"]: Decision(result["EvalDecision"], tuple(result.get("MissingContextValues", ())))
        for result in answer["EvaluationResults"]
    }


def _through_ssm(region: str) -> list[dict[str, Any]]:
    """kms:Decrypt is allowed through SSM only."""
    return _context("kms:ViaService", f"ssm.{region}.amazonaws.com")


def _context(key: str, value: str) -> list[dict[str, Any]]:
    return [{"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}]


def _look(role: str, account: Account) -> Facts:
    asked, missing, undecided = 0, set(), set()
    for need in needs(role, account.stack, account.region):
        context = _through_ssm(account.region) if "kms:Decrypt" in need.actions else []
        decisions = _simulate(account, role, need, context)
        asked += len(need.actions)
        for action in need.actions:
            decision = decisions.get(action, Decision("no answer"))
            if decision.word == "explicitDeny" and decision.missing_values:
                undecided.add(f"{action} ({', '.join(decision.missing_values)})")
            elif decision.word != "allowed":
                missing.add(f"{action} ({decision.word})")
    return {"asked": asked, "missing": sorted(missing), "undecided": sorted(undecided)}


def _judge(role: str, facts: Facts) -> Finding:
    missing, undecided = facts["missing"], facts.get("undecided")
    if missing:
        return refuted(
            f"not allowed: {_shortened(missing)}",
            f"Deploy the template again. If it stays: a boundary or a service control policy restricts {role}.",
        )
    if undecided:
        return not_checked(
            f"a policy denies it by values that the simulator does not have: {_shortened(undecided)}",
            "Read the service control policies and the permission boundary for conditions on these keys.",
        )
    return confirmed(f"all {facts['asked']} are allowed")


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _look_protected(account: Account) -> Facts:
    place = f"sagemaker:{account.region}:{account.stack.account}"
    need = Need(
        ("sagemaker:StopNotebookInstance",), f"arn:{account.stack.partition}:{place}:notebook-instance/sagewatch-doctor"
    )
    decisions = {
        value or "empty": _simulate(account, "SweepNotebooksRole", need, _context(_PROTECT, value))[
            need.actions[0]
        ].word
        for value in ("true", "")
    }
    return {"decisions": decisions}


def _judge_protected(facts: Facts) -> Finding:
    decisions: Mapping[str, str] = facts["decisions"]
    said = ", ".join(f"{value}: {decision}" for value, decision in decisions.items())
    if set(decisions.values()) == {"explicitDeny"}:
        return confirmed(said)
    if "allowed" in decisions.values():
        return refuted(said, "Give the tag a value such as `true`, and report this row.")
    return not_checked(f"{said}; in trial mode the stop is not allowed anyway")
