"""What people press becomes a lease or a stop, and the message says who pressed what."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import override
from zoneinfo import ZoneInfo

import pytest

from sagewatch.alerts.ports import Lease
from sagewatch.errors import AlertRefusedError, ChannelMisconfiguredError, MalformedPressError, UnavailableError
from sagewatch.idle.announcements import kept_until
from sagewatch.idle.evidence import Idle, Source, Unknown
from sagewatch.notebooks.session import StopCall
from sagewatch.sagemaker.notebooks import NotebookStatus
from sagewatch.slack.interactions.dialogs import result_view
from sagewatch.slack.interactions.people import People
from tests.fakes.slack import InMemoryDialogs
from tests.worlds.notebooks import NotebookWorld, a_notebook

HOUR = timedelta(hours=1)


def warned(**options: bool | int | tuple[str, ...]) -> NotebookWorld:
    """A world in which Lab-One has been announced."""
    world = NotebookWorld(**options)  # type: ignore[arg-type] # what a test is about
    world.has(a_notebook())
    world.sweep()
    return world


@pytest.mark.parametrize(
    ("action", "until"),
    [
        ("keep_4h", datetime(2026, 11, 20, 16, 0, tzinfo=UTC)),
        ("keep_until_tomorrow", datetime(2026, 11, 21, 8, 0, tzinfo=UTC)),
        ("never_stop", None),
    ],
)
def test_a_keep_is_a_lease_with_author_and_end(action: str, until: datetime | None) -> None:
    """Tomorrow is nine o'clock where the people are: Berlin, in winter."""
    world = warned()
    world.press(action)
    lease = world.states.leases[a_notebook().arn]

    assert (lease.author, lease.until) == ("U0ANA", until)
    assert (world.edits[-1].by, world.edits[-1].open) == ("U0ANA", True)


@pytest.mark.parametrize("action", ["keep_4h", "keep_until_tomorrow", "never_stop"])
def test_what_is_kept_is_not_stopped(action: str) -> None:
    """Although it was announced."""
    world = warned()
    world.press(action)
    for _ in range(3):
        world.sweep(later=HOUR)

    assert world.notebooks.stops == []


def test_once_a_lease_has_ended_it_is_announced_anew_before_anything_else() -> None:
    """Never stopped on the old announcement."""
    world = warned()
    world.press("keep_4h")
    world.sweep()
    world.sweep(later=4 * HOUR + timedelta(minutes=1))

    assert (len(world.announced), world.notebooks.stops) == (2, [])
    first = [edit for edit in world.edits if edit.edits == world.announced[0].alert_id][-1]
    assert ((first.outcome or "").startswith("kept for 4 h"), first.by, first.open) == (True, "U0ANA", False)


def test_the_second_person_counts() -> None:
    """The message names the user who pressed last."""
    world = warned()
    world.press("keep_4h", user="U0ANA")
    world.sweep()
    world.press("never_stop", user="U0BO")

    assert world.states.leases[a_notebook().arn].author == "U0BO"
    assert [edit.by for edit in world.edits] == ["U0ANA", "U0BO"]


def test_stop_now_stops_what_is_idle() -> None:
    """For the one who asked, at once."""
    world = warned()
    world.press("stop_now")

    assert world.notebooks.stops == ["Lab-One"]
    assert [(news.headline, news.by) for news in world.news] == [("Notebook Lab-One is stopped", "U0ANA")]
    assert {row.stopped_by for row in world.ledger.rows.values()} == {"sagewatch for U0ANA"}


def asked(world: NotebookWorld, user: str = "U0ANA") -> str:
    """Press "Stop now" with its dialog open; answer with what it asks."""
    world.dialogs.open("T", result_view("Looking."))
    world.press("stop_now", user=user, view="V-T")
    view = world.dialogs.views["V-T"][-1]
    assert (view.callback_id, world.notebooks.stops) == ("stop_anyway", [])
    return str(view.blocks[0].to_dict()["text"]["text"])


def busy(world: NotebookWorld) -> None:
    """A kernel runs."""
    world.busy("Lab-One")


def unknown(world: NotebookWorld) -> None:
    """Jupyter does not answer."""
    world.says("Lab-One", Unknown(Source.JUPYTER, "no answer within 5 s"))


def silent_terminal(world: NotebookWorld) -> None:
    """What runs in it cannot be seen."""
    world.says("Lab-One", Idle(Source.JUPYTER, None, "no kernel is open", silent_terminals=1))


def used(world: NotebookWorld) -> None:
    """A cell ran half a minute ago."""
    world.now += HOUR
    world.says("Lab-One", Idle(Source.JUPYTER, world.now - timedelta(seconds=30), "no kernel has run since then"))


