"""Reads everything that a recipe holds: the endpoint, its tags, its inference components and its autoscaling."""

from collections.abc import Iterator

from sagewatch.sagemaker.tags import PROTECT_TAG
from sagewatch.standing.endpoints.ports import EndpointReads, Fields
from sagewatch.standing.endpoints.recipe import Reading, secret_component

_SCALING = (
    ("DescribeScalableTargets", "ScalableTargets"),
    ("DescribeScalingPolicies", "ScalingPolicies"),
    ("DescribeScheduledActions", "ScheduledActions"),
)


def read_endpoint(api: EndpointReads, name: str) -> Reading | None:
    """Read an endpoint; ``None`` if it does not exist. Raises what ``api.describe`` does."""
    endpoint = api.describe("DescribeEndpoint", {"EndpointName": name})
    if endpoint is None:
        return None
    components = list(_components(api, name))
    resources = [f"endpoint/{name}/variant/{each['VariantName']}" for each in endpoint.get("ProductionVariants", [])]
    resources += [f"inference-component/{each['InferenceComponentName']}" for each in components]
    targets, policies, actions = (
        [found for resource in resources for found in api.scaling(operation, field, resource)]
        for operation, field in _SCALING
    )
    return Reading(
        endpoint=endpoint,
        tags=api.list("ListTags", "Tags", {"ResourceArn": endpoint["EndpointArn"]}),
        components=components,
        component_tags={
            each["InferenceComponentName"]: api.list("ListTags", "Tags", {"ResourceArn": each["InferenceComponentArn"]})
            for each in components
        },
        targets=targets,
        policies=policies,
        scheduled_actions=actions,
    )


def _components(api: EndpointReads, name: str) -> Iterator[Fields]:
    for summary in api.list("ListInferenceComponents", "InferenceComponents", {"EndpointNameEquals": name}):
        answer = api.describe(
            "DescribeInferenceComponent", {"InferenceComponentName": summary["InferenceComponentName"]}
        )
        if answer is not None:
            yield answer


def refusal(reading: Reading) -> str | None:
    """Why an endpoint is not deleted."""
    status = reading.endpoint["EndpointStatus"]
    if reason := protected(reading):
        return reason
    if status != "InService":
        return f"it is {status}, not InService"
    if component := secret_component(reading):
        return f"component {component} has an environment, which SageWatch does not store, so it could not be restored"
    return None


def missing_for_restore(api: EndpointReads, reading: Reading) -> str | None:
    """Name what is gone that a restore needs: the configuration, or a model. Raises what ``api.describe`` does."""
    name = reading.endpoint["EndpointConfigName"]
    config = api.describe("DescribeEndpointConfig", {"EndpointConfigName": name})
    if config is None:
        return f"configuration {name}"
    variants = [*config.get("ProductionVariants", []), *config.get("ShadowProductionVariants", [])]
    models = [each.get("ModelName") for each in variants]
    models += [(each.get("Specification") or {}).get("ModelName") for each in reading.components]
    for model in dict.fromkeys(filter(None, models)):
        if api.describe("DescribeModel", {"ModelName": model}) is None:
            return f"model {model}"
    return None


def protected(reading: Reading) -> str | None:
    """Why nothing of an endpoint is changed."""
    tagged = any(tag["Key"] == PROTECT_TAG for tag in reading.tags)
    for name, tags in reading.component_tags.items():
        if any(tag["Key"] == PROTECT_TAG for tag in tags):
            return f"the tag {PROTECT_TAG} of its component {name} protects it"
    return f"its tag {PROTECT_TAG} protects it" if tagged else None


def with_copies(reading: Reading) -> Iterator[str]:
    """The names of the inference components that have copies, or are to have some."""
    for component in reading.components:
        runtime = component.get("RuntimeConfig") or {}
        if runtime.get("DesiredCopyCount") or runtime.get("CurrentCopyCount"):
            yield component["InferenceComponentName"]


def least_copies(reading: Reading) -> Iterator[str]:
    """The components whose scalable target wants copies, so that autoscaling may add some again."""
    for target in reading.targets:
        kind, _, name = target["ResourceId"].partition("/")
        if kind == "inference-component" and target["MinCapacity"] > 0:
            yield name


def smaller(reading: Reading) -> Iterator[Fields]:
    """The variants that are above their minimum, with it.

    It is the largest of their scalable target's, SageMaker's own scaling's and 1. It is 0 only where an asynchronous
    endpoint has such a target: then autoscaling adds an instance when a request waits. A variant with copies of
    inference components is left alone: they need its instances.
    """
    minimum = {target["ResourceId"]: target["MinCapacity"] for target in reading.targets}
    lowest = 0 if reading.endpoint.get("AsyncInferenceConfig") is not None else 1
    copies = set(with_copies(reading))
    hosting = {each.get("VariantName") for each in reading.components if each["InferenceComponentName"] in copies}
    for variant in reading.endpoint.get("ProductionVariants", []):
        target = f"endpoint/{reading.endpoint['EndpointName']}/variant/{variant['VariantName']}"
        least = max(lowest, minimum.get(target, 1), _managed_minimum(variant))
        if variant["VariantName"] not in hosting and (variant.get("DesiredInstanceCount") or 0) > least:
            yield {"VariantName": variant["VariantName"], "DesiredInstanceCount": least}


def _managed_minimum(variant: Fields) -> int:
    """The instances that SageMaker's own scaling keeps."""
    scaling = variant.get("ManagedInstanceScaling") or {}
    return int(scaling.get("MinInstanceCount") or 0) if scaling.get("Status") == "ENABLED" else 0
