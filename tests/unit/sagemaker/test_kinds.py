"""Every kind has its row, its model, and names that the API, the console and the price list know."""

from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel

from sagewatch.sagemaker.job_models import JOB_MODELS
from sagewatch.sagemaker.kinds import JOB_KINDS, KIND_FACTS, ResourceKind

API: ServiceModel = botocore.session.get_session().get_service_model("sagemaker")


def members(shape: Any, of_list: str | None = None) -> set[str]:
    """Name the members of a structure, or those of the elements of its list."""
    return set(shape.members[of_list].member.members if of_list else shape.members)


def test_every_kind_has_a_row() -> None:
    """A kind without facts would fail at run time, in the first function that reads them."""
    assert set(KIND_FACTS) == set(ResourceKind)


def test_every_kind_of_job_has_a_model() -> None:
    """A job that is listed can also be read."""
    assert set(JOB_MODELS) == set(JOB_KINDS)


@pytest.mark.parametrize("kind", JOB_KINDS)
def test_the_api_knows_each_operation_and_field_of_a_kind(kind: ResourceKind) -> None:
    """The names that follow from ``api_name`` are those of the service's own model."""
    facts = KIND_FACTS[kind]
    describe, stop = API.operation_model(facts.describe_operation), API.operation_model(facts.stop_operation)
    listing = API.operation_model(facts.list_operation).output_shape

    assert members(describe.input_shape) == members(stop.input_shape) == {facts.name_field}
    assert {facts.name_field, facts.arn_field} <= members(describe.output_shape)
    assert {facts.name_field, facts.arn_field, "CreationTime"} <= members(listing, facts.summaries_field)


@pytest.mark.parametrize("kind", JOB_KINDS)
def test_the_model_of_a_job_reads_the_fields_of_its_kind(kind: ResourceKind) -> None:
    """Name, ARN and status have the spelling of the Describe answer."""
    facts, fields = KIND_FACTS[kind], JOB_MODELS[kind].model_fields

    aliases = [fields[name].alias for name in ("name", "arn", "status")]
    assert aliases == [facts.name_field, facts.arn_field, f"{facts.api_name}Status"]


@pytest.mark.parametrize("name", ["label", "focus_type", "arn_type", "detail_type", "component", "console_path"])
def test_no_two_kinds_share_a_name(name: str) -> None:
    """Rows copied from another kind would be read as that kind."""
    given = [getattr(facts, name) for facts in KIND_FACTS.values() if getattr(facts, name) is not None]

    assert len(set(given)) == len(given)
