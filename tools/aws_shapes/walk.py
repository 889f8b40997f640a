"""Compares botocore's model of every response SageWatch reads with the pydantic model that parses it."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Self, get_args

from botocore.loaders import Loader
from botocore.model import ServiceModel
from pydantic import BaseModel

from sagewatch.sagemaker.job_models import (
    AutoMLJobModel,
    ProcessingJobModel,
    TrainingJobModel,
    TransformJobModel,
    TuningJobModel,
)
from sagewatch.sagemaker.notebook_models import NotebookModel

# An operation of SageMaker, the path to the structure in its answer, and the model that reads it.
READ: tuple[tuple[str, tuple[str, ...], type[BaseModel]], ...] = (
    ("DescribeTrainingJob", (), TrainingJobModel),
    ("DescribeProcessingJob", (), ProcessingJobModel),
    ("DescribeTransformJob", (), TransformJobModel),
    ("DescribeHyperParameterTuningJob", (), TuningJobModel),
    ("DescribeAutoMLJobV2", (), AutoMLJobModel),
    ("DescribeNotebookInstance", (), NotebookModel),
    ("ListNotebookInstances", ("NotebookInstances",), NotebookModel),
)


def sagemaker(data: str | None = None) -> ServiceModel:
    """The service model: the installed botocore's, or that of another botocore's ``data`` folder."""
    loader = Loader(extra_search_paths=[data], include_default_search_paths=False) if data else Loader()
    return ServiceModel(loader.load_service_model("sagemaker", "service-2"), "sagemaker")


def unread(service: ServiceModel) -> Iterator[str]:
    """Every member, as a dotted path, and every value of an enum, after ``=``, that no model reads."""
    for operation, path, model in READ:
        shape: Any = service.operation_model(operation).output_shape
        for name in path:
            shape = _structure(shape.members[name])
        yield from _members(shape, model, operation)


def without_member(service: ServiceModel) -> Iterator[str]:
    """Every top-level field of a model that its Describe answer does not have."""
    for operation, path, model in READ:
        if not path:
            yield from _fields(service.operation_model(operation).output_shape, model, operation)


def _members(shape: Any, model: type[BaseModel], path: str) -> Iterator[str]:
    fields = {str(field.alias): field.annotation for field in model.model_fields.values()}
    for name, member in shape.members.items():
        here = f"{path}.{name}"
        if name not in fields:
            yield here
            continue
        nested, structure = _model(fields[name], model), _structure(member)
        if nested and structure.type_name == "structure":
            yield from _members(structure, nested, here)
        yield from _values(member, fields[name], here)


def _values(member: Any, annotation: Any, path: str) -> Iterator[str]:
    values = getattr(member, "enum", None) or _alternatives(member)
    ours = next((kind for kind in _parts(annotation) if isinstance(kind, type) and issubclass(kind, StrEnum)), None)
    known = {each.value for each in ours} if ours else set()
    if ours or _is_status(path):
        yield from (f"{path}={value}" for value in values if value not in known)


def _alternatives(member: Any) -> list[str]:
    """The platforms of a notebook are a pattern, ``(a|b|c)``, in place of an enum."""
    pattern = str(member.metadata.get("pattern", ""))
    return re.findall(r"[\w-]+", pattern) if re.fullmatch(r"\([\w|-]+\)", pattern) else []


def _is_status(path: str) -> bool:
    return path.endswith(("Status", "PlatformIdentifier"))


def _fields(shape: Any, model: type[BaseModel], path: str) -> Iterator[str]:
    aliases = (str(field.alias) for field in model.model_fields.values())
    yield from (f"{path}.{alias}" for alias in aliases if alias not in shape.members)


def _structure(shape: Any) -> Any:
    return shape.member if shape.type_name == "list" else shape


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _model(annotation: Any, owner: type[BaseModel]) -> type[BaseModel] | None:
    parts = (owner if part is Self else part for part in _parts(annotation))
    return next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), None)
