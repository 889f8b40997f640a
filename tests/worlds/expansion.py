"""template.yaml as CloudFormation gets it: what the SAM translator makes of it in a region.

The translator is the one that SAM CLI ships; CloudFormation runs a release of the same library.
"""

import copy
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

TEMPLATE = Path(__file__).parent.parent.parent / "template.yaml"
_REMOVED = {"Ref": "AWS::NoValue"}
PLACES = {"aws": "eu-west-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}  # a region of each partition
_CODE = "s3://a-bucket/a-key"  # where `sam package` puts what it uploads


def expanded(partition: str, path: Path = TEMPLATE, **parameters: str) -> dict[str, Any]:
    """The resources of an expanded template, by logical id, in a region of that partition."""
    return copy.deepcopy(_expanded(path, partition, tuple(sorted(parameters.items()))))


@cache
def _expanded(path: Path, partition: str, parameters: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    template = yaml_parse(path.read_text(encoding="utf-8"))
    template["Globals"]["Function"]["CodeUri"] = _CODE
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = _CODE
    given = {name: parameter["Default"] for name, parameter in template["Parameters"].items()} | dict(parameters)
    region = PLACES[partition]
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = region  # the translator derives the partition of managed policies from it
    try:
        translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
        return dict(translator.translate(template, given))
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before


def created(partition: str, **parameters: str) -> dict[str, Any]:
    """The resources that CloudFormation creates in that partition: every condition is decided."""
    template = expanded(partition, TEMPLATE, **parameters)
    values = {name: str(one["Default"]) for name, one in template["Parameters"].items()} | parameters
    decide = _Decisions(template["Conditions"], {**values, "AWS::Partition": partition})
    return {
        name: decide.of(resource)
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or decide.holds({"Condition": resource["Condition"]})
    }


def resolved(value: Any, values: Mapping[str, Any]) -> Any:
    """A template's value with its references; of a choice the first, which allows more."""
    match value:
        case {"Fn::If": [_, first, _]}:
            return resolved(first, values)
        case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
            return values[name]
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: str(values[found[1]]), text)
        case dict():
            return {name: resolved(inner, values) for name, inner in value.items()}
        case list():
            return [resolved(inner, values) for inner in value]
        case _:
            return value


class _Decisions:
    """Decides conditions by the values of parameters and of the partition."""

    def __init__(self, conditions: dict[str, Any], values: dict[str, str]) -> None:
        self._conditions, self._values = conditions, values

    def holds(self, condition: dict[str, Any]) -> bool:
        """Whether a condition holds."""
        [(function, inner)] = condition.items()
        match function:
            case "Condition":
                return self.holds(self._conditions[inner])
            case "Fn::Not":
                return not self.holds(inner[0])
            case "Fn::Or":
                return any(map(self.holds, inner))
            case "Fn::And":
                return all(map(self.holds, inner))
            case _:
                left, right = (self._value(one) for one in condition["Fn::Equals"])
                return left == right

    def _value(self, side: Any) -> str:
        match side:
            case {"Ref": name} | {"Fn::Join": ["", {"Ref": name}]}:
                return self._values[name]
            case _:
                return str(side)

    def of(self, value: Any) -> Any:
        """The value without ``Fn::If``; what a condition removes is gone."""
        match value:
            case {"Fn::If": [name, then, otherwise]}:
                return self.of(then if self.holds({"Condition": name}) else otherwise)
            case dict():
                decided = {key: self.of(inner) for key, inner in value.items()}
                return {key: inner for key, inner in decided.items() if inner != _REMOVED}
            case list():
                return [inner for inner in map(self.of, value) if inner != _REMOVED]
            case _:
                return value
