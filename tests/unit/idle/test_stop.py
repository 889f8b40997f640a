"""Who stopped a notebook is written down before it is stopped, for its event may be faster than a later note."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from sagewatch.errors import StopRefusedError, UnavailableError
from sagewatch.idle.outcomes import StopOutcome
from sagewatch.ledger.records import RecordedBy
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import Stop
from tests.worlds.notebooks import NotebookWorld, a_notebook

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
STOPPING = NotebookStatus.STOPPING


@dataclass
class Meanwhile:
    """The ``NotebookStops`` port of a world in which something happens while the call lasts."""

    world: NotebookWorld
    happens: Callable[[], None]

    def stop(self, notebook: Notebook) -> Stop:
        """Let the event happen, then stop."""
        self.happens()
        return self.world.notebooks.stop(notebook)


def warned(happens: Callable[[NotebookWorld], None]) -> NotebookWorld:
    """A world in which Lab-One has been announced, and its stop is due in an hour."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    object.__setattr__(world.sweeper.notebook_stop, "stops", Meanwhile(world, lambda: happens(world)))
    return world


def told_stopping(world: NotebookWorld, later: timedelta = timedelta(0)) -> None:
    """An event reports it as Stopping, now or a while later."""
    event = a_notebook(status=STOPPING, modified_at=world.now + later, volume_gb=None, platform=None)
    world.tracker.observe(event, by=RecordedBy.EVENT)


def stoppers(world: NotebookWorld) -> list[str | None]:
    """Who stopped what is in the ledger."""
    return [row.stopped_by for row in world.ledger.rows.values()]


def test_an_event_that_is_handled_before_the_call_returns_names_us() -> None:
    """It is the same stop."""
    world = warned(told_stopping)

    assert world.sweep(later=HOUR).stops == {StopOutcome.STOPPED: 1}
    assert stoppers(world) == ["sagewatch"]


def test_it_names_who_pressed_the_button() -> None:
    """As the note made after it does."""
    world = warned(told_stopping)
    world.press("stop_now")

    assert stoppers(world) == ["sagewatch for U0ANA"]


def refuse(_: NotebookWorld) -> None:
    """AWS does not stop it."""
    raise StopRefusedError("no")


def stopped_by_a_person(world: NotebookWorld) -> None:
    """A person stopped it a minute before, and no event has reported that yet."""
    world.has(a_notebook(status=STOPPING, modified_at=world.now - MINUTE))


@pytest.mark.parametrize("happens", [refuse, stopped_by_a_person])
def test_a_stop_that_was_none_of_ours_names_nobody(happens: Callable[[NotebookWorld], None]) -> None:
    """Refused, or already stopped: the recorded call is deleted."""
    world = warned(happens)
    world.sweep(later=HOUR)
    told_stopping(world, MINUTE)

    assert stoppers(world) == ["somebody"]


@pytest.mark.parametrize(("later", "who"), [(3 * MINUTE, "sagewatch"), (20 * MINUTE, "somebody")])
def test_a_call_without_an_answer_counts_for_a_quarter_of_an_hour(later: timedelta, who: str) -> None:
    """AWS may have received the call. A stop long after it has another cause."""

    def hang(_: NotebookWorld) -> None:
        raise UnavailableError("sagemaker:StopNotebookInstance: no answer")

    world = warned(hang)
    swept = world.sweep(later=HOUR)
    told_stopping(world, later)

    assert len(swept.postponed) == 1
    assert stoppers(world) == [who]


def test_a_stop_before_the_call_is_not_ours() -> None:
    """Its event has the time."""
    world = warned(lambda world: told_stopping(world, -MINUTE))
    world.sweep(later=HOUR)

    assert stoppers(world) == ["somebody"]


def test_what_was_restarted_since_it_was_looked_at_is_not_stopped() -> None:
    """It has another session, and the person who started it is about to use it."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    look = world.sweeper.inspector.inspect

    class Restarted:
        """It is stopped and started at the second look of the sweep."""

        looks = 0

        def inspect(self, session, state, *, last=False, seen=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            """Inspect, and restart the notebook the second time."""
            case = look(session, state, last=last, seen=seen)
            self.looks += 1
            if self.looks == 2:
                told_stopping(world)
                world.now += MINUTE
                world.tracker.observe(replace(a_notebook(), modified_at=world.now), by=RecordedBy.EVENT)
            return case

    restarted = Restarted()
    object.__setattr__(world.sweeper, "inspector", restarted)
    object.__setattr__(world.sweeper.notebook_stop, "inspector", restarted)

    assert world.sweep(later=HOUR).stops == {StopOutcome.CHANGED: 1}
    assert world.notebooks.stops == []
