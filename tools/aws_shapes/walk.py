"""Compares botocore's model of every response SageWatch reads with the pydantic model that parses it."""

import json
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, get_args, get_origin

from botocore.loaders import Loader
from botocore.model import ServiceModel
from pydantic import BaseModel

from sagewatch.pricing.price_list import PriceDocument
from sagewatch.sagemaker.events import Envelope
from sagewatch.sagemaker.job_models import (
    AutoMLJobModel,
    ProcessingJobModel,
    TrainingJobModel,
    TransformJobModel,
    TuningJobModel,
)
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.sagemaker.notebook_models import NotebookModel
from sagewatch.sagemaker.summaries import SUMMARIES

# An operation of SageMaker, the path to the structure in its answer, and the model that reads it.
READ: tuple[tuple[str, tuple[str, ...], type[BaseModel]], ...] = (
    ("DescribeTrainingJob", (), TrainingJobModel),
    ("DescribeProcessingJob", (), ProcessingJobModel),
    ("DescribeTransformJob", (), TransformJobModel),
    ("DescribeHyperParameterTuningJob", (), TuningJobModel),
    ("DescribeAutoMLJobV2", (), AutoMLJobModel),
    ("DescribeNotebookInstance", (), NotebookModel),
    ("ListNotebookInstances", ("NotebookInstances",), NotebookModel),
    *(
        (KIND_FACTS[kind].list_operation, (KIND_FACTS[kind].summaries_field,), model)
        for kind, model in SUMMARIES.items()
    ),
)
# Documents that botocore has no model of: events as AWS documents them, and a product of the Price List.
EVENTS, PRICES = Path(__file__).parent.parent.parent / "events", Path(__file__).parent / "price_list_product.json"
_EVENT_MODELS: Mapping[str, type[BaseModel]] = {
    "SageMaker Training Job State Change": TrainingJobModel,
    "SageMaker Processing Job State Change": ProcessingJobModel,
    "SageMaker Transform Job State Change": TransformJobModel,
    "SageMaker HyperParameter Tuning Job State Change": TuningJobModel,
    "SageMaker Notebook Instance State Change": NotebookModel,
}
_READ_BY_NAME = frozenset({"instanceName", "usagetype", "component", "servicecode", "regionCode", "locationType"}) | {
    "platoinstancetype"
}


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


def unread_in_documents() -> Iterator[str]:
    """Every member of the documented events and of a product of the Price List that no model reads."""
    for path in sorted(EVENTS.glob("*.json")):
        event = json.loads(path.read_text(encoding="utf-8"))
        model = None if path.name.startswith("miss-") else _EVENT_MODELS.get(event["detail-type"])
        if model:
            yield from _keys(event, Envelope, "Event")
            kind = event["detail-type"].removeprefix("SageMaker ").removesuffix(" State Change")
            yield from _keys(event["detail"], model, f"Event of {kind}")
    product = json.loads(PRICES.read_text(encoding="utf-8"))
    yield from _keys(product, PriceDocument, "PriceList")
    attributes = product["product"]["attributes"]
    yield from (f"PriceList.product.attributes.{name}" for name in attributes if name not in _READ_BY_NAME)


def _keys(value: Any, model: type[BaseModel], path: str) -> Iterator[str]:
    """Walk an object as it came. Keys that are identifiers, as the SKUs of terms, stand for their values."""
    fields = {str(field.alias or name): field.annotation for name, field in model.model_fields.items()}
    for name, member in value.items():
        here, annotation = f"{path}.{name}", fields.get(name)
        if name not in fields:
            yield here
            continue
        nested = _model(annotation, model)
        for each in _objects(member, annotation) if nested else ():
            yield from _keys(each, nested, here)  # type: ignore[arg-type] # it is there


def _objects(member: Any, annotation: Any) -> Iterator[Mapping[str, Any]]:
    by_identifier = any(get_origin(part) is dict for part in _parts(annotation))
    found = member.values() if by_identifier else member if isinstance(member, list) else [member]
    yield from (each for each in found if isinstance(each, Mapping))


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
