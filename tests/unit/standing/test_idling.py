"""What a sweep does about an idle resource: one message a week, a warning before a deletion, and nothing in doubt."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sagewatch.alerts.ports import Lease
from sagewatch.errors import AccessDeniedError, StopRefusedError, ThrottledError, UnavailableError, UnreadableError
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.actions import ResourceAction
from tests.worlds.standing import HOUR, NOW, IdleWorld

DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)


def test_an_idle_endpoint_is_reported_once_a_week() -> None:
    """However often it is swept, with its price, its owner, its last use and what may be done."""
    world = IdleWorld()
    world.endpoint()
    for _ in range(6):
        world.sweep(later=DAY)
    [told] = world.told

    assert (told.kind, told.name, told.owner, told.hourly_usd) == (ResourceKind.ENDPOINT, "llm", "ana", "2.816")
    assert told.reason == "Invocations shows no use for 7 d: AWS publishes it for every request, and nothing else"
    assert (told.last_use, told.stop_at) == (None, None)
    assert told.actions == (ResourceAction.SCALE_IN, ResourceAction.DELETE)

    world.sweep(later=2 * DAY)

    assert len(world.told) == 2
    assert world.shown(0).outcome == "not in force any more: a newer message follows"
    assert (world.shown(0).open, world.shown(1).open) == (False, True)


def test_an_endpoint_that_is_used_again_closes_its_message() -> None:
    """And a week later there is none."""
    world = IdleWorld()
    world.endpoint()
    world.sweep()
    world.now += DAY
    world.invoked()
    world.sweep()

    assert world.shown().open is False
    assert (world.shown().outcome or "").startswith("it is in use again: Invocations shows use")
    assert len(world.told) == 1


def test_in_trial_mode_a_message_offers_nothing_that_changes_anything() -> None:
    """It says what idles all the same."""
    world = IdleWorld(enforce=False)
    world.endpoint()
    world.sweep()

    assert (world.told[0].observe, world.told[0].actions) == (True, ())


def test_an_mlflow_server_is_asked_about_once_a_month_because_nothing_shows_its_use() -> None:
    """Only a person stops it."""
    world = IdleWorld()
    world.mlflow()
    for _ in range(29):
        world.sweep(later=DAY)
    [told] = world.told

    assert (told.unproven, told.actions, told.stop_at) == (True, (ResourceAction.END,), None)

    world.sweep(later=2 * DAY)

    assert len(world.told) == 2
    assert world.stops.sent == []


def warned(*, enforce: bool = True) -> IdleWorld:
    """A world in which the deletion of a Canvas app was announced."""
    world = IdleWorld(enforce=enforce)
    world.canvas()
    world.sweep()
    return world


def test_an_idle_canvas_app_is_announced_and_deleted_after_its_notice() -> None:
    """With an hour between; the message says so, and the next sweep has nothing left to do."""
    world = warned()

    assert world.told[0].stop_at == NOW + HOUR
    world.sweep(later=45 * QUARTER / 15)
    assert world.due() == []
    world.sweep(later=QUARTER)
    [outcome] = world.due()

    assert (outcome.effect, world.calls.made) == ("ended", ["DeleteApp"])
    assert (world.shown().outcome, world.shown().open) == ("deleted at 10:30 UTC", False)

    world.sweep(later=QUARTER)

    assert (world.due(), world.calls.made, len(world.told)) == ([], ["DeleteApp"], 1)


def test_without_mode_enforce_nothing_is_deleted_and_the_message_says_what_would_have_been() -> None:
    """Once."""
    world = warned(enforce=False)
    world.sweep(later=HOUR)
    world.sweep(later=HOUR)

    assert (world.stops.sent, world.calls.made) == ([], [])
    assert world.shown().outcome == "trial mode: SageWatch would have deleted it at 10:30 UTC. It is still billed"
    assert len(world.told) == 1


def used(world: IdleWorld) -> None:
    """Someone works in it."""
    world.unused("ana", timedelta(minutes=2))


def unknown(world: IdleWorld) -> None:
    """The metric is not published any more."""
    world.unused("ana", None)


def leased(world: IdleWorld) -> None:
    """A person keeps it."""
    world.press("keep_a_day")


def tagged(name: str) -> Callable[[IdleWorld], None]:
    """Its owner gives it a tag."""

    def tag(world: IdleWorld) -> None:
        [arn] = [key for operation, key in world.answers if operation == "ListTags"]
        world.answers["ListTags", arn] = {"Tags": [{"Key": f"sagewatch:{name}", "Value": ""}]}

    return tag


def unread_tags(world: IdleWorld) -> None:
    """AWS does not let SageWatch read them."""
    [arn] = [key for operation, key in world.answers if operation == "ListTags"]
    world.answers["ListTags", arn] = AccessDeniedError("sagemaker:ListTags: AccessDenied")


def created_again(world: IdleWorld) -> None:
    """Its user logged out and in again."""
    world.answers["DescribeApp", "canvas-ana"] |= {"CreationTime": world.now}


def launched_again(world: IdleWorld) -> None:
    """The same, and AWS has kept the creation time, as it may within a day; there are old points only."""
    world.answers["DescribeApp", "canvas-ana"] |= {"Status": "Pending"}


def gap(world: IdleWorld) -> None:
    """It has just been started again: nothing was published for a quarter of an hour."""
    [(key, points)] = world.metrics.series.items()
    hole = (world.now + HOUR - timedelta(minutes=25), world.now + HOUR - timedelta(minutes=11))
    holes = (hole, tuple(each - HOUR for each in hole))
    world.metrics.series[key] = [each for each in points if not any(first <= each[0] <= last for first, last in holes)]


def stale(world: IdleWorld) -> None:
    """The metric has not been published for a quarter of an hour."""
    [(key, points)] = world.metrics.series.items()
    before = world.now - QUARTER
    world.metrics.series[key] = [each for each in points if each[0] < before]


AGAINST = [
    *(used, unknown, leased, tagged("protect"), tagged("ignore"), unread_tags, created_again),
    *(launched_again, gap, stale),
]


@pytest.mark.parametrize("happens", AGAINST)
def test_a_canvas_app_is_not_deleted_if_anything_speaks_against_it_before_the_sweep(
    happens: Callable[[IdleWorld], None],
) -> None:
    """Used, unknown, leased, protected, ignored, of unknown tags, or new since the warning."""
    world = warned()
    happens(world)
    world.sweep(later=HOUR)

    assert (world.due(), world.calls.made) == ([], [])


@pytest.mark.parametrize("happens", AGAINST)
def test_a_canvas_app_is_not_deleted_if_anything_speaks_against_it_after_the_sweep(
    happens: Callable[[IdleWorld], None],
) -> None:
    """Everything is read again before the call, because the order may have waited in its queue."""
    world = warned()
    world.sweep(later=HOUR)
    assert len(world.stops.sent) == 1
    happens(world)
    try:
        [outcome] = world.due()
    except AccessDeniedError:
        effect = "retried later"
    else:
        effect = outcome.effect

    assert effect != "ended"
    assert world.calls.made == []


def test_a_canvas_app_that_was_used_after_its_warning_is_not_deleted_once_it_idles_again() -> None:
    """It has been idle for five hours when the notice of ten is over; the next warning begins a new notice."""
    world = IdleWorld(warn=10 * HOUR)
    world.canvas()
    world.sweep()
    world.now += 5 * HOUR
    world.unused("ana", timedelta(minutes=0))
    world.sweep(later=5 * HOUR + QUARTER)

    assert world.stops.sent == []
    assert world.shown(0).outcome == "deletion cancelled: it was used after the warning"
    world.sweep(later=QUARTER)
    assert (len(world.told), world.stops.sent) == (2, [])


def test_a_new_canvas_app_is_not_even_announced() -> None:
    """It was created less than four hours ago."""
    world = IdleWorld()
    world.canvas()
    world.answers["DescribeApp", "canvas-ana"] |= {"CreationTime": NOW - HOUR}
    world.sweep()

    assert world.told == []


def test_a_deletion_waits_until_its_message_has_been_in_slack_for_its_notice() -> None:
    """A message that came late moves it, and one that never came lets nothing be deleted."""
    world = IdleWorld()
    world.delivers = False
    world.canvas()
    world.sweep()
    world.sweep(later=2 * HOUR)
    assert world.stops.sent == []
    world.delivers = True
    world.deliver()
    world.sweep(later=QUARTER)

    assert world.stops.sent == []
    assert world.shown().stop_at == NOW + 3 * HOUR


def test_a_lease_of_the_moment_before_the_call_wins() -> None:
    """The claim fails if the lease is not the one that was read."""
    world = warned()
    world.sweep(later=HOUR)
    look = world.buttons.looks.look(world.shown())
    assert look
    world.leases.grant(look.resource.arn, "us-east-1", Lease("U0BO", None, world.now), world.now)
    what = world.announced.ending.end(look, world.told[0].alert_id, None)

    assert what.name == "CHANGED"
    assert world.calls.made == []


def test_a_deletion_of_the_moment_before_refuses_the_lease() -> None:
    """The person learns it, and no message claims that it is kept."""
    world = warned()
    world.leases.claim(world.told[0].arn, "us-east-1", "sagewatch", world.now, None)

    assert world.press("keep_always").effect == "too late to keep it: someone is changing it at this moment"
    assert world.shown().outcome is None


def test_more_deletions_than_the_limit_are_none() -> None:
    """And they are reported once a day."""
    world = IdleWorld(most=1)
    world.canvas("ana")
    world.canvas("bo")
    world.sweep()
    world.sweep(later=HOUR)
    world.sweep(later=QUARTER)

    assert world.stops.sent == []
    assert {each.alert_id for each in world.news} == {world.news[0].alert_id}
    for _ in range(24 * 4):
        world.sweep(later=QUARTER)
    assert len(world.told) == 2  # the announcements stay, and are not made again every few hours
    assert world.news[0].headline == (
        "SageWatch deleted none of 2 idle Canvas sessions, because that is more than its safety limit of 1 at once"
    )


def test_what_aws_refuses_is_shown_and_leaves_the_app_and_its_buttons() -> None:
    """The claim is released, so that a person may keep it."""
    world = warned()
    world.calls.failures.append(StopRefusedError("sagemaker:DeleteApp: it is Pending"))
    world.sweep(later=HOUR)
    world.due()

    assert world.shown().outcome == "AWS refused: sagemaker:DeleteApp: it is Pending"
    assert world.shown().open
    assert world.press("keep_always").effect.startswith("kept until someone")


def test_what_aws_refuses_for_a_day_is_one_message_and_one_edit() -> None:
    """Each sweep tries again; an announcement of a deletion that never comes would be made every few hours."""
    world = warned()
    world.calls.failures = [StopRefusedError("sagemaker:DeleteApp: denied by a policy") for _ in range(99)]
    for _ in range(24 * 4):
        world.sweep(later=QUARTER)
        world.due()

    assert (len(world.told), len(world.edits)) == (1, 1)
    assert world.shown().outcome == "AWS refused: sagemaker:DeleteApp: denied by a policy"


def test_who_always_keeps_canvas_keeps_the_next_session_too() -> None:
    """Each log-in makes the app again: no warning promises a deletion that never comes."""
    world = warned()
    world.press("keep_always")
    world.answers["DescribeApp", "canvas-ana"] |= {"CreationTime": NOW + DAY}
    world.now += DAY + 6 * HOUR
    world.unused("ana", timedelta(hours=5))
    for _ in range(8):
        world.sweep(later=QUARTER)

    assert (len(world.told), world.stops.sent) == (1, [])


def test_a_prepaid_endpoint_is_no_money_to_save() -> None:
    """A training plan has paid for it, and its capacity would be lost."""
    world = IdleWorld()
    world.endpoint()
    plan = {"MlReservationArn": "arn:aws:sagemaker:us-east-1:123456789012:training-plan/p"}
    world.api.endpoints["llm"]["ProductionVariants"][0]["CapacityReservationConfig"] = plan
    world.sweep()

    assert world.told == []


def test_of_many_idle_endpoints_the_most_expensive_are_reported_first() -> None:
    """The others follow day by day: two hundred messages at once are read by no one."""
    world = IdleWorld()
    for number in range(25):
        world.endpoint(f"e{number}", count=number + 1)
    world.sweep()

    assert {each.name for each in world.told} == {f"e{number}" for number in range(5, 25)}

    world.sweep(later=QUARTER)
    assert len(world.told) == 20
    world.sweep(later=DAY)
    assert len(world.told) == 25


def test_tags_that_cannot_be_read_protect() -> None:
    """An answer without tags is not one that says there are none."""
    world = warned()
    world.sweep(later=HOUR)
    [arn] = [key for operation, key in world.answers if operation == "ListTags"]
    world.answers["ListTags", arn] = {"Unexpected": []}
    with pytest.raises(UnreadableError):
        world.due()

    assert world.calls.made == []


def test_a_deletion_whose_answer_was_lost_is_reported_as_ours() -> None:
    """The second try finds the app gone, and what it noted before the call."""
    world = warned()
    world.sweep(later=HOUR)
    [order] = world.stops.sent
    world.calls.after.append(UnavailableError("no answer"))
    with pytest.raises(UnavailableError):
        world.announced.handle(order)

    assert world.announced.handle(order).effect == "ended"
    assert (world.shown().outcome, world.shown().open) == ("deleted at 10:30 UTC", False)
    assert world.calls.made == ["DeleteApp"]


def test_an_app_that_its_user_closed_after_a_throttled_call_is_not_reported_as_ours() -> None:
    """The call was not made, so what was noted before it is forgotten."""
    world = warned()
    world.sweep(later=HOUR)
    [order] = world.stops.sent
    world.calls.failures.append(ThrottledError("throttled"))
    with pytest.raises(ThrottledError):
        world.announced.handle(order)
    world.lists["ListApps"], world.answers["DescribeApp", "canvas-ana"] = [], None

    assert world.announced.handle(order).effect == "it no longer exists"
    assert world.shown().outcome == "it no longer exists"


def test_the_message_of_what_bills_nothing_any_more_is_closed() -> None:
    """It was stopped, or scaled in to 0, by others."""
    world = IdleWorld()
    world.mlflow()
    world.endpoint()
    world.sweep()
    world.answers["DescribeMlflowTrackingServer", "experiments"].update(TrackingServerStatus="Stopped")
    variant = world.api.endpoints["llm"]["ProductionVariants"][0]
    variant["CurrentInstanceCount"] = variant["DesiredInstanceCount"] = 0
    world.sweep(later=QUARTER)

    assert {(each.name, world.shown(n).outcome, world.shown(n).open) for n, each in enumerate(world.told)} == {
        ("experiments", "nothing is billed any more: it is Stopped", False),
        ("llm", "nothing is billed any more: scaled in to 0 instances", False),
    }


def test_an_order_that_arrives_twice_ends_it_once() -> None:
    """SQS delivers at least once."""
    world = warned()
    world.sweep(later=HOUR)
    [order] = world.stops.sent
    effects = [world.announced.handle(order).effect, world.announced.handle(order).effect]

    assert effects == ["ended", "its message is closed"]
    assert world.calls.made == ["DeleteApp"]


def test_the_message_of_an_app_that_someone_else_deleted_is_closed() -> None:
    """Its buttons would do nothing."""
    world = warned()
    world.lists["ListApps"] = []
    world.sweep(later=QUARTER)

    assert (world.shown().outcome, world.shown().open) == ("it no longer exists", False)


def test_a_listing_that_fails_closes_no_message_and_deletes_nothing() -> None:
    """What cannot be read is not gone."""
    world = warned()
    world.answers["DescribeApp", "canvas-ana"] = AccessDeniedError("sagemaker:DescribeApp: AccessDenied")
    with pytest.raises(Exception, match="AccessDenied"):
        world.sweep(later=HOUR)

    assert (world.shown().open, world.stops.sent) == (True, [])


def test_a_sweep_that_dies_between_its_plan_and_its_message_sends_the_same_message_again() -> None:
    """One message, however often it is queued."""
    world = IdleWorld()
    world.endpoint()
    queue = world.alerts.sent
    failing = iter([ThrottledError("sqs")])

    class Failing:
        def send(self, alert: object) -> None:
            """Fail once."""
            error = next(failing, None)
            if error:
                raise error
            queue.append(alert)

    object.__setattr__(world.messages, "alerts", Failing())
    world.sweep()
    assert world.told == []
    world.sweep(later=QUARTER)
    assert len(world.told) == 1
    world.sweep(later=DAY)

    assert len(world.told) == 1
