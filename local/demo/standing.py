"""What bills until a person ends it, in the demo: endpoints, Canvas, a cluster, an MLflow server without its domain."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.player import Stage

_ACCOUNT = "111122223333"
_ARN = f"arn:aws:sagemaker:us-east-1:{_ACCOUNT}:"
Put = tuple[str, dict[str, Any]]


def put_standing(stage: Stage) -> int:
    """Put the resources into the emulator, with the metrics that show their use; return how many there are."""
    now = datetime.now(UTC)
    resources = list(_resources((now - timedelta(days=40)).isoformat()))
    for kind, fields in resources:
        stage.put_standing(kind, fields)
    _measure(stage, now)
    return sum(kind in {"endpoint", "app", "space", "mlflow-tracking-server", "cluster"} for kind, _ in resources)


def _resources(created: str) -> Iterator[Put]:
    times = {"CreationTime": created, "LastModifiedTime": created}
    for name, instance_type, count, owner in (
        ("chat-llm", "ml.g5.2xlarge", 2, "ana@example.com"),
        ("churn-demo", "ml.m5.xlarge", 1, "bo@example.com"),
    ):
        variant = {"VariantName": "blue", "ModelName": name, "InstanceType": instance_type}
        config = {"EndpointConfigName": f"{name}-1", "EndpointConfigArn": f"{_ARN}endpoint-config/{name}-1"}
        yield "endpoint-config", {**config, "ProductionVariants": [variant], **times}
        yield (
            "model",
            {"ModelName": name, "ModelArn": f"{_ARN}model/{name}", "PrimaryContainer": {"Image": "i"}, **times},
        )
        endpoint = {
            "EndpointName": name,
            "EndpointArn": f"{_ARN}endpoint/{name}",
            "EndpointConfigName": f"{name}-1",
            "EndpointStatus": "InService",
            "ProductionVariants": [{"VariantName": "blue", "CurrentInstanceCount": count}],
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


def _measure(stage: Stage, now: datetime) -> None:
    """One endpoint was called today, the other a month ago; Canvas has not been used for nine hours."""
    cloudwatch = stage.client("cloudwatch")
    for name, days in (("chat-llm", 0), ("churn-demo", 30)):
        dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "blue"}]
        point = {"Timestamp": now - timedelta(days=days), "Value": 40.0, "Dimensions": dimensions}
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[{"MetricName": "Invocations", **point}])
    user = [{"Name": "DomainId", "Value": "d-demo"}, {"Name": "UserProfileName", "Value": "chi"}]
    idle = {"MetricName": "TimeSinceLastActive", "Value": 9 * 3600.0, "Timestamp": now, "Dimensions": user}
    cloudwatch.put_metric_data(Namespace="/aws/sagemaker/Canvas/AppActivity", MetricData=[idle])
