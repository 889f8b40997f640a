"""Compares the calls of deployed functions with the template's roles: ``python -m tests.worlds.permissions FILE...``.

The local cloud writes each call down (``local/stack/calls``). MiniStack enforces the roles for its own services; calls
to SageMaker, CloudWatch and its logs go to moto, which enforces none, so only this comparison holds them.
"""

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.decode import decode

from local.stack.cloud import ACCOUNT, REGION
from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS, ResourceKind

TEMPLATE = Path(__file__).parent.parent.parent / "template.yaml"
# Permissions that no end-to-end test uses are explained in the role, in such comments: A, B on Resource - why.
_EXPLAINED = re.compile(r"# not in the end-to-end tests: (.+?) - \S")
_PHYSICAL = re.compile(r"(?:^|/)[\w-]+?-([A-Z][A-Za-z]+)-\w+(?:\.fifo)?$")
_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}  # IAM's, where the signature names another
_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
# What follows in an ARN, by the parameter that names the resource.
_TYPES = {
    "Name": "parameter",  # SSM's names begin with a slash
    "logGroupName": "log-group:",
    **{KIND_FACTS[kind].name_field: f"{KIND_FACTS[kind].arn_type}/" for kind in (*JOB_KINDS, ResourceKind.NOTEBOOK)},
}
# What the conditions of the template mean for the function's own variables. None of its calls is kms:Decrypt.
_CONDITIONS: Mapping[str, Callable[[Mapping[str, str]], bool]] = {
    "Enforces": lambda settings: settings.get("MODE") == "enforce",
    "AsksJupyter": lambda settings: settings.get("JUPYTER_EVIDENCE") == "enabled",
    "ReadsLogs": lambda settings: settings.get("LOG_EXCERPTS") == "enabled",
    "HasSecretsKey": lambda _: False,
    "IsHub": lambda settings: bool(settings.get("SPOKE_ROLES")),
    "ActsInSpokes": lambda settings: bool(settings.get("SPOKE_ROLES")) and settings.get("MODE") == "enforce",
}
# Lambda calls these with the role: logs, polling of queues, and the record of a failed schedule.
_PLATFORM = frozenset(
    f"{service}:{name}"
    for service, names in {
        "logs": ("CreateLogStream", "PutLogEvents"),
        "sqs": ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
        "kms": ("Decrypt",),
    }.items()
    for name in names
)


@dataclass(frozen=True, slots=True)
class Permission:
    """An action on a resource: the logical ID of the stack's own, or an ARN, with wildcards in a role."""

    action: str
    resource: str

    def allows(self, other: "Permission") -> bool:
        """Whether this permission of a role allows that call. A call without a resource is compared by its action."""
        return self.action == other.action and (other.resource == "*" or fnmatchcase(other.resource, self.resource))

    def __str__(self) -> str:
        """As the comments in the template name it: an own resource, or every resource of another service."""
        return self.action if self.resource.startswith(("*", "arn:")) else f"{self.action} on {self.resource}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who made it, with which settings, and what it took."""

    function: str
    settings: tuple[tuple[str, str], ...]
    took: Permission


def read(files: Iterable[Path]) -> Counter[Call]:
    """The calls in these files, and how often each was made."""
    lines = (line for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return Counter(call for line in lines for call in _calls(json.loads(line)))


def _calls(line: Mapping[str, Any]) -> Iterator[Call]:
    function, settings = _logical(line["function"]), tuple(sorted(line["settings"].items()))
    service = _PREFIXES.get(line["service"], line["service"])
    for named in line["on"]:
        operation = _TRANSACTED[named["action"]] if "action" in named else str(line["operation"])
        operation = operation.removesuffix("Batch") if service == "sqs" else operation
        place = f"arn:aws:{service}:{line['region']}:{ACCOUNT}"
        yield Call(function, settings, Permission(f"{service}:{operation}", _resource(service, named, place)))


def _resource(service: str, named: Mapping[str, str], place: str) -> str:
    match service, named:
        case "dynamodb", {"TableName": table}:
            index = named.get("IndexName")
            return f"{_logical(table)}/index/{index}" if index else _logical(table)
        case "sqs", {"QueueUrl": url}:
            return _logical(url)
        case _, {"ResourceArn": arn} | {"RoleArn": arn}:
            return arn
        case _:
            known = [f"{place}:{_TYPES[field]}{name}" for field, name in named.items() if field in _TYPES]
            return known[0] if known else "*"


def _logical(physical: str) -> str:
    """The logical ID in a name that CloudFormation made."""
    found = _PHYSICAL.search(physical)
    return found[1] if found else physical


@cache
def _statements() -> Mapping[str, list[tuple[Mapping[str, Any], str | None]]]:
    """The allowing statements of every function's role, each with its condition, if any."""
    template, _ = decode(str(TEMPLATE))
    assert template is not None
    found = defaultdict(list)
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::IAM::Role" or name.removesuffix("Role") not in template["Resources"]:
            continue
        for policy in resource["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                condition, inner, _ = statement.get("Fn::If", (None, statement, None))
                if inner["Effect"] == "Allow":
                    found[name.removesuffix("Role")].append((inner, condition))
    return found


def functions() -> list[str]:
    """The functions that have a role."""
    return sorted(_statements())


def role(function: str, settings: Mapping[str, str] | None = None) -> Iterator[Permission]:
    """What a function's role allows with these settings; without settings, under any parameters."""
    for statement, condition in _statements()[function]:
        if condition and settings is not None and not _CONDITIONS[condition](settings):
            continue
        for action in _listed(statement["Action"]):
            yield from (Permission(action, _pattern(one, settings or {})) for one in _listed(statement["Resource"]))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _pattern(resource: Any, settings: Mapping[str, str]) -> str:
    """A resource of a statement, as ``_resource`` names it."""
    if isinstance(resource, str):
        return resource
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    values = {
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "SlackTokenParameter": settings.get("SLACK_TOKEN_PARAMETER", "*"),
        "SlackSigningSecretParameter": settings.get("SLACK_SIGNING_SECRET_PARAMETER", "*"),
        "SpokeNamespace": settings.get("SPOKE_ROLES", "*").removeprefix("sagewatch-"),
        "CostLedger.Arn": "CostLedger",
    }
    text = resource.get("Fn::Sub", "*")
    return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], text)


