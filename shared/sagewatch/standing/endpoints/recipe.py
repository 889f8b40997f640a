"""The recipe of an endpoint: everything that DeleteEndpoint loses, as the requests that create it again.

The endpoint's configuration and models are resources of their own, which stay. A recipe never holds the environment of
a container, which may be secret: an endpoint whose inference components have one is not deleted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Fields = Mapping[str, Any]

_SPECIFICATION = ("ModelName", "StartupParameters", "ComputeResourceRequirements", "BaseInferenceComponentName")
_MORE = ("InstanceType", "DataCacheConfig", "SchedulingConfig")
_TARGET = ("ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "SuspendedState")
_POLICY = ("ServiceNamespace", "PolicyName", "ResourceId", "ScalableDimension", "PolicyType")
_POLICY_BODIES = (
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScalingPolicyConfiguration",
)
_ACTION = ("ServiceNamespace", "ScheduledActionName", "ResourceId", "ScalableDimension", "Schedule", "Timezone")
_ACTION_BODIES = ("StartTime", "EndTime", "ScalableTargetAction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What makes an endpoint again. ``variants`` are DesiredWeightsAndCapacities; the rest are requests.

    ``alarmed`` names step policies with the alarms that invoke them: an alarm names the policy's ARN, and a new policy
    has a new one. ``finished`` says that everything was deleted: until then a repeated deletion continues with this
    recipe, because the endpoint may have lost parts of it.
    """

    name: str
    arn: str
    config_name: str
    tags: Sequence[Fields] = ()
    variants: Sequence[Fields] = ()
    components: Sequence[Fields] = ()
    targets: Sequence[Fields] = ()
    policies: Sequence[Fields] = ()
    scheduled_actions: Sequence[Fields] = ()
    alarmed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    finished: bool = False

    @property
    def account(self) -> str:
        """The account in its ARN."""
        return self.arn.split(":")[4]

    @property
    def region(self) -> str:
        """The region in its ARN."""
        return self.arn.split(":")[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the services answer about one endpoint."""

    endpoint: Fields
    tags: Sequence[Fields]
    components: Sequence[Fields]
    component_tags: Mapping[str, Sequence[Fields]]
    targets: Sequence[Fields]
    policies: Sequence[Fields]
    scheduled_actions: Sequence[Fields]


def recipe_of(reading: Reading) -> Recipe:
    """Write the recipe of an endpoint."""
    endpoint = reading.endpoint
    return Recipe(
        name=endpoint["EndpointName"],
        arn=endpoint["EndpointArn"],
        config_name=endpoint["EndpointConfigName"],
        tags=_own(reading.tags),
        variants=[_variant(variant) for variant in endpoint.get("ProductionVariants", [])],
        components=[_component(each, reading.component_tags) for each in reading.components],
        targets=[_some(target, _TARGET) for target in reading.targets],
        policies=[_some(policy, (*_POLICY, *_POLICY_BODIES)) for policy in reading.policies],
        scheduled_actions=[_some(action, (*_ACTION, *_ACTION_BODIES)) for action in reading.scheduled_actions],
        alarmed={
            policy["PolicyName"]: [alarm["AlarmName"] for alarm in policy.get("Alarms", [])]
            for policy in reading.policies
            if policy.get("PolicyType") == "StepScaling" and policy.get("Alarms")
        },
    )


def secret_component(reading: Reading) -> str | None:
    """Name a component whose container has an environment, which no recipe may hold."""
    for component in reading.components:
        specifications = [component.get("Specification") or {}, *(component.get("Specifications") or [])]
        if any((each.get("Container") or {}).get("Environment") for each in specifications):
            return str(component["InferenceComponentName"])
    return None


def differences(recipe: Recipe, now: Recipe) -> Sequence[str]:
    """Name the parts in which an endpoint differs from its recipe."""
    parts = ("config_name", "tags", "variants", "components", "targets", "policies", "scheduled_actions")
    return [part for part in parts if _sorted(getattr(recipe, part)) != _sorted(getattr(now, part))]


def _variant(variant: Fields) -> Fields:
    """Serverless variants have no instances, and their concurrency is in the configuration."""
    weights = {"VariantName": variant["VariantName"], "DesiredWeight": variant.get("DesiredWeight")}
    count = {"DesiredInstanceCount": variant.get("DesiredInstanceCount")}
    return {name: value for name, value in (weights | count).items() if value is not None}


def _component(component: Fields, tags: Mapping[str, Sequence[Fields]]) -> Fields:
    name = component["InferenceComponentName"]
    many = component.get("Specifications")
    made = {
        "InferenceComponentName": name,
        "EndpointName": component["EndpointName"],
        "VariantName": component.get("VariantName"),
        "Specification": None if many else _specification(component.get("Specification") or {}),
        "Specifications": [_specification(each) for each in many] if many else None,
        "RuntimeConfig": _copies(component.get("RuntimeConfig")),
        "Tags": _own(tags.get(name, [])) or None,
    }
    return {key: value for key, value in made.items() if value is not None}


def _specification(answer: Fields) -> Fields:
    """Describe answers a deployed image where Create takes an image."""
    container = answer.get("Container") or {}
    image = (container.get("DeployedImage") or {}).get("SpecifiedImage")
    parts = {
        "Image": image,
        "ArtifactUrl": container.get("ArtifactUrl"),
        **_some(container, ("ContainerMetricsConfig",)),
    }
    made = {name: value for name, value in parts.items() if value is not None}
    return {**_some(answer, (*_SPECIFICATION, *_MORE)), **({"Container": made} if made else {})}


def _copies(runtime: Fields | None) -> Fields | None:
    wanted = (runtime or {}).get("DesiredCopyCount")
    return None if wanted is None else {"CopyCount": wanted}


def _own(tags: Sequence[Fields]) -> Sequence[Fields]:
    """AWS sets its own tags, and refuses them in requests."""
    return [{"Key": tag["Key"], "Value": tag["Value"]} for tag in tags if not tag["Key"].startswith("aws:")]


def _some(answer: Fields, names: Sequence[str]) -> Fields:
    return {name: answer[name] for name in names if answer.get(name) is not None}


def _sorted(value: Any) -> Any:
    return sorted(value, key=repr) if isinstance(value, list | tuple) else value
