"""Changes of standing resources that were put there: endpoints are created, scaled and deleted, a server is stopped.

Not as on AWS: everything is done at once, and there is always capacity.
"""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from local.sagemaker.faults import breakable
from local.sagemaker.standing import SHELF, Fields, place_of

Otherwise = Callable[..., ActionResult] | None


def extend_endpoints() -> None:
    """Add the changes. What moto itself holds is changed by moto. Call it once, before the server starts."""
    for method, operation, change in (
        ("create_endpoint", "CreateEndpoint", _creating),
        ("update_endpoint_weights_and_capacities", "UpdateEndpointWeightsAndCapacities", _scaling),
        ("stop_mlflow_tracking_server", "StopMlflowTrackingServer", _stopping),
    ):
        setattr(SageMakerResponse, method, change(getattr(SageMakerResponse, method, None)))
        breakable(operation)


def _creating(otherwise: Otherwise) -> Callable[..., ActionResult]:
    """From a configuration that was put there."""

    def create(self: SageMakerResponse) -> ActionResult:
        name, config_name = _param(self, "EndpointName"), _param(self, "EndpointConfigName")
        config = SHELF.get(place_of(self), "endpoint-config", {"EndpointConfigName": config_name})
        if config is None:
            return _by_moto(otherwise, self)
        account, region = place_of(self)
        arn = f"arn:aws:sagemaker:{region}:{account}:endpoint/{name.lower()}"
        made: Fields = {
            "EndpointName": name,
            "EndpointArn": arn,
            "EndpointConfigName": config_name,
            "EndpointStatus": "InService",
            "ProductionVariants": [_variant(each) for each in config["ProductionVariants"]],
            "Tags": _param(self, "Tags") or [],
            **{time: f"{utcnow().isoformat()}Z" for time in ("CreationTime", "LastModifiedTime")},
        }
        SHELF.put(place_of(self), "endpoint", made)
        return ActionResult({"EndpointArn": arn})

    return create


def _variant(configured: Fields) -> Fields:
    count, weight = configured.get("InitialInstanceCount", 1), configured.get("InitialVariantWeight", 1.0)
    sizes = {f"{when}InstanceCount": count for when in ("Current", "Desired")}
    return {"VariantName": configured["VariantName"], **sizes, "CurrentWeight": weight, "DesiredWeight": weight}


def _scaling(otherwise: Otherwise) -> Callable[..., ActionResult]:
    """To the desired instances and weights."""

    def scale(self: SageMakerResponse) -> ActionResult:
        endpoint = SHELF.get(place_of(self), "endpoint", {"EndpointName": _param(self, "EndpointName")})
        if endpoint is None:
            return _by_moto(otherwise, self)
        wanted = {each["VariantName"]: each for each in _param(self, "DesiredWeightsAndCapacities")}
        variants = [_scaled(each, wanted.get(each["VariantName"], {})) for each in endpoint["ProductionVariants"]]
        SHELF.put(place_of(self), "endpoint", {**endpoint, "ProductionVariants": variants})
        return ActionResult({"EndpointArn": endpoint["EndpointArn"]})

    return scale


def _scaled(variant: Fields, wanted: Fields) -> Fields:
    changed = dict(variant)
    for what in ("InstanceCount", "Weight"):
        if f"Desired{what}" in wanted:
            changed |= {f"Current{what}": wanted[f"Desired{what}"], f"Desired{what}": wanted[f"Desired{what}"]}
    return changed


def _stopping(otherwise: Otherwise) -> Callable[..., ActionResult]:
    def stop(self: SageMakerResponse) -> ActionResult:
        asked = {"TrackingServerName": _param(self, "TrackingServerName")}
        server = SHELF.get(place_of(self), "mlflow-tracking-server", asked)
        if server is None:
            return _by_moto(otherwise, self)
        stopped = {"TrackingServerStatus": "Stopped", "IsActive": "Inactive"}
        SHELF.put(place_of(self), "mlflow-tracking-server", {**server, **stopped})
        return ActionResult({"TrackingServerArn": server["TrackingServerArn"]})

    return stop


def _by_moto(otherwise: Otherwise, asked: SageMakerResponse) -> ActionResult:
    if otherwise:
        return otherwise(asked)
    raise ValidationError(message="Requested resource not found.")


def _param(asked: SageMakerResponse, name: str) -> Any:
    return asked._get_param(name)  # noqa: SLF001 - moto's way to read a request