def kept_by_another(world: NotebookWorld) -> None:
    """Bo wants it to run."""
    world.press("never_stop", user="U0BO")


def ignored(world: NotebookWorld) -> None:
    """A tag opts out."""
    world.has(a_notebook(tags={"sagewatch:ignore": "yes"}))


def one_way(world: NotebookWorld) -> None:
    """It could not be started again."""
    world.has(a_notebook(platform="notebook-al2-v2"))


def restarted_unseen(world: NotebookWorld) -> None:
    """No event or sweep has reported the restart."""
    world.now += timedelta(minutes=10)
    world.has(a_notebook(modified_at=world.now))


AGAINST = [
    (restarted_unseen, "It was started again at 2026-11-20 12:10 UTC, after the warning"),
    (busy, "Kernel python3 is busy"),
    (unknown, "could not check whether it is in use (Jupyter: no answer within 5 s)"),
    (silent_terminal, "a terminal is open without output"),
    (used, "it was used at 2026-11-20 12:59 UTC"),
    (kept_by_another, "nother person keeps it until another button is pressed. (<@U0BO>)"),
    (ignored, "ts tag sagewatch:ignore opts out"),
    (one_way, "On notebook-al2-v2 it cannot be started again"),
]


@pytest.mark.parametrize(("happens", "words"), AGAINST)
def test_stop_now_names_what_speaks_against_it_and_stops_what_is_confirmed(
    happens: Callable[[NotebookWorld], None], words: str
) -> None:
    """In Slack's own dialog, with what a stop keeps; the answer stops it."""
    world = warned()
    happens(world)
    question = asked(world)

    assert (words.lower() in question.lower(), "/home/ec2-user/SageMaker" in question) == (True, True)
    assert world.press("stop_anyway", confirmed="V-T").effect == "stopped"
    assert world.notebooks.stops == ["Lab-One"]


def test_a_confirmation_counts_only_for_the_reasons_that_were_named() -> None:
    """Another reason asks again; a person who is asked by a message presses again."""
    world = warned()
    unknown(world)
    asked(world)
    kept_by_another(world)
    effect = world.press("stop_anyway", confirmed="V-T").effect

    assert effect.startswith("not stopped: ")
    assert "another person keeps it" in world.dialogs.whispers[-1][2]
    assert world.notebooks.stops == []


def restarted(world: NotebookWorld) -> None:
    """It is another run, idle as the one before."""
    world.now += timedelta(minutes=10)
    world.has(a_notebook(modified_at=world.now))
    world.sweep()


def an_hour_later(world: NotebookWorld) -> None:
    """The dialog was left open."""
    world.now += HOUR - timedelta(minutes=1)


@pytest.mark.parametrize("happens", [restarted, an_hour_later])
def test_a_confirmation_that_comes_late_or_for_another_run_asks_again(happens: Callable[[NotebookWorld], None]) -> None:
    """A dialog stops only the run that it asked about."""
    world = warned()
    unknown(world)
    asked(world)
    happens(world)
    world.press("stop_anyway", confirmed="V-T")

    assert world.notebooks.stops == []
    assert "Press the stop button once more" in world.dialogs.whispers[-1][2]


@pytest.mark.parametrize("swept", [True, False])
def test_a_press_that_comes_late_does_not_stop_a_run_that_began_after_it(swept: bool) -> None:  # noqa: FBT001 - a case
    """A queue may deliver it after the restart, whether or not a sweep has seen that."""
    world = warned()
    pressed = world.now
    restarted_unseen(world)
    if swept:
        world.sweep()
    effect = world.press("stop_now", pressed_at=pressed).effect

    assert effect == "not stopped: it was started again after this button was pressed"
    assert world.notebooks.stops == []


def test_stop_now_without_a_dialog_asks_in_a_message_to_the_person() -> None:
    """Unknown is not idle for people either."""
    world = warned()
    unknown(world)
    effect = world.press("stop_now").effect

    assert effect.startswith("not stopped: SageWatch could not check")
    assert world.dialogs.whispers
    assert world.notebooks.stops == []


@pytest.mark.parametrize("happens", [busy, unknown])
def test_a_question_that_was_closed_means_no(happens: Callable[[NotebookWorld], None]) -> None:
    """It is no error, and nothing is stopped."""
    world = warned()
    happens(world)
    world.dialogs.failure = AlertRefusedError("Slack refused the dialog: not_found")

    assert world.press("stop_now", view="V1").effect.startswith("asked: ")
    assert world.notebooks.stops == []


def test_in_observe_mode_stop_now_stops_nothing() -> None:
    """And says what would have been."""
    world = warned(enforce=False)
    effect = world.press("stop_now").effect

    assert (effect, world.notebooks.stops) == ("would have been stopped", [])


