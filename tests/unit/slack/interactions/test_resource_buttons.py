"""What people press at idle resources is confirmed with what is true at that moment, done once, and can be undone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sagewatch.errors import AccessDeniedError, OutOfTimeError, StopRefusedError
from sagewatch.slack.actions import ActionId
from sagewatch.slack.interactions.dialogs import resource_result_view
from sagewatch.slack.interactions.queued import read_press
from sagewatch.slack.messages.standing import standing_idle
from sagewatch.standing.actions import ResourceAction
from tests.worlds.standing import HOUR, NOW, IdleWorld

DAY = timedelta(days=1)


def told(*, enforce: bool = True, approvers: tuple[str, ...] = (), count: int = 2) -> IdleWorld:
    """A world in which an idle endpoint was reported."""
    world = IdleWorld(enforce=enforce, approvers=approvers)
    world.endpoint(count=count)
    world.sweep()
    return world


def test_a_deletion_asks_first_and_says_what_is_lost() -> None:
    """Nothing has been called."""
    world = told()

    assert world.ask("delete_endpoint") == (
        "`llm`\nThis deletes the endpoint: requests fail. SageWatch keeps its recipe: variants, components, tags and "
        "autoscaling. Its configuration and models stay. Creating it again takes minutes, and fails if its "
        "configuration is gone or AWS has no capacity."
    )
    assert world.api.done == []


def test_a_confirmed_deletion_keeps_the_recipe_and_a_restore_brings_all_of_it_back() -> None:
    """The same message offers it, and in the end nothing is left to press."""
    world = told()
    before = world.api.everything()
    world.ask("delete_endpoint")
    world.confirm()

    assert world.api.endpoints == {}
    assert (world.shown().actions, world.shown().open, world.shown().by) == ((ResourceAction.RESTORE,), True, "U0ANA")
    assert (world.shown().outcome or "").startswith("deleted; its recipe is kept")

    world.sweep(later=DAY)
    assert world.shown().open
    asked = world.ask("restore_endpoint", "U0BO")
    assert asked.endswith("It costs $2.82/h from then on.")
    world.confirm("U0BO")

    assert world.api.everything() == before
    assert (world.shown().open, world.shown().by) == (False, "U0BO")
    assert (world.shown().outcome or "").startswith("restored, and equal to its recipe")
    assert world.recipes.kept == {}


def test_a_restore_that_takes_minutes_is_tried_again_until_it_has_ended() -> None:
    """The press waits in its queue; there is one endpoint in the end."""
    world = told()
    world.ask("delete_endpoint")
    world.confirm()
    world.ask("restore_endpoint")
    pressed_at = world.now
    create = world.api.change

    def slowly(operation: str, request: dict[str, object]) -> None:
        create(operation, request)
        if operation == "CreateEndpoint":
            world.api.endpoints["llm"]["EndpointStatus"] = "Creating"

    object.__setattr__(world.api, "change", slowly)
    with pytest.raises(OutOfTimeError, match="it is Creating"):
        world.confirm(pressed_at=pressed_at)
    assert world.shown().outcome == "being restored; this takes minutes"
    world.now += timedelta(minutes=5)
    with pytest.raises(OutOfTimeError):
        world.confirm(pressed_at=pressed_at)
    world.api.endpoints["llm"]["EndpointStatus"] = "InService"
    world.confirm(pressed_at=pressed_at)

    assert world.api.done.count("CreateEndpoint") == 1
    assert (world.shown().outcome or "").startswith("restored, and equal to its recipe")


def test_a_deletion_that_fails_names_its_step_and_can_be_continued_or_undone() -> None:
    """The message keeps the button, and offers the restore of what is lost by then."""
    world = told()
    before = world.api.everything()
    world.ask("delete_endpoint")
    world.api.broken["DeleteEndpoint"] = AccessDeniedError("sagemaker:DeleteEndpoint: AccessDenied")
    effect = world.confirm().effect

    assert effect == (
        "not finished in the step 'delete the endpoint': sagemaker:DeleteEndpoint: AccessDenied. "
        "Press the button again to continue"
    )
    assert world.shown().open
    assert set(world.shown().actions) == {ResourceAction.SCALE_IN, ResourceAction.DELETE, ResourceAction.RESTORE}

    world.ask("delete_endpoint")
    world.confirm()
    world.ask("restore_endpoint")
    world.confirm()

    assert world.api.everything() == before


def test_a_deletion_that_was_killed_after_its_last_call_is_finished_by_the_next_try() -> None:
    """The endpoint is gone by then, and the message still gets its button to restore it."""
    world = told()
    world.ask("delete_endpoint")
    delete = world.api.change

    def killed(operation: str, request: dict[str, object]) -> None:
        delete(operation, request)
        if operation == "DeleteEndpoint":
            raise MemoryError

    object.__setattr__(world.api, "change", killed)
    with pytest.raises(MemoryError):
        world.confirm(pressed_at=NOW)
    object.__setattr__(world.api, "change", delete)

    assert world.confirm(pressed_at=NOW).effect.startswith("deleted; its recipe is kept")
    assert world.shown().actions == (ResourceAction.RESTORE,)
    [recipe] = world.recipes.kept.values()
    assert recipe.finished


def test_a_scale_in_leaves_the_other_buttons() -> None:
    """One instance is left, and the endpoint may still be deleted."""
    world = told()
    world.ask("scale_in")
    world.confirm()

    assert world.api.endpoints["llm"]["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    assert world.shown().outcome == "scaled in: blue to 1 (09:30 UTC)"
    assert world.shown().actions == (ResourceAction.DELETE,)


def scaled_out(world: IdleWorld) -> None:
    """Someone changed its size."""
    world.api.endpoints["llm"]["ProductionVariants"][0]["CurrentInstanceCount"] = 5


def kept_by_bo(world: IdleWorld) -> None:
    """Another person keeps it."""
    world.press("keep_a_month", "U0BO", pressed_at=world.now - timedelta(minutes=1))


def updated(world: IdleWorld) -> None:
    """Someone updated it just now."""
    world.api.endpoints["llm"]["LastModifiedTime"] = NOW


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (IdleWorld.invoked, "• It is in use: Invocations shows use in the last 7 d, last on 2026-11-27."),
        (scaled_out, "• It has changed since this message: it is blue: 5 x ml.g5.xlarge."),
        (kept_by_bo, "• Another person keeps it until 2026-12-27 09:29 UTC. (<@U0BO>)"),
        (updated, "• It was created or changed 0 s ago, which is too new to judge."),
    ],
)
def test_the_question_names_what_speaks_against_it_at_this_moment(
    happens: Callable[[IdleWorld], None], says: str
) -> None:
    """Evidence, configuration and leases are read again."""
    world = told()
    happens(world)

    assert says in world.ask("delete_endpoint")


def test_a_server_that_was_started_again_since_its_message_is_named() -> None:
    """Jobs may log to it: nothing else shows its use."""
    world = IdleWorld()
    world.mlflow()
    world.sweep()
    world.now += 10 * DAY
    world.answers["DescribeMlflowTrackingServer", "experiments"].update(LastModifiedTime=world.now - HOUR)

    assert "• It was changed, or started again, at 2026-12-07 08:30 UTC." in world.ask("end_resource")


def test_what_was_scaled_in_does_not_claim_the_price_of_before() -> None:
    """Its message was written when more was running."""
    world = told(count=8)
    world.ask("scale_in")
    world.confirm()
    _, blocks = standing_idle(world.shown(), "ana")

    assert "Before that it cost $11.26/h" in str(blocks[1].to_dict())


def test_what_happens_after_the_question_is_asked_about_again() -> None:
    """A confirmation of one reason is none of another."""
    world = told()
    world.ask("delete_endpoint")
    world.invoked()
    effect = world.confirm().effect

    assert effect.startswith("not changed: it is in use: Invocations shows use")
    assert world.api.done == []


def test_a_question_that_was_answered_late_is_asked_again() -> None:
    """After a quarter of an hour."""
    world = told()
    world.ask("delete_endpoint")
    world.now += timedelta(minutes=20)

    assert world.confirm().effect.startswith("not changed: every change is confirmed")
    assert world.api.done == []


def test_a_protected_endpoint_is_not_changed_whatever_is_confirmed() -> None:
    """The tag was added after the question."""
    world = told()
    world.ask("delete_endpoint")
    world.api.tags["arn:aws:sagemaker:us-east-1:123456789012:endpoint/llm"] = [
        {"Key": "sagewatch:protect", "Value": ""}
    ]

    assert world.confirm().effect == "its tag sagewatch:protect protects it; remove the tag first"
    assert world.api.done == []


def test_another_endpoint_of_the_same_name_is_not_changed() -> None:
    """It was deleted and made again since the message."""
    world = told()
    world.ask("delete_endpoint")
    world.api.endpoints["llm"]["CreationTime"] = NOW

    assert world.confirm().effect == "it no longer exists"
    assert (world.api.done, world.shown().open) == ([], False)


def test_in_trial_mode_nothing_is_changed() -> None:
    """Not even by a message of another mode."""
    world = told(enforce=False)

    assert world.press("delete_endpoint").effect.startswith("trial mode: SageWatch changes nothing")
    assert world.api.done == []


def test_who_may_not_press_may_not_keep_delete_or_restore_either() -> None:
    """The same list as for notebooks and jobs decides."""
    world = told(approvers=("U0BO",))

    for action in ("keep_always", "delete_endpoint", "scale_in", "restore_endpoint", "resource_sure"):
        assert "not on the list" in world.press(action, "U0ANA").effect
    assert (world.api.done, world.states.leases) == ([], {})


def test_what_is_kept_is_not_reported_until_the_lease_is_over() -> None:
    """For 30 days, and then again."""
    world = told()
    effect = world.press("keep_a_month").effect

    assert effect == "kept until 2026-12-27 09:30 UTC; SageWatch does nothing about it before then"
    for _ in range(29):
        world.sweep(later=DAY)
    assert len(world.told) == 1
    for _ in range(3):
        world.sweep(later=DAY)
    assert len(world.told) == 2


def test_a_press_that_arrives_twice_does_and_says_the_same_twice() -> None:
    """SQS delivers at least once."""
    world = told()
    world.ask("delete_endpoint")
    first = world.confirm(pressed_at=NOW).effect
    done = list(world.api.done)
    second = world.confirm(pressed_at=NOW)

    assert first.startswith("deleted; its recipe is kept")
    assert second.effect == first
    assert world.api.done == done


def test_a_person_deletes_a_canvas_app_and_stops_an_mlflow_server() -> None:
    """Each after a question that says what is lost; a press whose answer was lost is reported as theirs."""
    world = IdleWorld()
    world.canvas()
    world.mlflow()
    world.sweep()
    world.dialogs.open("T", resource_result_view("Checking."))
    for name, operation, outcome in (
        ("ana/Canvas/canvas-ana", "DeleteApp", "deleted at 09:30 UTC"),
        ("experiments", "StopMlflowTrackingServer", "stopped at 09:30 UTC"),
    ):
        world.press("end_resource", name=name, view="V-T")
        world.press("resource_sure", name=name, confirmed="V-T")
        root = next(each.alert_id for each in world.told if each.name == name)
        alert = world.messages.find(root)
        assert alert
        assert (alert.outcome, alert.open, alert.by) == (outcome, False, "U0ANA")
        assert world.calls.made[-1] == operation


def test_a_server_that_aws_does_not_stop_keeps_its_message() -> None:
    """It is updating."""
    world = IdleWorld()
    world.mlflow()
    world.sweep()
    world.ask("end_resource")
    world.calls.failures.append(StopRefusedError("sagemaker:StopMlflowTrackingServer: it is Updating"))
    world.confirm()

    assert world.shown().outcome == "AWS refused: sagemaker:StopMlflowTrackingServer: it is Updating"
    assert world.shown().open


def test_an_order_of_a_sweep_cannot_be_forged_by_a_press() -> None:
    """Slack's buttons have other names, and the endpoint reads presses alone."""
    body = '{"action": "announced_stop", "arn": "a", "name": "n", "region": "us-east-1", "root": "r"}'

    assert type(read_press(body)).__name__ == "AnnouncedStop"
    assert "announced_stop" not in set(ActionId)


def test_a_canvas_app_that_is_used_while_its_dialog_is_open_is_not_deleted() -> None:
    """The confirmation did not name that."""
    world = IdleWorld()
    world.canvas()
    world.sweep()
    world.ask("end_resource")
    world.unused("ana", timedelta(minutes=1))
    world.now += HOUR / 12

    assert world.confirm().effect.startswith("not changed: it is in use")
    assert world.calls.made == []