def outside(calls: Iterable[Call]) -> list[Call]:
    """The calls that the function's role, with the function's own settings, does not allow."""
    return [
        call for call in calls if not any(given.allows(call.took) for given in role(call.function, dict(call.settings)))
    ]


def unused(calls: Iterable[Call]) -> dict[str, set[str]]:
    """The permissions that no call took, by function. What Lambda itself calls is left out."""
    taken = defaultdict(set)
    for call in calls:
        taken[call.function].add(call.took)
    found = {}
    for function in functions():
        used, given = set(), set()
        for permission in role(function):
            if permission.action not in _PLATFORM and not _sends_failures(function, permission):
                given.add(str(permission))
                used |= {str(permission) for call in taken[function] if permission.allows(call)}
        found[function] = given - used
    return {function: left for function, left in found.items() if left}


def _sends_failures(function: str, permission: Permission) -> bool:
    """Lambda sends the record of a failed schedule to the dead-letter queue with the function's role."""
    scheduled = {"SweepJobs", "SweepNotebooks", "SweepResources", "RefreshPrices", "SendDigest"}
    return function in scheduled and permission == Permission("sqs:SendMessage", "EventDeadLetterQueue")


def explained() -> dict[str, set[str]]:
    """The permissions that the template's comments say no end-to-end test uses, by function."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    function = ""
    for line in TEMPLATE.read_text(encoding="utf-8").splitlines():
        if block := re.match(r"^  (\w+):", line):
            function = block[1].removesuffix("Role")
        if comment := _EXPLAINED.search(line):
            found[function].update(comment[1].split(", "))
    return dict(found)


def report(calls: Counter[Call], known: Mapping[str, set[str]]) -> tuple[str, bool]:
    """What was called, what lies outside the roles, and what no call took.

    It is good if no call was outside, and if each permission that no call took is explained: ``known``, by function.
    """
    strangers, left = outside(calls), unused(calls)
    idle = {(function, name) for function, names in left.items() for name in names - known.get(function, set())}
    lines = [f"{sum(calls.values())} calls of {len({call.function for call in calls})} functions."]
    for function in functions():
        taken = {call.took.action for call in calls if call.function == function}
        lines.append(f"{function}: {len(taken)} actions called, {len(left.get(function, ()))} permissions not")
    lines += [f"OUTSIDE ITS ROLE: {call.function} {call.took.action} {call.took.resource}" for call in strangers]
    lines += [f"NOT CALLED, AND NOT EXPLAINED IN THE TEMPLATE: {function} {name}" for function, name in sorted(idle)]
    for function, names in sorted(left.items()):
        explained_ones = sorted(names & known.get(function, set()))
        lines += [f"not called, as the template explains: {function} {name}" for name in explained_ones]
    for function, names in sorted(known.items()):
        lines += [
            f"called, against its explanation: {function} {name}" for name in sorted(names - left.get(function, set()))
        ]
    return "\n".join(lines), not strangers and not idle


if __name__ == "__main__":
    given = read(path for path in map(Path, sys.argv[1:]) if path.exists())
    sys.stdout.write(f"{report(given, explained())[0]}\n")
    # Which permissions are used depends on chance too, such as two threads that read at once: that fails no run.
    sys.exit(1 if outside(given) else 0)
