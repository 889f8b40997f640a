"""An endpoint that was deleted with its recipe and restored is equal in every field; each step that fails is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from sagewatch.errors import AccessDeniedError, ThrottledError
from sagewatch.standing.endpoints.actions import EndpointActions
from sagewatch.standing.endpoints.recipe import Recipe, differences
from sagewatch.standing.endpoints.scaling import EndpointScaling
from sagewatch.standing.endpoints.steps import ActionResult, Ended
from tests.fakes.endpoints import REGION_ARN, InMemoryEndpoints, InMemoryRecipes

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
BLUE, PART = "endpoint/llm/variant/blue", "inference-component/part"
SCOPE = "123456789012/us-east-1"


class Region:
    """An endpoint with everything that a deletion loses."""

    def __init__(self) -> None:
        """Two variants, scaled since; a component with two copies; targets, policies, a scheduled action; tags."""
        names = ("blue", "green")
        sizes = {"InitialVariantWeight": 1.0, "InitialInstanceCount": 1}
        variants = [{"VariantName": name, "ModelName": f"m-{name}", **sizes} for name in names]
        self.api = InMemoryEndpoints({"llm-config": variants})
        self.recipes = InMemoryRecipes()
        self.waits = 0
        self._make()

    def _make(self) -> None:
        change, scale = self.api.change, self.api.change_scaling
        tags = [{"Key": "owner", "Value": "ana"}]
        change("CreateEndpoint", {"EndpointName": "llm", "EndpointConfigName": "llm-config", "Tags": tags})
        sizes = [{"VariantName": "blue", "DesiredWeight": 0.9, "DesiredInstanceCount": 3}]
        change("UpdateEndpointWeightsAndCapacities", {"EndpointName": "llm", "DesiredWeightsAndCapacities": sizes})
        component = {
            "InferenceComponentName": "part",
            "EndpointName": "llm",
            "VariantName": "green",
            "Specification": {
                "Container": {"Image": "registry/llm:1", "ArtifactUrl": "s3://b/model"},
                "ComputeResourceRequirements": {"NumberOfAcceleratorDevicesRequired": 1},
            },
            "RuntimeConfig": {"CopyCount": 2},
            "Tags": [{"Key": "team", "Value": "nlp"}],
        }
        change("CreateInferenceComponent", component)
        for resource, dimension in (
            (BLUE, "variant:DesiredInstanceCount"),
            (PART, "inference-component:DesiredCopyCount"),
        ):
            target = {
                "ServiceNamespace": "sagemaker",
                "ResourceId": resource,
                "ScalableDimension": f"sagemaker:{dimension}",
            }
            scale("RegisterScalableTarget", {**target, "MinCapacity": 1, "MaxCapacity": 4})
            tracking: dict[str, Any] = {"PolicyName": "load", "PolicyType": "TargetTrackingScaling"}
            scale(
                "PutScalingPolicy",
                {**target, **tracking, "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0}},
            )
        schedule = {"ScheduledActionName": "night", "Schedule": "cron(0 20 * * ? *)", "Timezone": "Europe/Berlin"}
        action = {"ServiceNamespace": "sagemaker", "ResourceId": BLUE, "ScalableTargetAction": {"MaxCapacity": 1}}
        scale(
            "PutScheduledAction", {**action, "ScalableDimension": "sagemaker:variant:DesiredInstanceCount", **schedule}
        )

    def actions(self, waits: int = 5) -> EndpointActions:
        """The actions, with time for that many looks."""
        left = iter(range(waits))
        return EndpointActions(
            api=self.api, recipes=self.recipes, clock=lambda: NOW, wait=lambda: next(left, None) is not None
        )

    def delete(self) -> ActionResult:
        """Delete the endpoint."""
        return self.actions().delete("llm", by="U0ANA")

    def continue_deletion(self) -> ActionResult:
        """Continue its deletion."""
        recipe = self.recipes.find("llm", SCOPE)
        assert recipe
        return self.actions().continue_deletion(recipe)

    def restore(self) -> ActionResult:
        """Restore it."""
        recipe = self.recipes.find("llm", SCOPE)
        assert recipe
        return self.actions().restore(recipe)


def test_an_endpoint_is_equal_in_every_field_after_it_was_deleted_and_restored() -> None:
    """Variants as they were scaled, components, tags, targets, policies and scheduled actions."""
    region = Region()
    before = region.api.everything()
    deleted = region.delete()
    [recipe] = region.recipes.all(SCOPE)

    assert (deleted.ended, recipe.deleted_by, recipe.finished) == (Ended.DONE, "U0ANA", True)
    assert not any(region.api.everything().values())

    restored = region.restore()

    assert (restored.ended, restored.reason) == (Ended.DONE, "restored, and equal to its recipe")
    assert region.api.everything() == before
    assert region.recipes.all(SCOPE) == []


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        ("DescribeEndpoint", "read the endpoint"),
        ("ListTags", "read the endpoint"),
        ("DescribeScalingPolicies", "read the endpoint"),
        ("DescribeEndpointConfig", "check what a restore needs"),
        ("DescribeModel", "check what a restore needs"),
        ("DeleteInferenceComponent", "delete component part"),
        ("DeleteEndpoint", "delete the endpoint"),
        ("DeregisterScalableTarget", f"deregister {BLUE}"),
    ],
)
def test_a_deletion_names_the_step_that_failed_and_loses_nothing(operation: str, step: str) -> None:
    """It can be repeated, and the endpoint can be restored to what it was before the first try."""
    region = Region()
    before = region.api.everything()
    region.api.broken[operation] = AccessDeniedError(f"sagemaker:{operation}: AccessDenied")
    failed = region.delete()

    assert (failed.ended, failed.step) == (Ended.FAILED, step)
    assert f"{operation}: AccessDenied" in failed.reason

    if region.recipes.find("llm", SCOPE) is None:
        assert region.api.everything() == before
        return
    again = region.delete if "llm" in region.api.endpoints else region.continue_deletion
    assert again().ended is Ended.DONE
    assert not any(region.api.everything().values())
    assert region.restore().ended is Ended.DONE
    assert region.api.everything() == before


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        ("CreateEndpoint", "create the endpoint"),
        ("UpdateEndpointWeightsAndCapacities", "set weight and instances of blue"),
        ("CreateInferenceComponent", "create component part"),
        ("RegisterScalableTarget", f"register {BLUE}"),
        ("PutScalingPolicy", "put policy load"),
        ("PutScheduledAction", "put scheduled action night"),
    ],
)
def test_a_restore_names_the_step_that_failed_and_continues_when_it_is_repeated(operation: str, step: str) -> None:
    """Without a second endpoint or component. The recipe is kept until both are equal."""
    region = Region()
    before = region.api.everything()
    region.delete()
    region.api.broken[operation] = ThrottledError("ResourceLimitExceeded: no capacity")
    failed = region.restore()

    assert (failed.ended, failed.step, failed.reason) == (Ended.FAILED, step, "ResourceLimitExceeded: no capacity")
    assert region.recipes.find("llm", SCOPE) is not None
    assert region.restore().ended is Ended.DONE
    assert region.api.everything() == before


def test_what_a_restore_had_not_made_yet_is_kept_when_its_endpoint_is_deleted_again() -> None:
    """It stopped before the component; the first recipe has it, and so has the second."""
    region = Region()
    before = region.api.everything()
    region.delete()
    region.api.clock += 400 * 86_400  # after the restore began, at ``NOW``
    region.api.broken["CreateInferenceComponent"] = ThrottledError("ResourceLimitExceeded: no capacity")
    stopped = region.restore()
    deleted = region.delete()
    region.restore()

    assert (stopped.ended, deleted.ended) == (Ended.FAILED, Ended.DONE)
    assert region.api.everything() == before


def test_what_someone_else_made_of_a_deleted_endpoint_is_kept_as_they_made_it() -> None:
    """No restore had begun: parts of the earlier endpoint are not put into the recipe of the new one."""
    region = Region()
    region.delete()
    tags = [{"Key": "owner", "Value": "ana"}]
    region.api.clock += 400 * 86_400
    region.api.change("CreateEndpoint", {"EndpointName": "llm", "EndpointConfigName": "llm-config", "Tags": tags})
    region.delete()
    [recipe] = region.recipes.all(SCOPE)

    assert (recipe.components, recipe.targets) == ([], [])


def test_a_restore_that_ends_unequal_says_in_what() -> None:
    """A policy that a person changed meanwhile."""
    region = Region()
    region.delete()
    [recipe] = region.recipes.all(SCOPE)
    restored = region.actions().restore(replace(recipe, tags=[*recipe.tags, {"Key": "aws:cannot", "Value": "be"}]))
    region.api.tags[f"{REGION_ARN}endpoint/llm"] = []
    again = region.restore()

    assert (restored.ended, restored.reason) == (Ended.FAILED, "it differs in tags")
    assert (again.ended, again.step) == (Ended.REFUSED, "compare with the recipe")


def test_an_endpoint_that_is_still_being_created_is_waited_for_and_then_continued() -> None:
    """Minutes on AWS: when time is up the answer says so."""
    region = Region()
    region.delete()
    [recipe] = region.recipes.all(SCOPE)
    region.api.change(
        "CreateEndpoint", {"EndpointName": "llm", "EndpointConfigName": "llm-config", "Tags": list(recipe.tags)}
    )
    region.api.endpoints["llm"]["EndpointStatus"] = "Creating"
    waiting = region.restore()
    region.api.endpoints["llm"]["EndpointStatus"] = "Failed"
    region.api.endpoints["llm"]["FailureReason"] = "no capacity"
    failed = region.restore()

    assert (waiting.ended, waiting.step) == (Ended.WAITING, "wait for the endpoint")
    assert (failed.ended, failed.reason) == (Ended.FAILED, "no capacity")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (
            lambda api: api.tags[f"{REGION_ARN}endpoint/llm"].append({"Key": "sagewatch:protect", "Value": ""}),
            "its tag sagewatch:protect protects it",
        ),
        (lambda api: api.endpoints["llm"].update(EndpointStatus="Updating"), "it is Updating, not InService"),
        (
            lambda api: api.components["part"]["Specification"]["Container"].update(Environment={"TOKEN": "s3cr3t"}),
            "component part has an environment, which SageWatch does not store, so it could not be restored",
        ),
        (lambda api: api.endpoints.clear(), "endpoint llm does not exist"),
        (
            lambda api: api.configs.clear(),
            "its configuration llm-config does not exist any more, so it could not be restored",
        ),
        (
            lambda api: api.lost_models.add("m-green"),
            "its model m-green does not exist any more, so it could not be restored",
        ),
    ],
)
def test_what_could_not_be_restored_or_is_protected_is_not_deleted(spoil: Any, reason: str) -> None:
    """Nothing is called, and no secret is kept."""
    region = Region()
    spoil(region.api)
    region.api.done.clear()
    refused = region.delete()

    assert (refused.ended, refused.reason) == (Ended.REFUSED, reason)
    assert region.api.done == []
    assert region.recipes.kept == {}


def test_a_restore_waits_until_the_deleted_endpoint_is_gone() -> None:
    """DeleteEndpoint takes minutes on AWS: its name is taken until then."""
    region = Region()
    [before] = region.api.endpoints.values()
    region.delete()
    region.api.endpoints["llm"] = {**before, "EndpointStatus": "Deleting"}
    waiting = region.restore()
    region.api.endpoints.clear()

    assert (waiting.ended, waiting.step) == (Ended.WAITING, "wait until the old endpoint is deleted")
    assert region.restore().ended is Ended.DONE


def test_a_component_of_another_endpoint_that_has_the_name_by_now_is_left_alone() -> None:
    """And so is its autoscaling: a deletion that stopped is continued later."""
    region = Region()
    region.api.broken["DeregisterScalableTarget"] = AccessDeniedError("AccessDenied")
    region.delete()
    target = region.api.targets[PART]
    region.api.components["part"] = {"EndpointName": "other", "InferenceComponentStatus": "InService"}
    region.api.done.clear()

    assert region.continue_deletion().ended is Ended.DONE
    assert "DeleteInferenceComponent" not in region.api.done
    assert region.api.targets == {PART: target}


def test_an_alarm_of_a_step_policy_is_named_because_the_new_policy_has_another_arn() -> None:
    """SageWatch does not change alarms."""
    region = Region()
    step = {"PolicyName": "wake", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {}}
    place = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": PART,
        "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
    }
    region.api.change_scaling("PutScalingPolicy", {**place, **step})
    region.api.policies[PART, "wake"]["Alarms"] = [{"AlarmName": "no-capacity"}]
    region.delete()

    assert region.restore().notes == ("alarm no-capacity has to name the new policy wake",)


def test_an_endpoint_is_scaled_in_to_the_minimum_of_its_target() -> None:
    """A variant that is there already is left alone."""
    region = Region()
    scaling = EndpointScaling(region.api, lambda: False)

    assert scaling.scale_in("llm").reason == "scaled in: blue to 1"
    assert scaling.scale_in("llm").reason == "every variant is at its minimum"


def test_only_an_asynchronous_endpoint_whose_target_allows_it_is_scaled_in_to_zero() -> None:
    """Its autoscaling adds an instance when a request waits. No other endpoint would answer again."""
    region = Region()
    region.api.targets[BLUE]["MinCapacity"] = 0

    assert EndpointScaling(region.api, lambda: False).scale_in("llm").reason == "scaled in: blue to 1"

    region.api.endpoints["llm"]["AsyncInferenceConfig"] = {}

    assert EndpointScaling(region.api, lambda: False).scale_in("llm").reason == "scaled in: blue to 0"


def test_all_components_of_an_endpoint_are_scaled_to_zero_copies() -> None:
    """A scalable target with a minimum above 0 may add copies again, and the answer says so."""
    region = Region()
    scaling = EndpointScaling(region.api, lambda: False)
    done = scaling.copies_to_zero("llm")

    assert (done.ended, done.reason) == (Ended.DONE, "scaled to 0 copies: part")
    assert done.notes == ("the scalable target of part has a minimum above 0, so autoscaling may add copies again",)
    assert region.api.components["part"]["RuntimeConfig"]["DesiredCopyCount"] == 0
    assert scaling.copies_to_zero("llm").reason == "no inference component has copies"


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        ("DescribeEndpoint", "read the endpoint"),
        ("ListInferenceComponents", "read the endpoint"),
        ("DescribeInferenceComponent", "read the endpoint"),
        ("ListTags", "read the endpoint"),
        ("DescribeScalableTargets", "read the endpoint"),
        ("UpdateInferenceComponentRuntimeConfig", "set copies of part to 0"),
    ],
)
def test_scaling_to_zero_copies_names_the_step_that_failed_and_can_be_repeated(operation: str, step: str) -> None:
    """Nothing was changed, and the second try does it."""
    region = Region()
    region.api.broken[operation] = AccessDeniedError(f"sagemaker:{operation}: AccessDenied")
    failed = EndpointScaling(region.api, lambda: False).copies_to_zero("llm")

    assert (failed.ended, failed.step, failed.reason) == (
        Ended.FAILED,
        step,
        f"sagemaker:{operation}: AccessDenied",
    )
    assert region.api.components["part"]["RuntimeConfig"]["DesiredCopyCount"] == 2
    assert EndpointScaling(region.api, lambda: False).copies_to_zero("llm").ended is Ended.DONE


@pytest.mark.parametrize(("arn", "whose"), [("endpoint/llm", "its tag"), (PART, "component part")])
def test_a_protected_endpoint_or_component_is_neither_scaled_nor_deleted(arn: str, whose: str) -> None:
    """Nothing is called."""
    region = Region()
    region.api.tags[f"{REGION_ARN}{arn}"].append({"Key": "sagewatch:protect", "Value": ""})
    region.api.done.clear()
    scaling = EndpointScaling(region.api, lambda: False)
    answers = [scaling.copies_to_zero("llm"), scaling.scale_in("llm"), region.delete()]

    assert [(each.ended, whose in each.reason) for each in answers] == [(Ended.REFUSED, True)] * 3
    assert region.api.done == []


@pytest.mark.parametrize("changed", ["EndpointConfigName", "CreationTime"])
def test_an_unfinished_recipe_of_another_configuration_or_endpoint_is_replaced(changed: str) -> None:
    """A deletion failed, and a person then updated the endpoint, or made it again."""
    region = Region()
    region.api.broken["DeleteEndpoint"] = AccessDeniedError("sagemaker:DeleteEndpoint: AccessDenied")
    region.delete()
    region.api.endpoints["llm"][changed] = "new"
    region.api.configs = {**region.api.configs, "new": []}
    region.delete()
    [recipe] = region.recipes.all(SCOPE)

    assert "new" in {recipe.config_name, str(recipe.created_at)}
    assert recipe.components == []


def test_a_repeated_deletion_keeps_the_weights_of_its_own_time() -> None:
    """And what the first one removed."""
    region = Region()
    region.api.broken["DeleteEndpoint"] = AccessDeniedError("sagemaker:DeleteEndpoint: AccessDenied")
    region.delete()
    region.api.endpoints["llm"]["ProductionVariants"][0]["DesiredInstanceCount"] = 7
    region.delete()
    [recipe] = region.recipes.all(SCOPE)

    assert recipe.variants[0]["DesiredInstanceCount"] == 7
    assert [each["InferenceComponentName"] for each in recipe.components] == ["part"]


def test_a_restore_changes_no_endpoint_that_someone_else_made() -> None:
    """Under the same name, with another configuration."""
    region = Region()
    region.delete()
    region.api.change("CreateEndpoint", {"EndpointName": "llm", "EndpointConfigName": "llm-config"})
    region.api.done.clear()
    refused = region.restore()

    assert (refused.ended, refused.reason) == (
        Ended.REFUSED,
        "another endpoint of that name exists; it differs in tags",
    )
    assert region.api.done == []


def test_a_deletion_is_not_continued_on_a_new_endpoint() -> None:
    """Its own deletion is another one."""
    region = Region()
    [before] = region.api.endpoints.values()
    region.api.broken["DeregisterScalableTarget"] = AccessDeniedError("AccessDenied")
    region.delete()
    region.api.endpoints["llm"] = before

    assert region.continue_deletion().reason == "an endpoint of that name exists again"


def test_a_dated_scheduled_action_is_equal_to_its_kept_text() -> None:
    """A recipe is kept as JSON."""
    recipe = Recipe(name="llm", arn="arn", config_name="c", scheduled_actions=[{"StartTime": NOW}])
    kept = TypeAdapter(Recipe).validate_json(TypeAdapter(Recipe).dump_json(recipe))

    assert differences(kept, recipe) == []


def test_adapters_are_deleted_before_what_they_need_and_created_after_it() -> None:
    """AWS lists the newest first, so a recipe names adapters before their base."""
    region = Region()
    adapter = {"InferenceComponentName": "lora", "EndpointName": "llm", "VariantName": "green"}
    specification = {"Specification": {"BaseInferenceComponentName": "part"}}
    region.api.change("CreateInferenceComponent", {**adapter, **specification, "RuntimeConfig": {"CopyCount": 1}})
    before = region.api.everything()

    assert region.delete().ended is Ended.DONE
    assert region.restore().ended is Ended.DONE
    assert region.api.everything() == before


def test_all_components_are_created_before_any_is_waited_for() -> None:
    """Each takes minutes, and there may be many."""
    region = Region()
    other = {"InferenceComponentName": "other", "EndpointName": "llm", "VariantName": "green"}
    region.api.change("CreateInferenceComponent", {**other, "Specification": {"ModelName": "m"}})
    region.delete()
    create = region.api.change

    def slowly(operation: str, request: Any) -> None:
        create(operation, request)
        if operation == "CreateInferenceComponent":
            region.api.components[request["InferenceComponentName"]]["InferenceComponentStatus"] = "Creating"

    object.__setattr__(region.api, "change", slowly)

    assert region.restore().ended is Ended.WAITING
    assert set(region.api.components) == {"part", "other"}


def test_the_instances_of_each_variant_are_set_by_a_request_of_its_own() -> None:
    """AWS changes the capacity of one variant at a time, in service."""
    region = Region()
    sizes = [{"VariantName": "green", "DesiredInstanceCount": 4}]
    region.api.change(
        "UpdateEndpointWeightsAndCapacities", {"EndpointName": "llm", "DesiredWeightsAndCapacities": sizes}
    )
    before = region.api.everything()
    region.delete()

    assert region.restore().ended is Ended.DONE
    assert region.api.everything() == before


def test_variants_are_scaled_in_one_after_the_other() -> None:
    """The second waits until the endpoint is in service again; the repeated call ends it."""
    region = Region()
    region.api.components.clear()
    sizes = [{"VariantName": "green", "DesiredInstanceCount": 4}]
    region.api.change(
        "UpdateEndpointWeightsAndCapacities", {"EndpointName": "llm", "DesiredWeightsAndCapacities": sizes}
    )
    resize = region.api.change

    def slowly(operation: str, request: Any) -> None:
        resize(operation, request)
        region.api.endpoints["llm"]["EndpointStatus"] = "Updating"

    object.__setattr__(region.api, "change", slowly)
    scaling = EndpointScaling(region.api, lambda: False)

    assert scaling.scale_in("llm").ended is Ended.WAITING
    assert scaling.scale_in("llm", again=True).ended is Ended.WAITING

    region.api.endpoints["llm"]["EndpointStatus"] = "InService"

    assert scaling.scale_in("llm", again=True).ended is Ended.DONE
    assert [each["DesiredInstanceCount"] for each in region.api.endpoints["llm"]["ProductionVariants"]] == [1, 1]
    assert scaling.scale_in("llm", again=True).reason == "scaled in: every variant is at its minimum"


def test_a_variant_keeps_what_sagemaker_itself_keeps_and_what_copies_need() -> None:
    """Managed instance scaling has a minimum of its own; a variant with copies is left alone."""
    region = Region()
    blue, green = region.api.endpoints["llm"]["ProductionVariants"]
    blue["ManagedInstanceScaling"] = {"Status": "ENABLED", "MinInstanceCount": 2, "MaxInstanceCount": 4}
    green["DesiredInstanceCount"] = 4

    assert EndpointScaling(region.api, lambda: False).scale_in("llm").reason == "scaled in: blue to 2"

    region.api.components["part"]["RuntimeConfig"] = {"DesiredCopyCount": 0, "CurrentCopyCount": 0}

    assert EndpointScaling(region.api, lambda: False).scale_in("llm").reason == "scaled in: green to 1"


def test_only_the_endpoint_that_is_meant_is_changed() -> None:
    """Another one of its name was created later."""
    region = Region()
    since = NOW - timedelta(days=400)
    region.api.done.clear()
    scaling = EndpointScaling(region.api, lambda: False)
    answers = [
        scaling.scale_in("llm", since),
        scaling.copies_to_zero("llm", since),
        region.actions().delete("llm", "U0ANA", since),
    ]

    assert {(each.ended, each.reason) for each in answers} == {
        (Ended.REFUSED, "another endpoint of that name exists by now")
    }
    assert region.api.done == []


def test_a_scheduled_action_whose_end_is_over_is_left_out_and_named() -> None:
    """AWS refuses it, and it would never run again."""
    region = Region()
    region.api.actions[BLUE, "night"]["EndTime"] = datetime(2026, 5, 1, tzinfo=UTC)
    region.delete()
    restored = region.restore()

    assert (restored.ended, region.api.actions) == (Ended.DONE, {})
    assert restored.notes == ("scheduled action night is left out, because its end time is over",)
