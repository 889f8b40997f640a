"""Which instances a job runs on, from every form in which SageMaker describes them."""

from typing import Any

import pytest

from sagewatch.sagemaker.model_parts import Cluster
from sagewatch.sagemaker.resources import MAX_INSTANCES, InstanceGroup

PREFERENCES = [
    {"InstanceType": "ml.p5.48xlarge", "InstanceCount": 1, "TrainingPlanArns": ["arn:plan"]},
    {"InstanceType": "ml.g5.xlarge", "InstanceCount": 4},
]
FOUR = (InstanceGroup("ml.g5.xlarge", 4),)


def selected(instance_type: str, count: int) -> dict[str, Any]:
    """A cluster of which SageMaker selected one preference."""
    return {"InstancePreferences": PREFERENCES, "SelectedInstanceType": instance_type, "SelectedInstanceCount": count}


@pytest.mark.parametrize(
    ("told", "groups"),
    [
        ({"InstanceType": "ml.g5.xlarge", "InstanceCount": 4}, FOUR),
        (selected("ml.g5.xlarge", 4), FOUR),
        ({"InstancePreferences": PREFERENCES}, ()),
        ({"InstanceGroups": [{"InstanceType": "ml.g5.xlarge", "InstanceCount": 4}]}, FOUR),
        ({"InstanceGroups": [{"InstanceType": "ml.g5.xlarge", "InstanceCount": 4}, {"InstanceCount": 1}]}, ()),
        ({"InstanceType": "ml.g5.xlarge"}, ()),
        ({"InstanceType": "ml.g5.xlarge", "InstanceCount": 0}, ()),
        ({"InstanceType": "ml.g5.xlarge", "InstanceCount": -1}, ()),
        ({"InstanceType": "ml.g5.xlarge", "InstanceCount": MAX_INSTANCES + 1}, ()),
        ({"InstanceType": "ml.g5.xlarge", "InstanceCount": 10**30}, ()),
        ({}, ()),
    ],
)
def test_a_cluster_is_known_as_a_whole_or_not_at_all(told: dict[str, Any], groups: tuple[InstanceGroup, ...]) -> None:
    """The selected preference counts. A missing type or an impossible count makes the cluster unknown."""
    assert Cluster.model_validate(told).groups == groups


@pytest.mark.parametrize(
    ("told", "plan"),
    [
        ({"TrainingPlanArn": "arn:plan"}, "arn:plan"),
        ({"TrainingPlanArn": ""}, None),
        (selected("ml.p5.48xlarge", 1), "arn:plan"),
        (selected("ml.g5.xlarge", 4), None),
        ({"InstancePreferences": PREFERENCES}, None),
    ],
)
def test_a_plan_covers_the_preference_it_belongs_to(told: dict[str, Any], plan: str | None) -> None:
    """Another preference's plan pays for nothing, and an empty ARN is no plan."""
    assert Cluster.model_validate(told).plan == plan
