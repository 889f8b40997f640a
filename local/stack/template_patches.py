"""Alarms as MiniStack knows them: it has no metric math (1.5.33), and refuses a stack with an alarm that does math.

Such an alarm becomes one on the first of its metrics, so that what refers to it finds it. The product's template is not
touched; ``tests/template/test_alarms.py`` judges the alarms as they are.
"""

from collections.abc import Mapping
from typing import Any


def without_math(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template with no alarm that does math."""
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
