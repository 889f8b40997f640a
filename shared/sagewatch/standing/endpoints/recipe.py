"""The recipe of an endpoint: what DeleteEndpoint loses, as the requests that create it again.

It lacks the deployment configuration of the last update, weights of shadow variants and tags of scalable targets.
The endpoint's configuration and models are resources of their own, which stay. A recipe never holds the environment of
a container, which may be secret: an endpoint whose inference components have one is not deleted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
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
_TIMES = ("StartTime", "EndTime")
_ACTION_BODIES = (*_TIMES, "ScalableTargetAction")
_IDENTITY = ("InferenceComponentName", "ResourceId", "ScalableDimension", "PolicyName", "ScheduledActionName")
_ADDED = ("components", "targets", "policies", "scheduled_actions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What makes an endpoint again. ``variants`` are DesiredWeightsAndCapacities; the rest are requests.

    ``alarmed`` names step policies with the alarms that invoke them: an alarm names the policy's ARN, and a new policy
    has a new one. ``finished`` says that everything was deleted: until then a repeated deletion keeps the parts that
    the endpoint has already lost, if it is still the one of ``created_at``. ``restoring_since`` is when a restore began
    that has not ended: what it made of the endpoint may lack parts.
    """

    name: str
    arn: str
    config_name: str
    created_at: datetime | None = None
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
    restoring_since: datetime | None = None

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
        created_at=endpoint.get("CreationTime"),
        tags=_own(reading.tags),
        variants=[variant_of(variant) for variant in endpoint.get("ProductionVariants", [])],
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


def same_endpoint(recipe: Recipe, kept: Recipe) -> bool:
    """Whether both are of one endpoint with one configuration. Early recipes do not know when it was created."""
    return kept.config_name == recipe.config_name and kept.created_at in {None, recipe.created_at}


def half_restored(recipe: Recipe, kept: Recipe) -> bool:
    """Whether the endpoint is what an unfinished restore of the kept recipe has made so far."""
    since, born = kept.restoring_since, recipe.created_at
    return since is not None and born is not None and born >= since and not conflicts(kept, recipe)


def completed(recipe: Recipe, kept: Recipe) -> Recipe:
    """Add what a recipe lacks and an earlier one of the same endpoint has."""
    more: dict[str, Any] = {part: _with_missing(getattr(recipe, part), getattr(kept, part)) for part in _ADDED}
    return replace(recipe, alarmed={**kept.alarmed, **recipe.alarmed}, **more)


def without_ended(recipe: Recipe, now: datetime) -> tuple[Recipe, Sequence[str]]:
    """The recipe without the scheduled actions whose last time is over, and their names: they cannot be made again."""
    over = [each for each in recipe.scheduled_actions if each.get("EndTime") and _moment(each["EndTime"]) <= now]
    left = [each for each in recipe.scheduled_actions if each not in over]
    return replace(recipe, scheduled_actions=left), [str(each["ScheduledActionName"]) for each in over]


def in_order(components: Sequence[Fields]) -> Sequence[Sequence[Fields]]:
    """The components that stand alone, then the adapters, which need them. Empty groups are left out."""
    groups = ([each for each in components if _is_adapter(each) is adapter] for adapter in (False, True))
    return [group for group in groups if group]


def _is_adapter(component: Fields) -> bool:
    many = component.get("Specifications") or [component.get("Specification") or {}]
    return any(each.get("BaseInferenceComponentName") for each in many)


def differences(recipe: Recipe, now: Recipe) -> Sequence[str]:
    """Name the parts in which an endpoint differs from its recipe."""
    parts = ("config_name", "tags", "variants", *_ADDED)
    return [part for part in parts if _sorted(getattr(recipe, part)) != _sorted(getattr(now, part))]


def conflicts(recipe: Recipe, now: Recipe) -> Sequence[str]:
    """Name the parts that no unfinished restore leaves: it may lack some, and have its first weights."""
    made = [part for part in differences(recipe, now) if part in {"config_name", "tags"}]
    names = {variant["VariantName"] for variant in recipe.variants}
    other = ["variants"] if names != {variant["VariantName"] for variant in now.variants} else []
    foreign = [part for part in _ADDED if not _within(getattr(now, part), getattr(recipe, part))]
    return [*made, *other, *foreign]


def _with_missing(there: Sequence[Fields], kept: Sequence[Fields]) -> Sequence[Fields]:
    names = [_identity(each) for each in there]
    return [*there, *(each for each in kept if _identity(each) not in names)]


def _within(some: Sequence[Fields], every: Sequence[Fields]) -> bool:
    known = _sorted(every)
    return all(each in known for each in _sorted(some))


def _identity(part: Fields) -> Sequence[object]:
    return [part.get(name) for name in _IDENTITY]


def variant_of(variant: Fields) -> Fields:
    """The weight and instances that a variant is to have.

    Serverless variants have no instances, and their concurrency is in the configuration.
    """
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
    return sorted(map(_plain, value), key=repr) if isinstance(value, list | tuple) else value


def _plain(part: Fields) -> Fields:
    """A kept recipe has its times as text."""
    return {name: _moment(value) if name in _TIMES else value for name, value in part.items()}


def _moment(value: datetime | str) -> datetime:
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
