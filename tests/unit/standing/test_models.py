"""Every field that the kinds read is one of the API: a misspelled one would be read as absent, without an error."""

from collections.abc import Iterator
from typing import Any, get_args

import botocore.session
import pytest
from pydantic import BaseModel

from sagewatch.standing.kinds import (
    clusters,
    endpoint_models,
    feature_groups,
    mlflow_servers,
    monitoring_schedules,
    spaces,
    studio_apps,
    training_plans,
)
from sagewatch.standing.registry import STANDING_KINDS
from sagewatch.standing.studio.reading import STUDIO_READS

API = botocore.session.get_session().get_service_model("sagemaker")
READ: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("DescribeEndpoint", "", endpoint_models.EndpointModel),
    ("DescribeEndpointConfig", "", endpoint_models.EndpointConfigModel),
    ("DescribeModel", "", endpoint_models.ModelModel),
    ("ListInferenceComponents", "InferenceComponents", endpoint_models.ComponentSummary),
    ("DescribeApp", "", studio_apps.AppModel),
    ("ListApps", "Apps", studio_apps.AppSummary),
    ("DescribeSpace", "", spaces.SpaceModel),
    ("ListSpaces", "Spaces", spaces.SpaceSummary),
    ("DescribeMlflowTrackingServer", "", mlflow_servers.ServerModel),
    ("DescribeCluster", "", clusters.ClusterModel),
    ("ListTrainingPlans", "TrainingPlanSummaries", training_plans.PlanSummary),
    ("DescribeFeatureGroup", "", feature_groups.GroupModel),
    ("DescribeMonitoringSchedule", "", monitoring_schedules.ScheduleModel),
)


@pytest.mark.parametrize(("operation", "elements", "model"), READ)
def test_the_api_has_every_field_that_a_model_reads(operation: str, elements: str, model: type[BaseModel]) -> None:
    """At any depth."""
    output: Any = API.operation_model(operation).output_shape
    shape = output.members[elements].member if elements else output

    assert list(_unknown(model, shape, operation)) == []


@pytest.mark.parametrize(
    "operation", sorted({*STUDIO_READS, *(name for kind in STANDING_KINDS for name in kind.reads)})
)
def test_the_api_has_every_operation_that_a_kind_reads(operation: str) -> None:
    """Each is also a permission."""
    assert API.operation_model(operation).name == operation


def _unknown(model: type[BaseModel], shape: Any, where: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        alias = field.alias or name
        if alias not in shape.members:
            yield f"{where}.{alias}"
            continue
        inner = shape.members[alias]
        for nested in _models(field.annotation):
            yield from _unknown(nested, inner.member if inner.type_name == "list" else inner, f"{where}.{alias}")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
