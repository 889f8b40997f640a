"""What belongs to one run of a notebook ends with it; what was announced is compared with what happened."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Never

import pytest

from sagewatch.alerts.ports import Lease
from sagewatch.errors import StopRefusedError, SweepIncompleteError, UnavailableError, UnreadableError
from sagewatch.idle.alerts import NotebookNews
from sagewatch.idle.outcomes import StopOutcome
from sagewatch.ledger.records import RecordedBy
from sagewatch.outcomes import EmfMetric
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import Stop
from tests.worlds.builders import no_time_limit
from tests.worlds.notebooks import NotebookWorld, a_notebook

HOUR, QUARTER, DAY = timedelta(hours=1), timedelta(minutes=15), timedelta(days=1)


def announced() -> NotebookWorld:
    """A world in which Lab-One has been announced, and its stop is due in an hour."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    return world


def last_words(world: NotebookWorld) -> str:
    """What the newest edit says."""
    return world.edits[-1].outcome or ""


@pytest.mark.parametrize("recreated", [False, True])
def test_a_restart_that_no_event_reported_is_another_run(recreated: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """Started ten minutes before its predecessor's stop was due: it is not stopped, and the old message says why."""
    world = announced()
    started = world.now + timedelta(minutes=50)
    created = started if recreated else a_notebook().created_at
    world.has(a_notebook(created_at=created, modified_at=started))
    world.sweep(later=HOUR)

    assert world.notebooks.stops == []
    assert (world.edits[-1].open, "started again" in last_words(world)) == (False, True)
    assert world.sessions.kept[a_notebook().arn].since == started


def test_a_restart_between_the_listing_and_the_last_inspection_is_seen() -> None:
    """Describe is newer than the listing."""
    world = announced()
    describe = world.notebooks.describe

    def restarted(name: str, region: str, account: str) -> Notebook:
        return replace(describe(name, region, account), modified_at=world.now)

    world.notebooks.describe = restarted  # type: ignore[method-assign] # it answers as AWS would a moment later
    world.sweep(later=HOUR)

    assert world.notebooks.stops == []


def test_never_stop_is_not_inherited_by_the_next_notebook_of_that_name() -> None:
    """A lease is for the notebook it was given to."""
    world = announced()
    world.press("never_stop")
    created = world.now + HOUR
    world.has(a_notebook(created_at=created, modified_at=created))
    for _ in range(24):
        world.sweep(later=HOUR)

    assert world.notebooks.stops == ["Lab-One"]


def test_never_stop_can_be_taken_back() -> None:
    """The next button counts from then on, whatever was remembered."""
    world = announced()
    world.press("never_stop")
    world.sweep(later=HOUR)
    world.press("keep_4h")
    for _ in range(24):
        world.sweep(later=HOUR)

    assert world.notebooks.stops == ["Lab-One"]


def test_a_check_is_never_put_off_for_longer_than_two_hours() -> None:
    """Not even one that an earlier release put off for ever."""
    world = announced()
    arn = a_notebook().arn
    state = world.states.kept[arn]
    world.states.kept[arn] = replace(state, next_check_at=world.now.replace(year=9999))
    world.sweep(later=HOUR)

    assert world.notebooks.stops == ["Lab-One"]


def test_trial_mode_is_followed_by_a_new_announcement_and_a_stop() -> None:
    """What was found in trial mode is not forgotten when stops are switched on."""
    trial = NotebookWorld(enforce=False)
    trial.has(a_notebook())
    for _ in range(3):
        trial.sweep(later=HOUR)
    world = NotebookWorld(enforce=True)
    world.has(a_notebook())
    world.now = trial.now
    world.states.kept, world.states.files = trial.states.kept, trial.states.files
    world.sessions.kept = trial.sessions.kept
    for _ in range(4):
        world.sweep(later=HOUR)

    assert world.notebooks.stops == ["Lab-One"]
    assert len(world.announced) == 1


@pytest.mark.parametrize("status", [NotebookStatus.STOPPED, None])
def test_a_message_ends_in_the_true_state_whoever_ended_the_run(status: NotebookStatus | None) -> None:
    """Stopped by a person, or deleted: two sweeps later nothing is left to press."""
    world = announced()
    if status:
        world.has(a_notebook(status=status, modified_at=world.now + QUARTER))
    else:
        world.notebooks.found.clear()
    world.sweep(later=HOUR)
    world.sweep(later=DAY + HOUR)

    assert [edit.open for edit in world.edits] == [False]
    assert ("stopped by someone else at" in last_words(world)) is bool(status)


@pytest.mark.parametrize("event", [False, True])
def test_a_stop_whose_session_was_lost_is_put_on_no_one(event: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """It may have been SageWatch's own: the call was noted in that session. The message ends without an event too."""
    world = announced()
    world.sessions.kept.clear()
    stopped = a_notebook(status=NotebookStatus.STOPPED, modified_at=world.now + QUARTER)
    world.has(stopped)
    world.now += QUARTER
    if event:
        world.tracker.observe(stopped, by=RecordedBy.EVENT)
    world.sweep(later=HOUR)

    assert (world.edits[-1].open, last_words(world)) == (
        False,
        "it was stopped at 12:15 UTC, and SageWatch does not know by whom",
    )


def test_a_message_whose_session_was_lost_stays_while_its_notebook_runs() -> None:
    """A missing session does not mean that the notebook was deleted."""
    world = announced()
    world.sessions.kept.clear()
    world.known.off = True
    world.notebooks.tags = no_answer  # type: ignore[method-assign] # so no session begins
    world.sweep(later=QUARTER)
    kept = list(world.edits)
    world.has(a_notebook(created_at=world.now, modified_at=world.now))
    world.sweep(later=QUARTER)

    assert (kept, last_words(world)) == ([], "the notebook was deleted")


def no_answer(arn: str, scope: str) -> Never:
    """AWS does not answer."""
    raise UnavailableError(f"no answer about {arn} in {scope}")


def test_a_message_of_a_kept_notebook_ends_too() -> None:
    """A lease does not keep the buttons alive."""
    world = announced()
    world.press("never_stop")
    world.sweep(later=HOUR)
    world.has(a_notebook(status=NotebookStatus.STOPPED, modified_at=world.now))
    world.sweep(later=HOUR)

    assert world.edits[-1].open is False


def test_a_stop_whose_words_failed_is_reported_by_the_next_sweep() -> None:
    """The call was made, then the queue did not answer."""
    world = announced()
    send, failing = world.alerts.send, [True]

    def unavailable(alert: object) -> None:
        if failing and isinstance(alert, NotebookNews):
            failing.clear()
            raise UnavailableError("sqs:SendMessage: no answer")
        send(alert)  # type: ignore[arg-type] # as it came

    world.alerts.send = unavailable  # type: ignore[method-assign] # it fails once
    world.sweep(later=HOUR)
    world.sweep(later=QUARTER)

    assert world.notebooks.stops == ["Lab-One"]
    assert ("stopped by SageWatch at 13:00 UTC" in last_words(world), world.edits[-1].open) == (True, False)


def test_a_button_that_is_pressed_during_the_last_inspection_wins() -> None:
    """The lease is read again after the stop was noted."""
    world = announced()
    idle = world.jupyter.read

    def press_meanwhile(notebook: Notebook, now: object, back_to: object) -> object:
        found = idle(notebook, now, back_to)  # type: ignore[arg-type] # as it came
        world.leases.grant(notebook.arn, "us-east-1", Lease("U0ANA", world.now + HOUR, world.now), world.now)
        return found

    world.now += HOUR
    state = world.states.read(a_notebook().arn, "us-east-1")
    stops = [world.sweeper.inspector.inspect(world.sessions.kept[a_notebook().arn], state)]
    world.jupyter.read = press_meanwhile  # type: ignore[assignment,method-assign] # a person is fast

    assert world.sweeper.notebook_stop.stop(stops[0]) is StopOutcome.CHANGED
    assert world.notebooks.stops == []


def test_a_stop_whose_first_answer_was_lost_is_ours() -> None:
    """The second attempt hears that it is stopping already."""
    world = announced()

    class Twice:
        """It stops, and the answer that is seen is that of the second attempt."""

        def stop(self, notebook: Notebook) -> Stop:
            """Stop it twice, and return the second answer."""
            world.notebooks.stop(notebook)
            world.has(a_notebook(status=NotebookStatus.STOPPING, modified_at=world.now))
            return world.notebooks.stop(notebook)

    object.__setattr__(world.sweeper.notebook_stop, "stops", Twice())

    assert world.sweep(later=HOUR).stops == {StopOutcome.STOPPED: 1}
    assert {row.stopped_by for row in world.ledger.rows.values()} == {"sagewatch"}


def test_refused_stops_do_not_count_towards_the_limit() -> None:
    """Three that AWS refuses hold no other back."""
    world = NotebookWorld(max_stops=2)
    stuck = [f"stuck-{number}" for number in range(2)]
    world.has(*(a_notebook(name) for name in stuck))
    for name in stuck:
        world.notebooks.failures[name] = StopRefusedError("no")
    for _ in range(3):
        world.sweep(later=HOUR)
    world.has(a_notebook("stuck-2"), a_notebook("good"))
    world.notebooks.failures["stuck-2"] = StopRefusedError("no")
    for _ in range(4):
        world.sweep(later=HOUR)

    assert world.notebooks.stops == ["good"]


def test_an_announcement_that_slack_does_not_show_is_queued_again() -> None:
    """Under the same identity: delivery posts it once."""
    world = NotebookWorld()
    world.has(a_notebook())
    for _ in range(13):
        world.now += QUARTER
        world.sweeper.sweep(no_time_limit)

    assert len(world.announced) == 1
    assert [alert.alert_id for alert in world.alerts.sent].count(world.announced[0].alert_id) == 2


def test_a_fault_in_one_notebook_hinders_no_other() -> None:
    """Whatever is raised."""
    world = NotebookWorld()
    world.has(a_notebook("bad"), a_notebook("good"))
    tags = world.notebooks.tags

    def broken(arn: str, region: str) -> object:
        if arn.endswith("bad") and "good" in str(world.states.kept):
            raise KeyError("a fault of ours")
        return tags(arn, region)

    world.sweep()
    world.notebooks.tags = broken  # type: ignore[assignment,method-assign] # what the test is about
    with pytest.raises(SweepIncompleteError, match="bad: unexpected KeyError"):
        world.sweep(later=HOUR)

    assert world.notebooks.stops == ["good"]


@pytest.mark.parametrize("store", ["states", "sessions"])
def test_a_notebook_whose_item_cannot_be_read_is_left_alone_counted_and_named_once_a_day(store: str) -> None:
    """Its neighbours are stopped, and nothing of its own is overwritten or announced."""
    world = NotebookWorld()
    world.has(a_notebook("bad"), a_notebook("good"))
    world.sweep()
    arn = a_notebook("bad").arn
    before = (world.states.kept[arn], world.sessions.kept[arn])
    getattr(world, store).broken[arn] = UnreadableError(f"stored {store} of {arn}")
    with pytest.raises(SweepIncompleteError, match=r"cannot read stored .*bad") as failure:
        world.sweep(later=HOUR)
    again = world.sweep(later=HOUR)

    assert world.notebooks.stops == ["good"]
    assert (world.states.kept[arn], world.sessions.kept[arn]) == before
    assert failure.value.outcome is not None
    assert failure.value.outcome.metrics()[EmfMetric.ITEMS_UNREADABLE] == 1
    assert (again.failures, again.unreadable, again.to_log()["left_alone"]) == ([], 1, [arn])


def test_a_warning_that_slack_does_not_show_is_counted_and_made_again_after_a_day() -> None:
    """Nothing is stopped meanwhile; the first one ends, should it still come."""
    world = NotebookWorld()
    world.has(a_notebook())
    overdue = []
    for _ in range(26 * 4):
        world.now += QUARTER
        overdue.append(world.sweeper.sweep(no_time_limit).metrics().get(EmfMetric.WARNINGS_OVERDUE, 0))

    assert (world.notebooks.stops, len(world.announced)) == ([], 2)
    assert (sum(overdue[:8]), overdue[9]) == (0, 1)
    assert [edit.open for edit in world.edits if edit.edits == world.announced[0].alert_id] == [False]


def test_a_warning_that_comes_late_to_slack_shows_its_new_time() -> None:
    """It is in the channel for the whole time, and names the true end of it."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweeper.sweep(no_time_limit)
    world.now += HOUR - QUARTER
    world.deliver()
    world.sweep(later=QUARTER)
    [edit] = world.edits
    world.sweep(later=HOUR)

    assert edit.stop_at == world.announced[0].stop_at + HOUR - QUARTER  # type: ignore[operator] # it has a time
    assert (edit.outcome, edit.open) == (None, True)
    assert world.notebooks.stops == ["Lab-One"]


@pytest.mark.parametrize("fails", ["archive", "send", "save"])
def test_an_announcement_whose_queuing_was_interrupted_is_one_message_with_an_end(fails: str) -> None:
    """Whichever write failed, and whatever the next sweep finds."""
    world = NotebookWorld()
    world.has(a_notebook())
    port = world.alerts if fails == "send" else world.states
    works, calls = getattr(port, fails), []

    def fails_late(*args: object) -> object:
        calls.append(args)
        if len(calls) == (2 if fails == "save" else 1):
            raise UnavailableError("no answer")
        return works(*args)

    setattr(port, fails, fails_late)
    world.sweep()
    world.sweep(later=QUARTER)
    assert len(world.announced) == 1
    world.busy("Lab-One")
    world.sweep(later=HOUR)

    assert [edit.open for edit in world.edits] == [False]
    assert world.notebooks.stops == []


def test_what_is_stored_of_a_message_does_not_expire_while_someone_keeps_the_notebook() -> None:
    """Stores forget after 90 days what was not stored again: the message would keep its buttons for ever."""
    world = announced()
    world.press("never_stop")
    arn, stored = a_notebook().arn, list[timedelta]()
    begin = world.now
    for _ in range(200):
        before = world.states.kept[arn].version, len(world.edits)
        world.sweep(later=DAY)
        if (world.states.kept[arn].version, len(world.edits)) == (before[0] + 1, before[1] + 1):
            stored.append(world.now - begin)
    world.has(a_notebook(status=NotebookStatus.STOPPED, modified_at=world.now))
    world.sweep(later=QUARTER)

    assert max(late - early for early, late in pairwise([timedelta(0), *stored])) <= 31 * DAY
    assert last_words(world).startswith("stopped by someone else")


def test_what_a_store_has_forgotten_is_announced_anew_under_another_name() -> None:
    """Items expire after 90 days, and not all at once: no old message counts as the new warning."""
    world = announced()
    old = world.announced[0].alert_id
    world.press("never_stop")
    world.now += 91 * DAY
    world.states.kept.clear()
    world.states.files.clear()
    world.states.leases.clear()  # while what was posted is still stored
    world.sweep()
    early = list(world.notebooks.stops)
    world.sweep(later=HOUR)

    assert [alert.alert_id == old for alert in world.announced] == [True, False]
    assert (early, world.notebooks.stops) == ([], ["Lab-One"])
