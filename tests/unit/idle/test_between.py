"""What happens between two of SageWatch's steps: a stop by someone else, a refusal, a press, a new tag."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sagewatch.adapters.jupyter.activity import read_jupyter
from sagewatch.errors import AccessDeniedError, ThrottledError, UnreadableError
from sagewatch.idle.evidence import Idle, Reading, Source
from sagewatch.idle.outcomes import StopOutcome
from sagewatch.notebooks.session import Session, StopCall
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import Stop
from tests.worlds.notebooks import NotebookWorld, Told, a_notebook

HOUR, QUARTER, MINUTE = timedelta(hours=1), timedelta(minutes=15), timedelta(minutes=1)
PLACE = ("us-east-1", "Lab-One")


def warned() -> NotebookWorld:
    """A world in which Lab-One has been announced."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    world.sweep(later=QUARTER)
    return world


def now_is(world: NotebookWorld, status: NotebookStatus) -> None:
    """Change the notebook's status, as SageMaker dates it."""
    world.notebooks.found[PLACE] = replace(world.notebooks.found[PLACE], status=status, modified_at=world.now)


def test_a_notebook_that_someone_stops_after_the_listing_is_not_called_started_again() -> None:
    """Its message ends in the true state, within two sweeps."""
    world = warned()
    describe = world.notebooks.describe

    def stopping(name: str, region: str, account: str) -> Notebook:
        now_is(world, NotebookStatus.STOPPING)
        return describe(name, region, account)

    world.notebooks.describe = stopping  # type: ignore[method-assign] # someone stops it between the two calls
    world.sweep(later=2 * HOUR)
    world.notebooks.describe = describe  # type: ignore[method-assign] # as it was
    now_is(world, NotebookStatus.STOPPED)
    for _ in range(2):
        world.sweep(later=QUARTER)

    assert (world.edits[-1].open, (world.edits[-1].outcome or "").startswith("stopped")) == (False, True)
    assert not any("started again" in (edit.outcome or "") for edit in world.edits)


def test_who_keeps_a_notebook_by_a_closed_message_is_told() -> None:
    """The message cannot show it any more, so the person gets an answer."""
    world = warned()
    world.busy("Lab-One")
    world.sweep(later=2 * HOUR)
    before = len(world.dialogs.whispers)
    world.press("never_stop")

    assert len(world.dialogs.whispers) == before + 1


def test_a_sweep_never_stops_more_than_its_limit_though_aws_refused_them_before() -> None:
    """Fifty refused stops must not happen at once when the refusal ends."""
    world = NotebookWorld(max_stops=2)
    stop = world.notebooks.stop

    def denied(notebook: Notebook) -> Stop:
        raise AccessDeniedError(f"explicit deny of {notebook.name}")

    world.notebooks.stop = denied  # type: ignore[method-assign] # as a service control policy does
    for number in range(8):  # two become due at a time
        world.has(a_notebook(f"N{number}"))
        for _ in range(6 * (number % 2)):
            world.sweep(later=QUARTER)
    for _ in range(8):
        world.sweep(later=QUARTER)
    world.notebooks.stop = stop  # type: ignore[method-assign] # the policy is gone
    stopped = [world.sweep(later=QUARTER).stops[StopOutcome.STOPPED] for _ in range(8)]

    assert max(stopped) <= 2
    assert sum(stopped) > 2


def test_a_notebook_whose_stop_was_throttled_can_be_kept() -> None:
    """No stop was begun, so the person who presses Keep wins."""
    world = warned()
    stop = world.notebooks.stop

    def throttled(notebook: Notebook) -> Stop:
        raise ThrottledError(f"sagemaker:StopNotebookInstance of {notebook.name}")

    world.notebooks.stop = throttled  # type: ignore[method-assign] # AWS throttles the call
    world.sweep(later=2 * HOUR)
    world.notebooks.stop = stop  # type: ignore[method-assign] # and takes it again
    world.now += 2 * MINUTE
    world.press("keep_4h")
    world.sweep(later=QUARTER)

    assert world.notebooks.stops == []


