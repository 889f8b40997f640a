"""How long a policy gets with the longest partition, region and names that CloudFormation may put in."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

LIMIT = 10_240  # IAM: characters of a role's own policies together, without white space
_NOTHING = {"Ref": "AWS::NoValue"}
_LONGEST = {
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "ap-northeast-1",
    "AWS::AccountId": "1" * 12,
    "AWS::URLSuffix": "amazonaws.com.cn",
    "SpokeNamespace": "n" * 24,
    "OrganizationId": "o-" + "a" * 32,
    "SecretsKeyArn": f"arn:aws-us-gov:kms:us-gov-west-1:{'1' * 12}:key/{'a' * 36}",
}
_NAME = "n" * 100  # the ARN of one of the stack's own resources, and a parameter's value


def characters(documents: Sequence[Any], accounts: Sequence[str]) -> int:
    """How many characters policies of an expanded template have, for these ``SpokeAccounts``."""
    return sum(len(json.dumps(_resolved(one, accounts), separators=(",", ":"))) for one in documents)


def _resolved(value: Any, accounts: Sequence[str]) -> Any:
    match value:
        case {"Ref": name}:
            return list(accounts) if name == "SpokeAccounts" else _LONGEST.get(name, _NAME)
        case {"Fn::GetAtt": _}:
            return _NAME
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: _LONGEST.get(found[1], _NAME), text)
        case Mapping():
            return {name: _resolved(inner, accounts) for name, inner in value.items() if inner != _NOTHING}
        case list():
            return [_resolved(inner, accounts) for inner in value if inner != _NOTHING]
        case _:
            return value
