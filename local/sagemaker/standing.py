"""Standing resources of the emulated SageMaker: what Describe answers is what was put there.

Endpoints, their configurations and models, inference components, apps, users, spaces, MLflow servers, clusters,
training plans, feature groups and monitoring schedules. Not as on AWS: nothing has to be created in order, and no state
changes by itself. Endpoints, configurations and models that were created through the API are answered by moto.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any

import botocore.session
from botocore import xform_name
from flask import Flask, Response, jsonify, request
from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from local.sagemaker.faults import breakable
from sagewatch.sagemaker.fields import parse_timestamp

Fields = dict[str, Any]
Place = tuple[str, str]


@dataclass(frozen=True)
class Emulated:
    """How AWS names one kind: its List operation with the field of its elements, its Describe operation, its keys."""

    listing: str
    elements: str
    describe: str
    keys: tuple[str, ...]
    delete: str = ""


# Of an app, either the user or the space is part of the key.
KINDS: Mapping[str, Emulated] = {
    "endpoint": Emulated("ListEndpoints", "Endpoints", "DescribeEndpoint", ("EndpointName",), "DeleteEndpoint"),
    "endpoint-config": Emulated(
        "ListEndpointConfigs", "EndpointConfigs", "DescribeEndpointConfig", ("EndpointConfigName",)
    ),
    "model": Emulated("ListModels", "Models", "DescribeModel", ("ModelName",)),
    "inference-component": Emulated(
        "ListInferenceComponents", "InferenceComponents", "DescribeInferenceComponent", ("InferenceComponentName",)
    ),
    "app": Emulated(
        "ListApps",
        "Apps",
        "DescribeApp",
        ("DomainId", "AppType", "AppName", "UserProfileName", "SpaceName"),
        "DeleteApp",
    ),
    "user-profile": Emulated(
        "ListUserProfiles", "UserProfiles", "DescribeUserProfile", ("DomainId", "UserProfileName")
    ),
    "space": Emulated("ListSpaces", "Spaces", "DescribeSpace", ("DomainId", "SpaceName")),
    "mlflow-tracking-server": Emulated(
        "ListMlflowTrackingServers",
        "TrackingServerSummaries",
        "DescribeMlflowTrackingServer",
        ("TrackingServerName",),
    ),
    "partner-app": Emulated("ListPartnerApps", "Summaries", "DescribePartnerApp", ("Arn",)),
    "cluster": Emulated("ListClusters", "ClusterSummaries", "DescribeCluster", ("ClusterName",)),
    "training-plan": Emulated(
        "ListTrainingPlans", "TrainingPlanSummaries", "DescribeTrainingPlan", ("TrainingPlanName",)
    ),
    "feature-group": Emulated(
        "ListFeatureGroups", "FeatureGroupSummaries", "DescribeFeatureGroup", ("FeatureGroupName",)
    ),
    "monitoring-schedule": Emulated(
        "ListMonitoringSchedules",
        "MonitoringScheduleSummaries",
        "DescribeMonitoringSchedule",
        ("MonitoringScheduleName",),
    ),
}


@dataclass
class Shelf:
    """What was put, by place and kind. Safe for concurrent use."""

    _kept: dict[tuple[Place, str], dict[tuple[str, ...], Fields]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def put(self, place: Place, kind: str, fields: Fields) -> None:
        """Put a resource, in place of the one of its key."""
        with self._lock:
            self._kept.setdefault((place, kind), {})[_key(kind, fields)] = fields

    def get(self, place: Place, kind: str, asked: Mapping[str, Any]) -> Fields | None:
        """The resource that a request names."""
        with self._lock:
            return self._kept.get((place, kind), {}).get(_key(kind, asked))

    def remove(self, place: Place, kind: str, asked: Mapping[str, Any]) -> bool:
        """Remove it; say whether it was there."""
        with self._lock:
            return self._kept.get((place, kind), {}).pop(_key(kind, asked), None) is not None

    def all(self, place: Place, kind: str) -> list[Fields]:
        """Every resource of a kind, in the order they were put."""
        with self._lock:
            return list(self._kept.get((place, kind), {}).values())

    def by_arn(self, place: Place, arn: str) -> Fields | None:
        """The resource of an ARN, whatever its case."""
        with self._lock:
            kept = [fields for (where, _), some in self._kept.items() if where == place for fields in some.values()]
        return next((each for each in kept if arn.lower() in _arns(each)), None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()


SHELF = Shelf()


def extend_standing() -> None:
    """Add what moto's SageMaker lacks. Call it once, before the server starts."""
    for kind, emulated in KINDS.items():
        for operation, answer in ((emulated.describe, _describing), (emulated.listing, _listing)):
            method = xform_name(operation)
            setattr(SageMakerResponse, method, answer(kind, getattr(SageMakerResponse, method, None)))
            breakable(operation)
        if emulated.delete:
            method = xform_name(emulated.delete)
            setattr(SageMakerResponse, method, _deleting(kind, getattr(SageMakerResponse, method, None)))