def test_a_longer_limit_is_not_called_use() -> None:
    """The owner answers a warning with a tag: the message says that the limit changed."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.says("Lab-One", Idle(Source.JUPYTER, world.now - 5 * HOUR, "no kernel has run for 5 h"))
    world.sweep()
    world.sweep(later=QUARTER)
    world.notebooks.tagged[a_notebook().arn] = {"sagewatch:idle-after": "PT12H"}
    world.sweep(later=HOUR)

    assert "in use again" not in (world.edits[-1].outcome or "")
    assert "idle for longer" in (world.edits[-1].outcome or "")


def test_stop_now_ends_never_stop() -> None:
    """After a restart, the notebook is watched again."""
    world = warned()
    world.press("never_stop")
    world.now += 10 * MINUTE
    world.press("stop_now")
    now_is(world, NotebookStatus.STOPPED)
    world.sweep(later=QUARTER)
    world.has(a_notebook(modified_at=world.now))
    warnings = len(world.announced)
    for _ in range(4 * 24):
        world.sweep(later=QUARTER)

    assert len(world.announced) > warnings


def jupyter_says(world: NotebookWorld, kernel: dict[str, object], ago: timedelta) -> None:
    """Let Jupyter list one kernel that last did something so long ago."""
    listed = {"id": "k", "name": "python3", "last_activity": (world.now - ago).isoformat(), **kernel}
    world.says("Lab-One", read_jupyter([listed], [], world.now, timedelta(0)))


@pytest.mark.parametrize("state", ["starting", "restarting", "autorestarting"])
def test_a_kernel_that_starts_for_days_is_reported_once_a_day_and_never_stopped(state: str) -> None:
    """It may never be ready. For the first day it counts as busy."""
    world = NotebookWorld()
    world.has(a_notebook())
    jupyter_says(world, {"execution_state": state}, 23 * HOUR)
    world.sweep()
    first = len(world.news)
    for _ in range(2):
        jupyter_says(world, {"execution_state": state}, 72 * HOUR)
        world.sweep(later=24 * HOUR)

    assert (first, [news.headline for news in world.news]) == (0, ["Cannot tell whether Lab-One is in use"] * 2)
    assert f"has been {state} for over a day" in world.news[0].sentence
    assert (world.announced, world.notebooks.stops) == ([], [])


def test_a_tab_that_reconnects_delays_a_stop_and_the_message_shows_what_jupyter_said() -> None:
    """Some versions of JupyterLab then move the kernel's last activity. Without it, the notebook is stopped."""
    world = NotebookWorld()
    world.has(a_notebook())
    jupyter_says(world, {"execution_state": "idle", "connections": 1}, 6 * HOUR)
    world.sweep()
    world.now += HOUR
    jupyter_says(world, {"execution_state": "idle", "connections": 1}, 5 * MINUTE)
    world.sweep()
    kept, words = list(world.notebooks.stops), world.edits[-1].outcome or ""
    for _ in range(6):
        world.sweep(later=HOUR)

    assert (kept, world.notebooks.stops) == ([], ["Lab-One"])
    assert words.startswith("stop cancelled, it is in use again: no kernel has run since 12:55")


def test_a_kernel_that_was_shut_down_still_counts_for_the_whole_limit() -> None:
    """Jupyter forgets it, with the time of its last activity. SageWatch remembers what an inspection saw."""
    world = NotebookWorld()
    world.has(a_notebook())
    jupyter_says(world, {"execution_state": "idle"}, HOUR)
    world.sweep()
    used = world.now - HOUR
    world.says("Lab-One", read_jupyter([], [], world.now, timedelta(0)))
    for _ in range(2):
        world.sweep(later=HOUR)
    early = len(world.announced)
    world.sweep(later=HOUR)

    assert early == 0
    assert [alert.idle_since for alert in world.announced] == [used]


