"""Deletes an endpoint and keeps its recipe, or restores one. Each step that fails is named.

Every step can be repeated: a restore that failed continues where it stopped, and one that was interrupted ends equal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sagewatch.clock import Clock
from sagewatch.standing.endpoints.ports import EndpointChanges, Fields, Recipes
from sagewatch.standing.endpoints.reading import missing_for_restore, read_endpoint, refusal
from sagewatch.standing.endpoints.recipe import (
    Reading,
    Recipe,
    completed,
    conflicts,
    differences,
    half_restored,
    in_order,
    recipe_of,
    same_endpoint,
    variant_of,
    without_ended,
)
from sagewatch.standing.endpoints.steps import ActionResult, Ended, Step, attempt, changeable, run_steps, until


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointActions:
    """The actions on the endpoints of one region. ``wait`` sleeps between two looks; false when time is up."""

    api: EndpointChanges
    recipes: Recipes
    clock: Clock
    wait: Callable[[], bool]

    def delete(self, name: str, by: str, since: datetime | None = None) -> ActionResult:
        """Delete an endpoint and keep its recipe, which is written before anything is deleted.

        ``since`` is when the endpoint was created that is meant; ``None`` means whichever has the name.
        """
        reading = changeable(self.api, name, since)
        if isinstance(reading, ActionResult):
            return reading
        if reason := refusal(reading):
            return ActionResult(Ended.REFUSED, "check the endpoint", reason)
        missing = attempt("check what a restore needs", partial(missing_for_restore, self.api, reading))
        if isinstance(missing, ActionResult):
            return missing
        if missing:
            reason = f"its {missing} does not exist any more, so it could not be restored"
            return ActionResult(Ended.REFUSED, "check what a restore needs", reason)
        recipe = attempt("find an earlier recipe", partial(self._begun, reading, by))
        if isinstance(recipe, ActionResult):
            return recipe
        return self._delete(recipe)

    def continue_deletion(self, recipe: Recipe) -> ActionResult:
        """Finish a deletion that failed after its endpoint was gone."""
        endpoint = attempt("read the endpoint", partial(self.api.describe, *_endpoint(recipe.name)))
        if isinstance(endpoint, ActionResult):
            return endpoint
        if endpoint and endpoint["EndpointStatus"] != "Deleting":
            return ActionResult(Ended.REFUSED, "read the endpoint", "an endpoint of that name exists again")
        return self._delete(recipe)

    def restore(self, recipe: Recipe) -> ActionResult:
        """Create an endpoint again, and compare it with its recipe, which is kept until both are equal."""
        current, ended = without_ended(recipe, self.clock())
        failed = self._stranger(recipe) or run_steps(self._restoring(recipe))
        failed = failed or run_steps(self._creation(current)) or self._verify(current)
        failed = failed or run_steps([("forget the recipe", partial(self.recipes.forget, recipe))])
        if failed:
            return failed
        notes = [
            f"alarm {alarm} has to name the new policy {policy}"
            for policy, alarms in recipe.alarmed.items()
            for alarm in alarms
        ]
        notes += [f"scheduled action {name} is left out, because its end time is over" for name in ended]
        return ActionResult(Ended.DONE, "", "restored, and equal to its recipe", tuple(notes))

    def _begun(self, reading: Reading, by: str) -> Recipe:
        """A new recipe, with what a deletion or a restore of this endpoint that stopped in the middle left out."""
        recipe = replace(recipe_of(reading), deleted_at=self.clock(), deleted_by=by)
        kept = self.recipes.find(recipe.name, f"{recipe.account}/{recipe.region}")
        if kept and half_restored(recipe, kept):
            return replace(completed(recipe, kept), variants=kept.variants)
        return completed(recipe, kept) if kept and not kept.finished and same_endpoint(recipe, kept) else recipe

    def deleted(self, recipe: Recipe) -> ActionResult:
        """What a deletion that has ended says."""
        reason = f"deleted; its recipe is kept, and its configuration {recipe.config_name} stays"
        return ActionResult(Ended.DONE, "", reason)

    def _delete(self, recipe: Recipe) -> ActionResult:
        return run_steps(self._deletion(recipe)) or self.deleted(recipe)

    def _deletion(self, recipe: Recipe) -> Iterator[Step]:
        yield "keep the recipe", partial(self.recipes.save, recipe)
        for group in reversed(in_order(recipe.components)):
            names = [component["InferenceComponentName"] for component in group]
            for name in names:
                yield f"delete component {name}", partial(self._delete_component, name, recipe.name)
            for name in names:
                yield f"wait until component {name} is deleted", partial(self._component_gone, name, recipe.name)
        yield "delete the endpoint", partial(self._delete_endpoint, recipe.name)
        for target in recipe.targets:
            yield f"deregister {target['ResourceId']}", partial(self._deregister, target)
        yield "close the recipe", partial(self.recipes.save, replace(recipe, finished=True))

    def _restoring(self, recipe: Recipe) -> Iterator[Step]:
        """Note that it begins: if it stops halfway, a deletion of what it made must not forget the rest."""
        if recipe.restoring_since is None:
            begun = replace(recipe, restoring_since=self.clock().replace(microsecond=0))
            yield "note that it begins", partial(self.recipes.save, begun)

    def _creation(self, recipe: Recipe) -> Iterator[Step]:
        in_service = partial(self._until, "DescribeEndpoint", {"EndpointName": recipe.name}, "InService")
        yield "create the endpoint", partial(self._create_endpoint, recipe)
        yield "wait for the endpoint", in_service
        for variant in recipe.variants:
            step = f"set weight and instances of {variant['VariantName']}"
            yield step, partial(self._set_variant, recipe.name, variant)
            yield "wait for its instances", in_service
        for group in in_order(recipe.components):
            for component in group:
                name = component["InferenceComponentName"]
                yield f"create component {name}", partial(self._create_component, component)
            for component in group:
                name = component["InferenceComponentName"]
                there = partial(self._until, "DescribeInferenceComponent", _component(name), "InService")
                yield f"wait for component {name}", there
        for target in recipe.targets:
            yield f"register {target['ResourceId']}", partial(self._scale, "RegisterScalableTarget", target)
        for policy in recipe.policies:
            yield f"put policy {policy['PolicyName']}", partial(self._scale, "PutScalingPolicy", policy)
        for action in recipe.scheduled_actions:
            name = action["ScheduledActionName"]
            yield f"put scheduled action {name}", partial(self._scale, "PutScheduledAction", action)

    def _stranger(self, recipe: Recipe) -> ActionResult | None:
        """Refuse if an endpoint of that name exists which no restore of this recipe can have made. Await its end."""
        reading = attempt("compare with the recipe", partial(read_endpoint, self.api, recipe.name))
        if reading is None or isinstance(reading, ActionResult):
            return reading
        if reading.endpoint["EndpointStatus"] == "Deleting":
            reason = "the endpoint is still being deleted; run the same action again to continue"
            return ActionResult(Ended.WAITING, "wait until the old endpoint is deleted", reason)
        found = conflicts(recipe, recipe_of(reading))
        reason = f"another endpoint of that name exists; it differs in {', '.join(found)}"
        return ActionResult(Ended.REFUSED, "compare with the recipe", reason) if found else None

    def _verify(self, recipe: Recipe) -> ActionResult | None:
        reading = attempt("compare with the recipe", partial(read_endpoint, self.api, recipe.name))
        if isinstance(reading, ActionResult):
            return reading
        if reading is None:
            return ActionResult(Ended.FAILED, "compare with the recipe", "it does not exist")
        found = differences(recipe, recipe_of(reading))
        if found:
            return ActionResult(Ended.FAILED, "compare with the recipe", f"it differs in {', '.join(found)}")
        return None

    def _set_variant(self, endpoint: str, wanted: Fields) -> None:
        """A new endpoint has the weights and instances of its configuration; the old one may have been scaled.

        One request changes the capacity of one variant.
        """
        there = self.api.describe(*_endpoint(endpoint)) or {}
        now = [variant_of(variant) for variant in there.get("ProductionVariants", [])]
        if wanted not in now:
            request = {"EndpointName": endpoint, "DesiredWeightsAndCapacities": [wanted]}
            self.api.change("UpdateEndpointWeightsAndCapacities", request)

    def _scale(self, operation: str, request: Fields) -> None:
        self.api.change_scaling(operation, request)

    def _create_endpoint(self, recipe: Recipe) -> None:
        """One that exists already is from a restore that stopped later."""
        if self.api.describe(*_endpoint(recipe.name)) is None:
            tags = {"Tags": list(recipe.tags)} if recipe.tags else {}
            self.api.change(
                "CreateEndpoint", {"EndpointName": recipe.name, "EndpointConfigName": recipe.config_name, **tags}
            )

    def _delete_endpoint(self, name: str) -> None:
        """One that is gone, or is being deleted, is from a deletion that stopped later."""
        endpoint = self.api.describe(*_endpoint(name))
        if endpoint and endpoint["EndpointStatus"] != "Deleting":
            self.api.change("DeleteEndpoint", {"EndpointName": name})

    def _delete_component(self, name: str, endpoint: str) -> None:
        """One that is gone is from a deletion that stopped later; one of another endpoint has only its name."""
        if self._is_of(name, endpoint):
            self.api.change("DeleteInferenceComponent", _component(name))

    def _component_gone(self, name: str, endpoint: str) -> ActionResult | None:
        if not self._is_of(name, endpoint):
            return None
        return self._until("DescribeInferenceComponent", _component(name), None)

    def _is_of(self, name: str, endpoint: str) -> bool:
        """Whether a component of that name exists, and is the endpoint's."""
        found = self.api.describe("DescribeInferenceComponent", _component(name))
        return found is not None and found.get("EndpointName", endpoint) == endpoint

    def _create_component(self, component: Fields) -> None:
        if self.api.describe("DescribeInferenceComponent", _component(component["InferenceComponentName"])) is None:
            self.api.change("CreateInferenceComponent", component)

    def _deregister(self, target: Fields) -> None:
        """Its policies and scheduled actions go with it; one that the deletion removed is no failure.

        A component of that name that exists by now is another endpoint's, and so is its target.
        """
        kind, _, name = target["ResourceId"].partition("/")
        if kind == "inference-component" and self.api.describe("DescribeInferenceComponent", _component(name)):
            return
        if self.api.scaling("DescribeScalableTargets", "ScalableTargets", target["ResourceId"]):
            request = {name: target[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
            self.api.change_scaling("DeregisterScalableTarget", request)

    def _until(self, operation: str, request: Fields, status: str | None) -> ActionResult | None:
        return until(self.api, operation, request, status, self.wait)


def _endpoint(name: str) -> tuple[str, Fields]:
    return "DescribeEndpoint", {"EndpointName": name}


def _component(name: str) -> dict[str, object]:
    return {"InferenceComponentName": name}
