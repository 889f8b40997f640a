"""Every member and status of AWS's model is read, or listed with the reason why not."""

from copy import deepcopy
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from tools.aws_shapes.reviewed import newer_than_pinned, reviewed
from tools.aws_shapes.walk import sagemaker, unread, unread_in_documents, without_member

# Fields that events have and Describe answers do not, or that only some kinds of job have.
EVENTS_ONLY = {"Tags", "RoleArn", "StoppingCondition", "LastModifiedTime"}


def test_nothing_of_an_answer_is_overlooked() -> None:
    """A new member or status in the pinned botocore, a documented event or a product is read, or listed."""
    assert sorted({*unread(sagemaker()), *unread_in_documents()} - reviewed()) == []


def test_the_list_names_only_what_exists() -> None:
    """A member that is read, or that AWS has removed, leaves the list."""
    assert sorted(reviewed() - newer_than_pinned() - {*unread(sagemaker()), *unread_in_documents()}) == []


def test_no_model_waits_for_a_field_that_describe_does_not_have() -> None:
    """Such a field is always unknown, and what depends on it never happens."""
    found = set(without_member(sagemaker()))

    assert {path for path in found if path.rpartition(".")[2] not in EVENTS_ONLY} == set()


@pytest.mark.parametrize(
    ("shape", "change", "path"),
    [
        ("ResourceConfig", ("members", "SpareInstances"), "DescribeTrainingJob.ResourceConfig.SpareInstances"),
        ("InstanceGroup", ("members", "Spare"), "DescribeTrainingJob.ResourceConfig.InstanceGroups.Spare"),
        (
            "NotebookInstanceStatus",
            ("enum", "Hibernated"),
            "DescribeNotebookInstance.NotebookInstanceStatus=Hibernated",
        ),
        ("TrainingJobSummary", ("members", "Spare"), "ListTrainingJobs.Spare"),
        ("TrainingJobStatus", ("enum", "Paused"), "DescribeTrainingJob.TrainingJobStatus=Paused"),
    ],
)
def test_what_aws_adds_is_found(shape: str, change: tuple[str, str], path: str) -> None:
    """At every depth, and in enums."""
    model: dict[str, Any] = deepcopy(dict(Loader().load_service_model("sagemaker", "service-2")))
    where, name = change
    if where == "enum":
        model["shapes"][shape]["enum"].append(name)
    else:
        model["shapes"][shape]["members"][name] = {"shape": "String"}
    new = set(unread(ServiceModel(model, "sagemaker"))) - reviewed()

    assert path in new