@pytest.mark.parametrize("action", ["keep_4h", "keep_until_tomorrow", "stop_now", "never_stop", "stop_anyway"])
def test_a_late_press_changes_nothing(action: str) -> None:
    """The notebook was stopped meanwhile: the message says so."""
    world = warned()
    world.has(a_notebook(status=NotebookStatus.STOPPED, modified_at=world.now))
    world.sweep(later=HOUR)
    world.press(action)

    assert (world.notebooks.stops, world.states.leases) == ([], {})
    assert world.edits[-1].open is False


def test_a_notebook_that_is_gone_is_said_to_be() -> None:
    """Deleted a moment ago, its session still open."""
    world = warned()
    world.notebooks.found.clear()

    assert world.press("stop_now").effect == "it no longer exists"


def test_pressing_twice_is_pressing_once() -> None:
    """Nothing is stopped twice, and the second user gets an answer."""
    world = warned()
    for _ in range(2):
        world.press("stop_now")

    assert world.notebooks.stops == ["Lab-One"]
    assert len(world.news) == 1


def test_only_those_on_the_list_may() -> None:
    """Users and members of groups; the others get an ephemeral answer."""
    world = warned(approvers=("U0BO", "S0ADMINS"))
    world.dialogs.groups["S0ADMINS"] = frozenset({"U0CHI"})
    for user in ("U0ANA", "U0BO", "U0CHI"):
        world.press("keep_4h", user=user)

    assert [who for _, who, _ in world.dialogs.whispers] == ["U0ANA"]
    assert [edit.by for edit in world.edits] == ["U0BO", "U0CHI"]


def test_a_dialog_that_was_closed_is_no_reason_to_fail() -> None:
    """What is done is done."""
    world = warned()
    world.dialogs.failure = AlertRefusedError("Slack refused the dialog: not_found")
    world.press("stop_now", view="V1")

    assert world.notebooks.stops == ["Lab-One"]


def test_a_mangled_press_is_refused() -> None:
    """It goes to the dead-letter queue."""
    with pytest.raises(MalformedPressError):
        NotebookWorld().answerer.on_message('{"action": "keep_4h"}')


def test_a_protected_notebook_is_not_stopped_for_anybody() -> None:
    """IAM would refuse it anyway."""
    world = warned()
    world.has(a_notebook(tags={"sagewatch:protect": "yes"}))

    assert "protects it" in world.press("stop_now").effect
    assert world.notebooks.stops == []


@pytest.mark.parametrize(
    ("zone", "pressed", "until"),
    [
        ("America/Los_Angeles", datetime(2026, 11, 20, 23, 30, tzinfo=UTC), datetime(2026, 11, 21, 17, 0, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 11, 20, 23, 30, tzinfo=UTC), datetime(2026, 11, 21, 8, 0, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 11, 20, 12, 0, tzinfo=UTC), datetime(2026, 11, 21, 3, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 11, 20, 21, 0, tzinfo=UTC), datetime(2026, 11, 21, 22, 0, tzinfo=UTC)),
    ],
)
def test_until_tomorrow_is_nine_where_the_person_is_and_a_night_away(
    zone: str, pressed: datetime, until: datetime
) -> None:
    """The zone is the user's, from Slack. Half past midnight, the morning to come is meant."""
    world = warned()
    world.dialogs.zones["U0ANA"] = zone
    world.press("keep_until_tomorrow", pressed_at=pressed)

    assert world.states.leases[a_notebook().arn].until == until
    assert (world.edits[-1].outcome or "").endswith(f"until {until:%Y-%m-%d %H:%M} UTC")
    assert world.dialogs.whispers == []


@pytest.mark.parametrize("zone", [None, "Mars/Olympus", "../etc/passwd"])
def test_a_person_without_a_known_zone_is_told_which_one_counts(zone: str | None) -> None:
    """Slack may not tell it."""
    world = warned()
    world.dialogs.zones |= {"U0ANA": zone} if zone else {}
    world.press("keep_until_tomorrow")

    assert "so 09:00 in Europe/Berlin counts" in world.dialogs.whispers[-1][2]


def test_a_press_that_is_delivered_again_says_the_same_and_changes_nothing() -> None:
    """Queues repeat; what the second person pressed since stays in force and in the message."""
    world = warned()
    pressed = world.now
    world.press("keep_4h", user="U0ANA")
    world.now += timedelta(minutes=3)
    world.press("never_stop", user="U0BO")
    world.now += timedelta(minutes=3)
    world.press("keep_4h", user="U0ANA", pressed_at=pressed)

    assert world.states.leases[a_notebook().arn].author == "U0BO"
    assert [edit.by for edit in world.edits] == ["U0ANA", "U0BO"]


