"""Alarms without metric math, because MiniStack (1.5.33) refuses a stack with such an alarm.

The alarm then reads only its first metric, so that references to it work. The product's template is not
changed; ``tests/template/test_alarms.py`` tests the real alarms.
"""

from collections.abc import Mapping
from typing import Any


def without_math(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template without metric math in its alarms."""
    resources = {name: _plain(resource) for name, resource in template["Resources"].items()}
    return {**template, "Resources": resources}


def _plain(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("Properties", {})
    if resource["Type"] != "AWS::CloudWatch::Alarm" or "Metrics" not in properties:
        return resource
    first = next(query["MetricStat"] for query in properties["Metrics"] if "MetricStat" in query)
    kept = {name: value for name, value in properties.items() if name != "Metrics"}
    alone = {**first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}
    return {**resource, "Properties": {**kept, **alone}}
