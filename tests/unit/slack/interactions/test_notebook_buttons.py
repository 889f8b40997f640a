"""What people press becomes a lease or a stop, and the message says who pressed what."""

from datetime import UTC, datetime, timedelta

import pytest

from sagewatch.errors import AlertRefusedError, MalformedPressError
from sagewatch.idle.evidence import Source, Unknown
from sagewatch.sagemaker.notebooks import NotebookStatus
from sagewatch.slack.interactions.dialogs import result_view
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


def test_the_second_person_counts() -> None:
    """The message names whoever pressed last."""
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


def test_stop_now_asks_when_a_kernel_is_busy() -> None:
    """In Slack's own dialog; the answer stops it."""
    world = warned()
    world.busy("Lab-One")
    world.dialogs.open("T", result_view("Looking."))
    asked = world.press("stop_now", view="V-T")
    view = world.dialogs.views["V-T"][-1]

    assert asked.effect == "asked: kernel python3 is busy"
    assert (view.callback_id, world.notebooks.stops) == ("stop_anyway", [])
    world.press("stop_anyway")
    assert world.notebooks.stops == ["Lab-One"]


def test_stop_now_asks_when_nobody_can_tell() -> None:
    """Unknown is not idle for people either."""
    world = warned()
    world.says("Lab-One", Unknown(Source.JUPYTER, "no answer within 5 s"))
    effect = world.press("stop_now").effect

    assert effect.startswith("not stopped: SageWatch cannot tell")
    assert world.dialogs.whispers
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

    assert "is no longer running" in world.press("stop_now").effect


def test_pressing_twice_is_pressing_once() -> None:
    """Nothing is stopped twice, and the second is told so."""
    world = warned()
    for _ in range(2):
        world.press("stop_now")

    assert world.notebooks.stops == ["Lab-One"]
    assert len(world.news) == 1


def test_only_those_on_the_list_may() -> None:
    """Users and members of groups; the others are told, alone."""
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
