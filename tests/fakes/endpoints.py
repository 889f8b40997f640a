"""SageMaker's endpoints and Application Auto Scaling in memory, as far as the actions use them."""

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sagewatch.errors import RequestRefusedError, SageWatchError
from sagewatch.standing.endpoints.ports import EndpointChanges, Fields, Recipes
from sagewatch.standing.endpoints.recipe import Recipe

Json = dict[str, Any]
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_PAST = "2026-06-01"  # scheduled actions that ended before are refused
REGION_ARN = "arn:aws:sagemaker:us-east-1:123456789012:"


class InMemoryRecipes(Recipes):
    """By ARN."""

    def __init__(self) -> None:
        """None yet."""
        self.kept: dict[str, Recipe] = {}

    def save(self, recipe: Recipe) -> None:
        """In place of an older one."""
        self.kept[recipe.arn] = recipe

    def find(self, name: str, scope: str) -> Recipe | None:
        """By its name."""
        return next((each for each in self.all(scope) if each.name == name), None)

    def all(self, scope: str) -> Sequence[Recipe]:
        """Of a region of an account."""
        return [each for each in self.kept.values() if f"{each.account}/{each.region}" == scope]

    def forget(self, recipe: Recipe) -> None:
        """Remove it."""
        self.kept.pop(recipe.arn, None)