def test_what_an_older_button_says_does_not_replace_what_a_newer_one_said() -> None:
    """Two presses are answered at once: the lease in force is the newer one, and so is the message."""
    world = warned()
    load, pressed_at = world.states.load, world.now

    def answered_meanwhile(alert_id: str) -> str | None:
        world.states.load = load  # type: ignore[method-assign] # once
        world.press("never_stop", user="U0BO", pressed_at=pressed_at + MINUTE)
        return load(alert_id)

    world.states.load = answered_meanwhile  # type: ignore[method-assign] # between the first press's two steps
    world.press("keep_4h", user="U0ANA", pressed_at=pressed_at)

    assert (world.edits[-1].by, (world.edits[-1].outcome or "").startswith("SageWatch will not stop")) == ("U0BO", True)


def test_what_is_remembered_of_an_earlier_run_is_forgotten() -> None:
    """A warning and a lease belong to one run, or to one notebook, and end with it."""
    world = warned()
    world.press("keep_4h")
    state, later = world.states.read(a_notebook().arn, "us-east-1"), world.now + MINUTE
    before = later - timedelta(days=1)
    same, again, other = (state.of_run(since, born) for since, born in ((before, None), (later, None), (later, later)))

    assert (same.pending is None, again.pending, other.pending) == (False, None, None)
    assert (same.lease is None, again.lease is None, other.lease) == (False, False, None)


def test_stop_now_gives_way_to_a_button_that_was_pressed_after_it() -> None:
    """The queue delivered the later press first. The person gets an answer."""
    world = warned()
    pressed_at = world.now
    world.press("never_stop", pressed_at=pressed_at + MINUTE)
    world.press("stop_now", pressed_at=pressed_at)

    assert world.notebooks.stops == []
    assert "another button was pressed after this one" in world.dialogs.whispers[-1][2]


def test_of_two_sweeps_that_stop_it_at_once_the_second_leaves_the_call_of_the_first() -> None:
    """It finds the notebook stopping since the first one's call, so the stop is SageWatch's."""
    world = warned()
    world.now += 2 * HOUR
    began, arn = world.now - timedelta(seconds=3), a_notebook().arn
    world.sessions.kept[arn] = replace(world.sessions.kept[arn], stop_call=StopCall("sagewatch", began))

    def already(notebook: Notebook) -> Stop:
        world.notebooks.found[PLACE] = replace(notebook, status=NotebookStatus.STOPPING, modified_at=began)
        return Stop.ALREADY

    world.notebooks.stop = already  # type: ignore[method-assign] # AWS answers that it is stopping
    read = world.sessions.read_region

    def as_before(region: str) -> Mapping[str, Session | UnreadableError]:
        return {
            each: replace(session, stop_call=None)
            for each, session in read(region).items()
            if isinstance(session, Session)
        }

    world.sessions.read_region = as_before  # type: ignore[method-assign] # read before the first sweep noted its call
    world.sweep()

    assert (world.edits[-1].outcome or "").startswith("stopped at")


def test_before_a_stop_jupyter_is_asked_last() -> None:
    """Its answer is then the newest; a log takes up to ten pages to read."""
    world, order = warned(), list[str]()

    class Listening(Told):
        """Says that nothing runs, and notes that it was asked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def read(self, notebook: Notebook, now: datetime, back_to: datetime) -> Reading:
            """Note the name, and read as before."""
            order.append(self.name)
            return super().read(notebook, now, back_to)

    sources = (Listening("Jupyter"), Listening("log"), Listening("agent"))
    object.__setattr__(world.sweeper.inspector, "evidence", sources)
    world.sweep(later=2 * HOUR)

    assert (order[:3], order[3:]) == (["Jupyter", "log", "agent"], ["agent", "log", "Jupyter"])
    assert world.notebooks.stops == ["Lab-One"]
