"""SageMaker's and Application Auto Scaling's calls for actions on endpoints, in one region."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, override

from botocore import xform_name
from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, text_of, translated
from sagewatch.adapters.sagemaker.calls import call
from sagewatch.adapters.sagemaker.jobs import is_gone
from sagewatch.errors import StopRefusedError
from sagewatch.redaction import redact
from sagewatch.standing.endpoints.ports import EndpointChanges, Fields
from sagewatch.standing.idling.ports import EndCalls
from sagewatch.standing.resources import EndCall

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_NAMESPACE = "sagemaker"
_REFUSALS = frozenset({"ConflictException", "ResourceInUse", "ValidationException"})  # it is in another state
_ANSWER = frozenset({"ResponseMetadata"})


class SageMakerEndpointChanges(EndpointChanges):
    """The ``EndpointChanges`` port."""

    PERMISSIONS: ClassVar = (
        "sagemaker:AddTags",  # CreateEndpoint and CreateInferenceComponent with tags
        "sagemaker:CreateEndpoint",
        "sagemaker:CreateInferenceComponent",
        "sagemaker:DeleteEndpoint",
        "sagemaker:DeleteInferenceComponent",
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:DescribeInferenceComponent",
        "sagemaker:DescribeModel",
        "sagemaker:ListInferenceComponents",
        "sagemaker:ListTags",
        "sagemaker:UpdateEndpointWeightsAndCapacities",
        "sagemaker:UpdateInferenceComponentRuntimeConfig",
        "application-autoscaling:DeregisterScalableTarget",
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScheduledActions",
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:PutScheduledAction",
        "application-autoscaling:RegisterScalableTarget",
        # Application Auto Scaling makes the alarms of target tracking, and asks whether its caller may.
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:PutMetricAlarm",
    )

    def __init__(self, sagemaker: "SageMakerClient", autoscaling: Any) -> None:
        self._sagemaker = sagemaker
        self._autoscaling = autoscaling

    @override
    def describe(self, operation: str, request: Fields) -> Fields | None:
        with translated(f"sagemaker:{operation}"):
            try:
                answer = call(self._sagemaker, operation, request)
            except ClientError as exc:
                if is_gone(exc):
                    return None
                raise
        return {name: value for name, value in answer.items() if name not in _ANSWER}

    @override
    def list(self, operation: str, field: str, request: Fields) -> Sequence[Fields]:
        with translated(f"sagemaker:{operation}"):
            return _pages(self._sagemaker, operation, field, request)

    @override
    def scaling(self, operation: str, field: str, resource_id: str) -> Sequence[Fields]:
        """Targets are asked for by a list of resources, the others by one."""
        by = {"ResourceIds": [resource_id]} if operation == "DescribeScalableTargets" else {"ResourceId": resource_id}
        with translated(f"application-autoscaling:{operation}"):
            return _pages(self._autoscaling, operation, field, {"ServiceNamespace": _NAMESPACE, **by})

    @override
    def change(self, operation: str, request: Fields) -> None:
        with translated(f"sagemaker:{operation}"):
            call(self._sagemaker, operation, request)

    @override
    def change_scaling(self, operation: str, request: Fields) -> None:
        with translated(f"application-autoscaling:{operation}"):
            getattr(self._autoscaling, xform_name(operation))(**request)


class SageMakerEndpointChangesByRegion:
    """Makes the changes of each region."""

    PERMISSIONS: ClassVar = SageMakerEndpointChanges.PERMISSIONS

    def __init__(self, sagemaker: "Callable[[str], SageMakerClient]", autoscaling: Callable[[str], Any]) -> None:
        self._sagemaker = sagemaker
        self._autoscaling = autoscaling

    def __call__(self, region: str) -> EndpointChanges:
        """Return the changes of a region."""
        return SageMakerEndpointChanges(self._sagemaker(region), self._autoscaling(region))


class SageMakerEndCalls(EndCalls):
    """The ``EndCalls`` port: of a Canvas app or an MLflow server."""

    PERMISSIONS: ClassVar = ("sagemaker:DeleteApp", "sagemaker:StopMlflowTrackingServer")

    def __init__(self, client_for: "Callable[[str], SageMakerClient]") -> None:
        self._client_for = client_for

    @override
    def end(self, region: str, ending: EndCall) -> bool:
        with translated(f"sagemaker:{ending.operation}"):
            try:
                call(self._client_for(region), ending.operation, ending.request)
            except ClientError as exc:
                if is_gone(exc):
                    return False
                if code_of(exc) not in _REFUSALS:
                    raise
                reason = redact(text_of(exc)) or "no reason given"
                raise StopRefusedError(f"sagemaker:{ending.operation}: {reason}") from exc
        return True


def _pages(client: Any, operation: str, field: str, request: Fields) -> Sequence[Fields]:
    pages = client.get_paginator(xform_name(operation)).paginate(**request)
    return [each for page in pages for each in page[field]]