class InMemoryEndpoints(EndpointChanges):
    """A region. ``broken`` maps an operation to the error of its next call."""

    def __init__(self, configs: Mapping[str, Sequence[Json]]) -> None:
        """No endpoint; configurations with their variants."""
        self.configs = configs
        self.endpoints: dict[str, Json] = {}
        self.components: dict[str, Json] = {}
        self.tags: dict[str, list[Json]] = {}
        self.targets: dict[str, Json] = {}
        self.policies: dict[tuple[str, str], Json] = {}
        self.actions: dict[tuple[str, str], Json] = {}
        self.broken: dict[str, SageWatchError] = {}
        self.done: list[str] = []
        self.lost_models: set[str] = set()
        self.clock = 0

    def describe(self, operation: str, request: Fields) -> Fields | None:
        """A copy of what is there."""
        self._check(operation)
        [name] = request.values()
        if operation == "DescribeEndpointConfig":
            return {"ProductionVariants": self.configs[name]} if name in self.configs else None
        if operation == "DescribeModel":
            return None if name in self.lost_models else {"ModelName": name}
        there = self.endpoints if operation == "DescribeEndpoint" else self.components
        return copy.deepcopy(there.get(name))

    def list(self, operation: str, field: str, request: Fields) -> Sequence[Fields]:
        """Tags, or the components of an endpoint, the newest first."""
        del field
        self._check(operation)
        [value] = request.values()
        if operation == "ListTags":
            return copy.deepcopy(self.tags.get(value, []))
        names = [name for name, each in self.components.items() if each["EndpointName"] == value]
        return [{"InferenceComponentName": name} for name in reversed(names)]

    def scaling(self, operation: str, field: str, resource_id: str) -> Sequence[Fields]:
        """Targets, policies or scheduled actions of a resource."""
        del field
        self._check(operation)
        stores: dict[str, dict[Any, Json]] = {
            "DescribeScalableTargets": self.targets,
            "DescribeScalingPolicies": self.policies,
            "DescribeScheduledActions": self.actions,
        }
        return [copy.deepcopy(each) for each in stores[operation].values() if each["ResourceId"] == resource_id]

    def change(self, operation: str, request: Fields) -> None:
        """Do it at once."""
        self._check(operation)
        self.done.append(operation)
        self._changes()[operation](copy.deepcopy(dict(request)))

    def change_scaling(self, operation: str, request: Fields) -> None:
        """Do it at once."""
        self._check(operation)
        self.done.append(operation)
        self._changes()[operation](copy.deepcopy(dict(request)))

    def everything(self) -> Json:
        """What Describe, ListTags and Application Auto Scaling say of all there is, but for times and new ARNs."""
        timeless = {"CreationTime", "LastModifiedTime", "PolicyARN"}
        parts: tuple[dict[Any, Any], ...] = (
            self.endpoints,
            self.components,
            self.tags,
            self.targets,
            self.policies,
            self.actions,
        )
        return {
            str(number): {str(key): _without(value, timeless) for key, value in part.items()}
            for number, part in enumerate(parts)
        }

    def _changes(self) -> dict[str, Callable[[Json], None]]:
        return {
            "CreateEndpoint": self._create_endpoint,
            "DeleteEndpoint": lambda request: self._gone(self.endpoints, request["EndpointName"]),
            "UpdateEndpointWeightsAndCapacities": self._resize,
            "CreateInferenceComponent": self._create_component,
            "DeleteInferenceComponent": lambda request: self._gone(self.components, request["InferenceComponentName"]),
            "UpdateInferenceComponentRuntimeConfig": self._copies,
            "RegisterScalableTarget": lambda request: self._put(self.targets, request["ResourceId"], request),
            "DeregisterScalableTarget": self._deregister,
            "PutScalingPolicy": self._put_policy,
            "PutScheduledAction": self._put_action,
        }

    def _create_endpoint(self, request: Json) -> None:
        name, config = request["EndpointName"], request["EndpointConfigName"]
        variants = [
            {
                "VariantName": each["VariantName"],
                "CurrentWeight": each["InitialVariantWeight"],
                "DesiredWeight": each["InitialVariantWeight"],
                "CurrentInstanceCount": each["InitialInstanceCount"],
                "DesiredInstanceCount": each["InitialInstanceCount"],
            }
            for each in self.configs[config]
        ]
        arn = f"{REGION_ARN}endpoint/{name}"
        self.tags[arn] = request.get("Tags", [])
        self._put(
            self.endpoints,
            name,
            {
                "EndpointName": name,
                "EndpointArn": arn,
                "EndpointConfigName": config,
                "EndpointStatus": "InService",
                "ProductionVariants": variants,
            },
        )

    def _resize(self, request: Json) -> None:
        """One request changes the capacity of one variant."""
        if sum("DesiredInstanceCount" in each for each in request["DesiredWeightsAndCapacities"]) > 1:
            raise RequestRefusedError("sagemaker:UpdateEndpointWeightsAndCapacities: one variant at a time")
        for wanted in request["DesiredWeightsAndCapacities"]:
            for variant in self.endpoints[request["EndpointName"]]["ProductionVariants"]:
                if variant["VariantName"] == wanted["VariantName"]:
                    for what, field in (("Weight", "DesiredWeight"), ("InstanceCount", "DesiredInstanceCount")):
                        if field in wanted:
                            variant[f"Current{what}"] = variant[field] = wanted[field]

    def _create_component(self, request: Json) -> None:
        name = request["InferenceComponentName"]
        arn = f"{REGION_ARN}inference-component/{name}"
        base = request["Specification"].get("BaseInferenceComponentName")
        if base and base not in self.components:
            raise RequestRefusedError(f"sagemaker:CreateInferenceComponent: base {base} does not exist")
        self.tags[arn] = request.pop("Tags", [])
        copies = request.pop("RuntimeConfig", {"CopyCount": 1})["CopyCount"]
        container = request["Specification"].get("Container")
        if container:
            container["DeployedImage"] = {"SpecifiedImage": container.pop("Image"), "ResolvedImage": "sha"}
        runtime = {"DesiredCopyCount": copies, "CurrentCopyCount": copies}
        status = {"InferenceComponentStatus": "InService", "InferenceComponentArn": arn}
        self._put(self.components, name, {**request, **status, "RuntimeConfig": runtime})

    def _copies(self, request: Json) -> None:
        count = request["DesiredRuntimeConfig"]["CopyCount"]
        runtime = {"DesiredCopyCount": count, "CurrentCopyCount": count}
        self.components[request["InferenceComponentName"]]["RuntimeConfig"] = runtime

    def _put_policy(self, request: Json) -> None:
        self.clock += 1
        alarms = [{"AlarmName": f"TargetTracking-{request['ResourceId']}"}] if "Target" in request["PolicyType"] else []
        policy = {**request, "PolicyARN": f"arn:policy:{self.clock}", "Alarms": alarms}
        self._put(self.policies, (request["ResourceId"], request["PolicyName"]), policy)

    def _put_action(self, request: Json) -> None:
        if str(request.get("EndTime", _PAST)) < _PAST:
            raise RequestRefusedError("application-autoscaling:PutScheduledAction: its end time is over")
        self._put(self.actions, (request["ResourceId"], request["ScheduledActionName"]), request)

    def _deregister(self, request: Json) -> None:
        resource = request["ResourceId"]
        del self.targets[resource]
        for store in (self.policies, self.actions):
            for key in [key for key in store if key[0] == resource]:
                del store[key]

    def _gone(self, store: dict[str, Json], name: str) -> None:
        adapters = [each for each in store.values() if _base(each) == name] if store is self.components else []
        if adapters:
            raise RequestRefusedError(f"sagemaker:DeleteInferenceComponent: {name} has adapters")
        arn = store.pop(name).get("EndpointArn") or f"{REGION_ARN}inference-component/{name}"
        self.tags.pop(arn, None)

    def _put(self, store: dict[Any, Json], key: Any, fields: Json) -> None:
        self.clock += 1
        now = _BEGAN + timedelta(seconds=self.clock)
        store[key] = {**fields, "CreationTime": now, "LastModifiedTime": now}

    def _check(self, operation: str) -> None:
        error = self.broken.pop(operation, None)
        if error:
            raise error


def _base(component: Json) -> Any:
    return component.get("Specification", {}).get("BaseInferenceComponentName")


def _without(value: Any, names: set[str]) -> Any:
    return {key: item for key, item in value.items() if key not in names} if isinstance(value, dict) else value