def standing_route(app: Flask, account: str, default_region: str) -> None:
    """``POST /standing/<kind>`` with Describe fields puts a resource; times are ISO 8601."""

    @app.post("/standing/<kind>")
    def put(kind: str) -> tuple[Response, int]:
        if kind not in KINDS:
            return jsonify({"error": f"no kind {kind!r}; there are {', '.join(KINDS)}"}), 404
        fields = request.get_json(force=True)
        SHELF.put((account, request.args.get("region", default_region)), kind, fields)
        return jsonify({"put": fields}), 200


def _describing(kind: str, otherwise: Callable[..., ActionResult] | None) -> Callable[..., ActionResult]:
    def describe(self: SageMakerResponse) -> ActionResult:
        found = SHELF.get(place_of(self), kind, _asked(self, kind))
        if found is not None:
            return ActionResult(_typed({name: value for name, value in found.items() if name != "Tags"}))
        if otherwise:
            return otherwise(self)
        raise ValidationError(message="Requested resource not found.")

    return describe


def _listing(kind: str, otherwise: Callable[..., ActionResult] | None) -> Callable[..., ActionResult]:
    """Pages of at most a hundred, ten by default. What moto holds is on the last page."""

    def listed(self: SageMakerResponse) -> ActionResult:
        emulated = KINDS[kind]
        found = [each for each in SHELF.all(place_of(self), kind) if _wanted(self, each)]
        begin = int(self._get_param("NextToken") or 0) if str(self._get_param("NextToken") or 0).isdigit() else 0
        end = begin + min(int(self._get_param("MaxResults") or 10), 100)
        answer: Fields = {emulated.elements: [_summary(kind, each) for each in found[begin:end]]}
        if end < len(found):
            return ActionResult(answer | {"NextToken": str(end)})
        if otherwise and not found:
            return otherwise(self)
        return ActionResult(answer)

    return listed


def _deleting(kind: str, otherwise: Callable[..., ActionResult] | None) -> Callable[..., ActionResult]:
    def delete(self: SageMakerResponse) -> ActionResult:
        if SHELF.remove(place_of(self), kind, _asked(self, kind)):
            return ActionResult({})
        if otherwise:
            return otherwise(self)
        raise ValidationError(message="Requested resource not found.")

    return delete


def _wanted(asked: SageMakerResponse, fields: Fields) -> bool:
    """Narrowed by the filters that the product uses."""
    filters = {"StatusEquals": "MonitoringScheduleStatus", "EndpointNameEquals": "EndpointName"}
    wanted = {fields.get(name): asked._get_param(given) for given, name in filters.items() if name in fields}  # noqa: SLF001 - moto's way to read a request
    return all(value in {None, found} for found, value in wanted.items())


def _summary(kind: str, fields: Fields) -> Fields:
    known = _summary_members(kind)
    summary: Fields = _typed({name: value for name, value in fields.items() if name in known})
    return summary


@cache
def _summary_members(kind: str) -> frozenset[str]:
    service = botocore.session.get_session().get_service_model("sagemaker")
    output: Any = service.operation_model(KINDS[kind].listing).output_shape
    return frozenset(output.members[KINDS[kind].elements].member.members)


def _typed(value: Any, name: str = "") -> Any:
    """Times as moto serializes them."""
    match value:
        case dict():
            return {key: _typed(item, key) for key, item in value.items()}
        case list():
            return [_typed(item) for item in value]
        case str() if name.endswith(("Time", "Timestamp")):
            return parse_timestamp(value)
        case _:
            return value


def place_of(asked: SageMakerResponse) -> Place:
    """The account and the region of a request."""
    return asked.current_account, asked.region


def _asked(asked: SageMakerResponse, kind: str) -> Fields:
    return {name: asked._get_param(name) for name in KINDS[kind].keys}  # noqa: SLF001 - moto's way to read a request


def _key(kind: str, fields: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(fields.get(name) or "") for name in KINDS[kind].keys)


def _arns(fields: Fields) -> Iterator[str]:
    return (value.lower() for name, value in fields.items() if name.endswith("Arn") and isinstance(value, str))
