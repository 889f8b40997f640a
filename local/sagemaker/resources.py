"""Where moto keeps each kind of SageMaker resource, and how AWS spells what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from moto.core.utils import camelcase_to_underscores
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from sagewatch.sagemaker.kinds import KIND_FACTS, KindFacts


@dataclass(frozen=True)
class Emulated:
    """Where moto keeps one kind of resource, and how AWS spells it.

    ``prefix`` precedes Status, StartTime... but for an AutoML job's EndTime; ``creating`` is the create call.
    """

    store: str
    prefix: str
    operation: str
    creating: str = ""

    @property
    def end(self) -> str:
        """The name of the field with its end time."""
        return "EndTime" if self.prefix == "AutoML" else f"{self.prefix}EndTime"


def _emulated(facts: KindFacts) -> Emulated:
    creating = xform_name(facts.describe_operation.replace("Describe", "Create")) if facts.is_job else ""
    prefix, store = facts.api_name.removesuffix("Job"), xform_name(f"{facts.api_name}s")
    return Emulated(store, prefix, facts.describe_operation, creating)


KINDS: Mapping[str, Emulated] = {facts.arn_type: _emulated(facts) for facts in KIND_FACTS.values()}
ENDED = frozenset({"Completed", "Failed", "Stopped"})
_SHORTER = {
    "NotebookInstanceStatus": "status",
    "NotebookInstanceArn": "arn",
    "NotebookInstanceLifecycleConfigName": "lifecycle_config_name",
    "SecurityGroups": "security_group_ids",
}


def named(asked: SageMakerResponse, emulated: Emulated) -> Any:
    """The job that a request names."""
    job = getattr(asked.sagemaker_backend, emulated.store).get(asked._get_param(f"{emulated.prefix}JobName"))  # noqa: SLF001 - moto's way to read a request
    if job is None:
        raise ValidationError(message="Requested resource not found.")
    return job


def put(resource: object, name: str, value: object) -> None:
    """Set a Describe field."""
    setattr(resource, attribute(resource, name), value)


def get(resource: object, name: str) -> object:
    """Read a Describe field; ``None`` if it is absent."""
    return getattr(resource, attribute(resource, name), None)


def attribute(resource: object, name: str) -> str:
    """Moto's own attribute if it has one, because its lists read that; otherwise the API's name, which moto returns."""
    snake = camelcase_to_underscores(name.replace("AutoML", "AutoMl"))
    return next((known for known in (snake, _SHORTER.get(name, snake)) if hasattr(resource, known)), name)
