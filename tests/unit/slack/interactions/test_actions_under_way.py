"""An action that takes minutes is a state of its message: sweeps, other buttons and later tries respect it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sagewatch.errors import AccessDeniedError, OutOfTimeError
from sagewatch.standing.actions import ResourceAction
from tests.fakes.endpoints import Json
from tests.worlds.standing import NOW, OLD, IdleWorld

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DELETED = "deleted; its recipe is kept, and its configuration llm-config stays"


class DiedError(BaseException):
    """The invocation timed out."""


def told() -> IdleWorld:
    """A world in which an idle endpoint was reported."""
    world = IdleWorld()
    world.endpoint()
    world.sweep()
    return world


def with_components(count: int = 2) -> IdleWorld:
    """The same, of an endpoint that hosts inference components."""
    world = IdleWorld()
    world.endpoint()
    world.configs["llm-config"][0].pop("ModelName")
    variant = {"VariantName": "blue", "InstanceType": "ml.g5.xlarge"}
    world.answers["DescribeEndpointConfig", "llm-config"] = {"ProductionVariants": [variant]}
    for number in range(count):
        component = {"InferenceComponentName": f"part{number}", "EndpointName": "llm", "VariantName": "blue"}
        world.api.change("CreateInferenceComponent", {**component, "Specification": {"ModelName": "m"}})
    world.api.done.clear()
    world.sweep()
    return world


def after(world: IdleWorld, operation: str, happens: Callable[[Json], None]) -> None:
    """Let something happen after each call of an operation."""
    change = world.api.change

    def changed(called: str, request: Any) -> None:
        change(called, request)
        if called == operation:
            happens(request)

    object.__setattr__(world.api, "change", changed)


def dies_after(world: IdleWorld, operation: str) -> None:
    """Let the invocation end after the first call of an operation."""
    deaths = iter([DiedError()])

    def die(_: Json) -> None:
        if death := next(deaths, None):
            raise death

    after(world, operation, die)


def components_go_slowly(world: IdleWorld) -> None:
    """As on AWS."""
    change = world.api.change

    def slowly(operation: str, request: Any) -> None:
        if operation == "DeleteInferenceComponent":
            world.api.components[request["InferenceComponentName"]]["InferenceComponentStatus"] = "Deleting"
        else:
            change(operation, request)

    object.__setattr__(world.api, "change", slowly)


def begin(world: IdleWorld, action: str, error: type[BaseException] = OutOfTimeError) -> None:
    """Confirm an action that does not end in its first try, pressed at ``NOW``."""
    world.ask(action)
    with pytest.raises(error):
        world.confirm(pressed_at=NOW)


def again(world: IdleWorld, *, later: timedelta = timedelta()) -> str:
    """Deliver the same press again."""
    world.now += later
    return world.confirm(pressed_at=NOW).effect


def test_a_deletion_that_is_continued_leaves_another_endpoint_of_that_name_alone() -> None:
    """The first try died after its last call, and a pipeline made the endpoint again meanwhile."""
    world = told()
    dies_after(world, "DeleteEndpoint")
    begin(world, "delete_endpoint", DiedError)
    world.now += 5 * MINUTE
    world.endpoint()
    world.api.endpoints["llm"] |= {"CreationTime": world.now, "LastModifiedTime": world.now}
    world.invoked()

    assert "another endpoint of that name exists" in again(world, later=MINUTE)
    assert list(world.api.endpoints) == ["llm"]
    assert ResourceAction.RESTORE in world.shown().actions


def test_a_deletion_that_is_delivered_days_later_is_asked_about_again() -> None:
    """Its endpoint was repaired, and is in use."""
    world = with_components()
    components_go_slowly(world)
    begin(world, "delete_endpoint")
    for component in world.api.components.values():
        component["InferenceComponentStatus"] = "InService"
    world.now += 5 * DAY
    world.metrics.publish("Invocations", {world.now: 3.0}, InferenceComponentName="part0")

    assert again(world).startswith("not changed: it is in use: Invocations shows use")
    assert "DeleteEndpoint" not in world.api.done


def test_nothing_else_is_done_while_a_deletion_is_under_way() -> None:
    """Not after six minutes either: no one keeps half an endpoint."""
    world = with_components()
    components_go_slowly(world)
    begin(world, "delete_endpoint")
    world.now += 6 * MINUTE

    assert world.press("keep_a_month", "U0BO").effect == "too late to keep it: someone is changing it at this moment"
    assert world.press("scale_in", "U0BO").effect.startswith("not changed: it is being deleted")
    assert world.states.leases == {}

    world.api.components.clear()

    assert again(world).startswith(DELETED)
    assert world.shown().actions == (ResourceAction.RESTORE,)


def test_a_claim_lasts_as_long_as_the_action() -> None:
    """Each try renews it; a lease from elsewhere is refused at that moment."""
    world = with_components()
    components_go_slowly(world)
    begin(world, "delete_endpoint")
    world.now += 9 * MINUTE
    with pytest.raises(OutOfTimeError):
        again(world)

    assert not world.leases.claim(world.told[0].arn, "us-east-1", "someone", world.now + MINUTE, None)


def test_the_sweep_leaves_a_restore_alone_until_it_has_ended() -> None:
    """The endpoint is a new session by then, too new to judge."""
    world = told()
    world.ask("delete_endpoint")
    world.confirm()
    world.sweep(later=15 * MINUTE)

    def creating(_: Json) -> None:
        times = {"CreationTime": world.now, "LastModifiedTime": world.now}
        world.api.endpoints["llm"] |= {"EndpointStatus": "Creating", **times}

    after(world, "CreateEndpoint", creating)
    world.ask("restore_endpoint")
    pressed_at = world.now
    with pytest.raises(OutOfTimeError):
        world.confirm(pressed_at=pressed_at)
    world.sweep(later=8 * MINUTE)
    assert world.shown().outcome == "being restored; this takes minutes"
    world.now += 10 * MINUTE
    world.api.endpoints["llm"]["EndpointStatus"] = "InService"

    assert world.confirm(pressed_at=pressed_at).effect.startswith("restored, and equal to its recipe")
    assert (world.shown().open, world.recipes.kept) == (False, {})


def test_the_sweep_leaves_a_message_alone_that_can_restore_what_a_failed_deletion_lost() -> None:
    """The endpoint was changed a moment ago, which would close any other message."""
    world = told()
    world.ask("delete_endpoint")
    world.api.broken["DeleteEndpoint"] = AccessDeniedError("AccessDenied")
    world.confirm()
    world.api.endpoints["llm"]["LastModifiedTime"] = world.now
    world.sweep(later=DAY)

    assert world.shown().open
    assert ResourceAction.RESTORE in world.shown().actions


def test_a_sweep_between_two_tries_of_a_deletion_does_not_end_it() -> None:
    """The endpoint is gone by then; the second try deregisters its targets and closes the recipe."""
    world = told()
    dies_after(world, "DeleteEndpoint")
    begin(world, "delete_endpoint", DiedError)
    world.sweep(later=3 * MINUTE)

    assert again(world, later=3 * MINUTE).startswith(DELETED)
    assert [recipe.finished for recipe in world.recipes.kept.values()] == [True]


def test_a_deletion_that_was_never_tried_again_offers_its_restore() -> None:
    """After an hour the sweep says that it was interrupted."""
    world = told()
    dies_after(world, "DeleteEndpoint")
    begin(world, "delete_endpoint", DiedError)
    world.sweep(later=2 * 60 * MINUTE)

    assert world.shown().outcome == "not finished: it was interrupted. Press the button again to continue"
    assert (world.shown().open, ResourceAction.RESTORE in world.shown().actions) == (True, True)


def test_a_second_person_who_deletes_too_does_not_take_the_restore_away() -> None:
    """The endpoint is gone, and its targets are being deregistered."""
    world = told()
    effects: list[str] = []
    after(world, "DeleteEndpoint", lambda _: effects.append(world.press("delete_endpoint", "U0BO").effect))
    world.ask("delete_endpoint")
    world.confirm(pressed_at=NOW)

    assert effects[0].startswith("not changed: it is being deleted")
    assert (world.shown().open, world.shown().actions) == (True, (ResourceAction.RESTORE,))


def test_a_restore_that_does_not_end_says_so_within_its_tries() -> None:
    """Its message would claim for ever that it is being restored."""
    world = told()
    world.ask("delete_endpoint")
    world.confirm()
    after(world, "CreateEndpoint", lambda _: world.api.endpoints["llm"].update(EndpointStatus="Creating"))
    begin(world, "restore_endpoint")

    assert again(world, later=38 * MINUTE).startswith("not finished in the step 'wait for the endpoint'")
    assert (world.shown().outcome or "").endswith("Press the button again to continue")

    world.api.endpoints["llm"]["EndpointStatus"] = "InService"
    world.ask("restore_endpoint")

    assert world.confirm().effect.startswith("restored, and equal to its recipe")


def test_a_scale_in_whose_answer_was_lost_is_reported_as_done() -> None:
    """Nothing is left to scale in at the second try."""
    world = told()
    dies_after(world, "UpdateEndpointWeightsAndCapacities")
    begin(world, "scale_in", DiedError)

    assert again(world, later=6 * MINUTE) == "scaled in: every variant is at its minimum (09:36 UTC)"
    assert world.shown().actions == (ResourceAction.DELETE,)


def test_a_refusal_changes_no_message_and_promises_nothing() -> None:
    """Only the target knows that nothing can be scaled in: the message does not."""
    world = told()
    target = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    sizes = {"ResourceId": "endpoint/llm/variant/blue", "MinCapacity": 2, "MaxCapacity": 4}
    world.api.change_scaling("RegisterScalableTarget", {**target, **sizes})
    before = world.shown()
    world.ask("scale_in")

    assert world.confirm().effect == "not changed: every variant is at its minimum"
    assert world.shown() == before
    assert world.press("keep_a_month", "U0BO").effect.startswith("kept until")


def test_a_finished_action_leaves_the_next_person_free_at_once() -> None:
    """A deletion by mistake is an outage: its restore does not wait."""
    world = told()
    world.ask("delete_endpoint")
    world.confirm()
    world.now += 2 * MINUTE
    world.ask("restore_endpoint", "U0BO")

    assert world.confirm("U0BO").effect.startswith("restored, and equal to its recipe")


def test_another_button_ends_what_is_always_kept() -> None:
    """As its message says: a week later it is reported again."""
    world = told()
    world.press("keep_always")
    world.ask("scale_in")
    world.confirm()
    world.api.endpoints["llm"]["LastModifiedTime"] = OLD
    for _ in range(8):
        world.sweep(later=DAY)

    assert len(world.told) == 2


def test_an_earlier_recipe_of_the_name_is_not_offered() -> None:
    """The endpoint of that recipe was made again by hand."""
    world = told()
    world.ask("delete_endpoint")
    world.confirm()
    world.endpoint()
    world.api.endpoints["llm"] |= {"CreationTime": OLD + DAY, "LastModifiedTime": OLD + DAY}
    world.sweep(later=8 * DAY)
    world.ask("delete_endpoint")
    world.api.broken["DescribeScalingPolicies"] = AccessDeniedError("AccessDenied")
    world.confirm()

    assert len(world.told) == 2
    assert ResourceAction.RESTORE not in world.shown().actions
