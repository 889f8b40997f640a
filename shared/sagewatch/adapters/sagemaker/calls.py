"""Call SageMaker's operations by the names in ``KIND_FACTS``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore import xform_name

from sagewatch.sagemaker.kinds import KIND_FACTS, KindFacts, ResourceKind

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


def facts_of_job(kind: ResourceKind) -> KindFacts:
    """Return the names of a kind of job. Raises ``ValueError`` for notebooks, which other adapters read and stop."""
    facts = KIND_FACTS[kind]
    if not facts.is_job:
        raise ValueError(f"a {facts.label.lower()} is not a job")
    return facts


def call(client: "SageMakerClient", operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Call an operation, for example ``DescribeTrainingJob``."""
    answer: Mapping[str, Any] = getattr(client, xform_name(operation))(**request)
    return answer