def test_the_message_shows_the_lease_in_force_however_often_it_changes_back() -> None:
    """Each edit has an identity of its own: delivery drops none as posted before."""
    world = warned()
    for action in ("never_stop", "keep_4h", "never_stop", "keep_4h", "never_stop"):
        world.now += timedelta(minutes=1)
        world.press(action)

    assert len({edit.alert_id for edit in world.edits}) == 5
    assert (world.edits[-1].outcome or "").startswith("SageWatch will not stop this notebook")


@pytest.mark.parametrize("later_first", [False, True])
def test_of_two_buttons_pressed_within_one_second_the_message_shows_the_later_one(later_first: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """It is the one in force, whichever the queue delivers first, and also if both are delivered again."""
    world = warned()
    presses = [
        ("keep_4h", "U0ANA", world.now.replace(microsecond=1)),
        ("never_stop", "U0BO", world.now.replace(microsecond=2)),
    ]
    for action, user, at in (presses[::-1] if later_first else presses) * 2:
        world.press(action, user=user, pressed_at=at)
    lease = world.states.leases[a_notebook().arn]
    world.sweep(later=timedelta(minutes=15))

    assert (lease.author, lease.until) == ("U0BO", None)
    assert (world.edits[-1].by, world.edits[-1].outcome) == ("U0BO", kept_until(lease))


def test_the_next_sweep_shows_the_lease_in_force_where_two_pressed_at_once() -> None:
    """Their edits may have been queued in either order."""
    world = warned()
    world.press("keep_4h", user="U0ANA", pressed_at=world.now + timedelta(seconds=1))
    world.states.leases[a_notebook().arn] = Lease("U0BO", None, world.now + timedelta(seconds=2))
    world.sweep(later=timedelta(minutes=15))

    assert (world.edits[-1].by, world.edits[-1].outcome) == ("U0BO", kept_until(Lease("U0BO", None, world.now)))
    count = len(world.edits)
    world.sweep(later=timedelta(minutes=15))
    assert len(world.edits) == count


@pytest.mark.parametrize("lost", ["alerts.send", "states.save", "ledger.put", "sessions.succeed"])
def test_the_second_try_of_an_interrupted_stop_says_who_stopped_it(lost: str) -> None:
    """Whichever write failed after the call."""
    world = warned()
    store, name = lost.split(".")
    port = getattr(world, store)
    works, failures = getattr(port, name), [UnavailableError("no answer")]

    def fails_once(*args: object) -> object:
        if failures and world.notebooks.stops:
            raise failures.pop()
        return works(*args)

    setattr(port, name, fails_once)
    with pytest.raises(UnavailableError):
        world.press("stop_now")
    world.has(a_notebook(status=NotebookStatus.STOPPING, modified_at=world.now))
    effect = world.press("stop_now").effect
    world.sweep(later=timedelta(minutes=15))

    assert effect == "stopped"
    assert {row.stopped_by for row in world.ledger.rows.values()} == {"sagewatch for U0ANA"}
    assert (world.edits[-1].by, world.edits[-1].open) == ("U0ANA", False)


def test_a_late_press_leaves_what_a_closed_message_says() -> None:
    """Who stopped it stays in the message, which may be sent once more; the second person is answered alone."""
    world = warned()
    world.press("stop_now", user="U0ANA")
    shown, sent = world.edits[-1], len(world.edits)
    for action in ("stop_now", "keep_4h", "stop_anyway"):
        assert world.press(action, user="U0BO").effect == "was stopped before"
    assert len(world.edits) == sent + 1

    assert world.edits[-1].model_copy(update={"alert_id": shown.alert_id}) == shown
    assert {user for _, user, _ in world.dialogs.whispers} == {"U0BO"}


def test_what_is_being_stopped_is_kept_for_nobody_and_says_so() -> None:
    """The stop was claimed first."""
    world = warned()
    arn = a_notebook().arn
    world.leases.claim_stop(world.sessions.kept[arn], StopCall("sagewatch", world.now), None)

    assert world.press("keep_4h").effect.startswith("too late to keep it")
    assert world.states.leases == {}


def test_a_list_of_approvers_that_slack_does_not_tell_is_said_to_the_person() -> None:
    """The app lacks the scope: that is no reason to leave a press without an answer."""

    class NoScope(InMemoryDialogs):
        @override
        def members(self, group: str) -> frozenset[str]:
            raise ChannelMisconfiguredError(f"Slack refused the question for group {group}: missing_scope")

    people = People(dialogs=NoScope(), approvers=("S0ADMINS",), zone=ZoneInfo("UTC"))

    assert "may not read the user groups" in (people.refusal("U0ANA") or "")
