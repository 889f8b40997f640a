"""What MiniStack (1.5.33) lacks is taken out of the built template; the product's template is not changed.

It refuses a stack with an alarm on metric math: the alarm then reads only its first metric, so that references to it
work. ``tests/template/test_alarms.py`` tests the real alarms. It refuses the type of an event bus's policy, even under
a condition that does not hold; no bus refuses anyone there. Its conditions cannot join a list: they compare the first
member, which is empty if and only if the list is.

In the conditions of ``spoke.yaml`` it takes a pseudo parameter for its own name, so the account and the region are
filled in. The rules there also match ``sagewatch.replay``: PutEvents refuses the events of SageMaker, here as on AWS.
"""

from collections.abc import Mapping
from typing import Any

_UNKNOWN = frozenset({"AWS::Events::EventBusPolicy"})


def for_ministack(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template without metric math in its alarms, and without resources of unknown types."""
    kept = {name: resource for name, resource in template["Resources"].items() if resource["Type"] not in _UNKNOWN}
    resources = {name: _plain(resource) for name, resource in kept.items()}
    return {**template, "Conditions": _first_members(template.get("Conditions", {})), "Resources": resources}


def spoke_for_ministack(template: Mapping[str, Any], account: str, region: str) -> dict[str, Any]:
    """``spoke.yaml`` for a region of an account, with rules that also match events that are replayed."""
    known = {"AWS::AccountId": account, "AWS::Region": region}
    conditions = _filled(template["Conditions"], known)
    resources = {name: _replayed(resource) for name, resource in template["Resources"].items()}
    return {**template, "Conditions": conditions, "Resources": resources}


def _filled(condition: Any, known: Mapping[str, str]) -> Any:
    match condition:
        case {"Ref": name} if name in known:
            return known[name]
        case dict():
            return {name: _filled(inner, known) for name, inner in condition.items()}
        case list():
            return [_filled(inner, known) for inner in condition]
        case _:
            return condition


def _replayed(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    if resource["Type"] != "AWS::Events::Rule":
        return resource
    pattern = resource["Properties"]["EventPattern"]
    wider = {**pattern, "source": [*pattern["source"], "sagewatch.replay"]}
    return {**resource, "Properties": {**resource["Properties"], "EventPattern": wider}}


def _first_members(condition: Any) -> Any:
    match condition:
        case {"Fn::Join": ["", members]}:
            return {"Fn::Select": ["0", members]}
        case dict():
            return {name: _first_members(inner) for name, inner in condition.items()}
        case list():
            return [_first_members(inner) for inner in condition]
        case _:
            return condition


def _plain(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("Properties", {})
    if resource["Type"] != "AWS::CloudWatch::Alarm" or "Metrics" not in properties:
        return resource
    first = next(query["MetricStat"] for query in properties["Metrics"] if "MetricStat" in query)
    kept = {name: value for name, value in properties.items() if name != "Metrics"}
    alone = {**first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}
    return {**resource, "Properties": {**kept, **alone}}
