"""Reads everything that a recipe holds: the endpoint, its tags, its inference components and its autoscaling."""

from collections.abc import Iterator

from sagewatch.standing.endpoints.ports import EndpointReads, Fields
from sagewatch.standing.endpoints.recipe import Reading

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
