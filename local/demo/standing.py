"""What bills until a person ends it, in the demo: endpoints, Canvas, a cluster, an MLflow server without its domain.

Bo deletes the endpoint that is not called any more, and restores it.
"""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.player import Stage, get_json, post_json

_ACCOUNT = "111122223333"
_ARN = f"arn:aws:sagemaker:us-east-1:{_ACCOUNT}:"
_LOOKS, _BETWEEN = 100, 0.2  # seconds: a function may have to start first
_ABOUT = ("Endpoint", "Canvas session", "Still needed?", "MLflow tracking server")
Put = tuple[str, dict[str, Any]]


def put_standing(stage: Stage) -> int:
    """Put the resources into the emulator, after the metrics that show their use; return how many there are.

    A scheduled sweep may run at any moment, and would find an endpoint idle whose use is not there yet.
    """
    now = datetime.now(UTC)
    _measure(stage, now)
    resources = list(_resources((now - timedelta(days=40)).isoformat()))
    for kind, fields in resources:
        stage.put_standing(kind, fields)
    return sum(kind in {"endpoint", "app", "space", "mlflow-tracking-server", "cluster"} for kind, _ in resources)


def messages_about_resources(slack_url: str) -> list[Mapping[str, Any]]:
    """The messages about idle resources, those without buttons too."""
    return [each for each in get_json(f"{slack_url}/messages") if each["text"].startswith(_ABOUT)]


def press_and_confirm(slack_url: str, action: str, name: str, user: str) -> bool:
    """Press a button of a resource's message, and confirm what its dialog asks once it is there."""
    message = next(each for each in messages_about_resources(slack_url) if _buttons(each).get(action) == name)
    pressed = post_json(f"{slack_url}/press", {"ts": message["ts"], "action_id": action, "user": user})
    for _ in range(_LOOKS if pressed["ok"] else 0):
        views = get_json(f"{slack_url}/views")
        asking = [each["id"] for each in views if each["view"]["callback_id"] == "resource_sure"]
        if asking:
            return bool(post_json(f"{slack_url}/submit", {"view_id": asking[-1], "user": user})["ok"])
        time.sleep(_BETWEEN)
    return False


def _buttons(message: Mapping[str, Any]) -> Mapping[str, str]:
    """The buttons of a message about a resource, each with the name of the resource."""
    blocks = (block for block in message["blocks"] if block.get("block_id") == "resource")
    elements = (element for block in blocks for element in block["elements"])
    return {element["action_id"]: json.loads(element["value"])["name"] for element in elements}


def _resources(created: str) -> Iterator[Put]:
    times = {"CreationTime": created, "LastModifiedTime": created}
    for name, instance_type, count, owner in (
        ("chat-llm", "ml.g5.2xlarge", 2, "ana@example.com"),
        ("churn-demo", "ml.m5.xlarge", 1, "bo@example.com"),
    ):
        variant = {"VariantName": "blue", "ModelName": name, "InstanceType": instance_type}
        initial = {"InitialInstanceCount": count, "InitialVariantWeight": 1.0}
        config = {"EndpointConfigName": f"{name}-1", "EndpointConfigArn": f"{_ARN}endpoint-config/{name}-1"}
        yield "endpoint-config", {**config, "ProductionVariants": [variant | initial], **times}
        yield (
            "model",
            {"ModelName": name, "ModelArn": f"{_ARN}model/{name}", "PrimaryContainer": {"Image": "i"}, **times},
        )
        endpoint = {
            "EndpointName": name,
            "EndpointArn": f"{_ARN}endpoint/{name}",
            "EndpointConfigName": f"{name}-1",
            "EndpointStatus": "InService",
            "ProductionVariants": [_running(count)],
        }
        yield "endpoint", {**endpoint, "Tags": [{"Key": "owner", "Value": owner}], **times}
    app = {"DomainId": "d-demo", "UserProfileName": "chi", "AppType": "Canvas", "AppName": "default"}
    yield "app", {**app, "AppArn": f"{_ARN}app/d-demo/chi/canvas/default", "Status": "InService", **times}
    server = {"TrackingServerName": "experiments", "TrackingServerArn": f"{_ARN}mlflow-tracking-server/experiments"}
    created_by = {"UserProfileName": "ana", "DomainId": "d-deleted"}
    state = {"TrackingServerStatus": "Created", "TrackingServerSize": "Small", "IsActive": "Active"}
    yield "mlflow-tracking-server", {**server, **state, "CreatedBy": created_by, **times}
    group = {"InstanceGroupName": "gpu", "InstanceType": "ml.p4d.24xlarge", "CurrentCount": 1}
    cluster = {"ClusterName": "research", "ClusterArn": f"{_ARN}cluster/research", "ClusterStatus": "InService"}
    yield "cluster", {**cluster, "InstanceGroups": [group], **times}


def _running(count: int) -> dict[str, Any]:
    """A variant as DescribeEndpoint shows it."""
    sizes = {f"{when}InstanceCount": count for when in ("Current", "Desired")}
    return {"VariantName": "blue", **sizes, "CurrentWeight": 1.0, "DesiredWeight": 1.0}


def _measure(stage: Stage, now: datetime) -> None:
    """One endpoint was called in each of 24 hours, the other a month ago; Canvas has not been used for nine hours."""
    cloudwatch = stage.client("cloudwatch")
    for name, hours in (("chat-llm", range(24)), ("churn-demo", [30 * 24])):
        dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "blue"}]
        point = {"MetricName": "Invocations", "Value": 40.0, "Dimensions": dimensions}
        points = [{**point, "Timestamp": now - timedelta(hours=hour)} for hour in hours]
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=points)
    user = [{"Name": "DomainId", "Value": "d-demo"}, {"Name": "UserProfileName", "Value": "chi"}]
    steps = [timedelta(minutes=5 * n) for n in range(-12, 24)]
    cloudwatch.put_metric_data(
        Namespace="/aws/sagemaker/Canvas/AppActivity",
        MetricData=[
            {
                "MetricName": "TimeSinceLastActive",
                "Value": 9 * 3600.0 + step.total_seconds(),
                "Timestamp": now + step,
                "Dimensions": user,
            }
            for step in steps
        ],
    )
