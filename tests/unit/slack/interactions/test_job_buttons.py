"""What people press at jobs that run becomes a snooze or a stop, and the message says who pressed what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sagewatch.errors import AccessDeniedError, AlertRefusedError, StopRefusedError, ThrottledError, UnavailableError
from sagewatch.sagemaker.resources import Job, JobStatus
from sagewatch.sagemaker.tags import PROTECT_TAG
from sagewatch.slack.interactions.dialogs import job_result_view
from sagewatch.slack.interactions.payloads import JobPress
from tests.worlds.builders import NOW
from tests.worlds.jobs import JobWorld, a_running_job
from tests.worlds.notebooks import NotebookWorld

HOUR = timedelta(hours=1)
JOB = a_running_job(30 * HOUR)
ENDED = replace(JOB, status=JobStatus.COMPLETED, ended_at=NOW, billable_seconds=108_000)


def told(*, enforce: bool = True) -> JobWorld:
    """A world in which a job has an alert."""
    world = JobWorld(enforce=enforce)
    world.has(JOB)
    world.sweep()
    return world


def asked(world: JobWorld) -> str:
    """Press "Stop job", with the dialog the door has opened; answer with what it asks."""
    world.dialogs.open("T", job_result_view("Looking."))
    world.press("stop_job", JOB, view="V-T")
    view = world.dialogs.views["V-T"][-1]
    assert view.callback_id == "stop_job_sure"
    return str(view.blocks[0].to_dict()["text"]["text"])


def test_stop_job_asks_with_the_money_and_what_is_lost() -> None:
    """And has stopped nothing yet."""
    world = told()

    assert asked(world) == (
        "`Fraud-XGB-01`: it has cost $13.80 so far, at $0.46/h.\n"
        "A job without checkpoints loses its work when it is stopped. Stop it?"
    )
    assert (world.stops.stopped, world.edits) == ([], [])


def test_what_is_confirmed_is_stopped_and_the_message_says_by_whom() -> None:
    """Nothing is left to press."""
    world = told()
    asked(world)
    effect = world.press("stop_job_sure", JOB).effect
    [edit] = world.edits

    assert (effect, world.stops.stopped) == ("stopped at 12:00 UTC", ["Fraud-XGB-01"])
    assert (edit.outcome, edit.by, edit.open, edit.edits) == (effect, "U0ANA", False, world.told[0].alert_id)


def test_in_observe_mode_it_is_said_that_it_would_have_been_stopped() -> None:
    """Before, in the dialog, and after, in the message; the buttons stay."""
    world = told(enforce=False)

    assert asked(world).endswith("Trial mode: SageWatch will not stop it, but will say that it would have.")
    effect = world.press("stop_job_sure", JOB).effect
    assert effect == (
        "trial mode: SageWatch would have stopped it at 12:00 UTC. It is still running. Stop it in the console"
    )
    assert (world.stops.stopped, world.edits[-1].open) == ([], True)


def test_what_has_no_price_is_asked_about_all_the_same() -> None:
    """And said to have none."""
    world = JobWorld()
    world.has(replace(JOB, groups=()))
    world.sweep()

    assert "its cost so far is unknown: nothing says which instances it runs on" in asked(world)


def test_pressed_twice_and_by_two_people_it_is_stopped_once() -> None:
    """The message names the first user; only the second gets an answer."""
    world = told()
    world.dialogs.open("BO", job_result_view("Looking."))
    world.press("stop_job_sure", JOB, user="U0ANA")
    effect = world.press("stop_job_sure", JOB, user="U0BO", view="V-BO").effect  # a dialog that has closed by then

    assert effect == "it is already being stopped"
    assert world.stops.stopped == ["Fraud-XGB-01"]
    assert [edit.by for edit in world.edits] == ["U0ANA"]
    assert [(user, text) for _, user, text in world.dialogs.whispers] == [
        ("U0BO", "Fraud-XGB-01: it is already being stopped.")
    ]


def test_two_who_confirm_at_the_same_moment_stop_it_once() -> None:
    """SageMaker answers the second that it has ended: no error."""
    world = told()
    world.press("stop_job_sure", JOB, user="U0ANA")
    world.jobs.found[JOB.kind, JOB.region, JOB.name] = JOB  # Describe is behind
    world.stops.jobs = replace(world.jobs, found={(JOB.kind, JOB.region, JOB.name): ENDED})

    assert "already ended" in world.press("stop_job_sure", JOB, user="U0BO").effect
    assert [edit.by for edit in world.edits] == ["U0ANA"]


@pytest.mark.parametrize("action", ["stop_job", "stop_job_sure", "snooze_job"])
@pytest.mark.parametrize("now", [ENDED, None], ids=["ended", "gone"])
def test_a_late_press_changes_nothing_and_closes_the_message(action: str, now: Job | None) -> None:
    """The job ended meanwhile, or was deleted."""
    world = told()
    world.jobs.found.clear()
    if now:
        world.has(now)
    world.sweep(later=2 * HOUR)
    effect = world.press(action, JOB).effect

    assert any(text in effect for text in ("already ended", "no longer exists"))
    assert (world.stops.stopped, world.edits[-1].open, world.edits[-1].by) == ([], False, None)
    assert len(world.dialogs.whispers) == 1


def test_another_job_of_the_same_name_is_not_stopped() -> None:
    """The job of the alert was deleted, and its name used again."""
    world = told()
    world.has(replace(JOB, created_at=NOW - HOUR, started_at=NOW - HOUR))

    assert world.press("stop_job_sure", JOB).effect == "it no longer exists"
    assert world.stops.stopped == []


def test_a_protected_job_is_not_stopped_for_anybody() -> None:
    """IAM would refuse it anyway."""
    world = told()
    world.jobs.tagged[JOB.arn] = {PROTECT_TAG: "yes"}

    assert "remove the tag" in world.press("stop_job", JOB).effect
    assert "remove the tag" in world.press("stop_job_sure", JOB).effect
    assert world.stops.stopped == []


@pytest.mark.parametrize(
    "error", [StopRefusedError("sagemaker:Stop of training job x: no"), AccessDeniedError("no permission")]
)
def test_what_aws_refuses_is_said_in_the_message(error: Exception) -> None:
    """It still runs, so the buttons stay."""
    world = told()
    world.stops.failure = error
    effect = world.press("stop_job_sure", JOB).effect

    assert effect == f"AWS refused to stop it: {error}"
    assert (world.edits[-1].by, world.edits[-1].open) == ("U0ANA", True)


def test_a_throttled_stop_is_tried_again() -> None:
    """The press goes back to its queue."""
    world = told()
    world.stops.failure = ThrottledError("slow")
    with pytest.raises(ThrottledError):
        world.press("stop_job_sure", JOB)

    assert world.edits == []


def test_a_dialog_that_did_not_open_is_said_to_the_one_who_pressed() -> None:
    """Nothing is stopped without having been asked."""
    world = told()
    world.press("stop_job", JOB)

    assert [text for *_, text in world.dialogs.whispers] == [
        "Fraud-XGB-01: not stopped: it has cost $13.80 so far, at $0.46/h. Press the stop button once more to confirm."
    ]


def test_a_dialog_that_was_closed_is_made_up_for_by_a_whisper() -> None:
    """The one who pressed wants to know."""
    world = told()
    world.jobs.tagged[JOB.arn] = {PROTECT_TAG: "yes"}
    world.dialogs.failure = AlertRefusedError("Slack refused the dialog: not_found")
    world.press("stop_job", JOB, view="V1")

    assert len(world.dialogs.whispers) == 1


@pytest.mark.parametrize("fails", ["send", "replace"])
def test_a_stop_whose_report_failed_is_reported_by_the_second_try_with_its_user(fails: str) -> None:
    """The press comes back from its queue, and the job is being stopped: by this user, not by someone else."""
    world = told()
    store = world.alerts if fails == "send" else world.files
    works, calls = getattr(store, fails), [0]

    def failing(*given: object) -> object:
        calls[0] += 1
        if calls[0] == (1 if fails == "send" else 2):  # the first replace notes who stops it, before the call
            raise UnavailableError(f"{fails}: no answer")
        return works(*given)

    setattr(store, fails, failing)
    with pytest.raises(UnavailableError):
        world.press("stop_job_sure", JOB)
    world.jobs.found[JOB.kind, JOB.region, JOB.name] = replace(JOB, status=JobStatus.STOPPING)
    world.now += HOUR
    world.press("stop_job_sure", JOB)

    assert world.stops.stopped == ["Fraud-XGB-01"]
    assert {(edit.outcome, edit.by, edit.open) for edit in world.edits} == {("stopped at 12:00 UTC", "U0ANA", False)}
    assert world.dialogs.whispers == []


@pytest.mark.parametrize("action", ["stop_job_sure", "snooze_job", "stop_job"])
def test_a_press_that_is_delivered_twice_overwrites_no_name(action: str) -> None:
    """The queue may repeat it, or deliver another one late."""
    world = told()
    world.press("stop_job_sure", JOB, user="U0ANA")
    world.press(action, JOB, user="U0BO")

    assert (world.edits[-1].outcome, world.edits[-1].by) == ("stopped at 12:00 UTC", "U0ANA")
    assert "U0BO" in {user for _, user, _ in world.dialogs.whispers}


def test_two_presses_at_the_same_moment_leave_the_message_closed() -> None:
    """A snooze was about to be shown when the other person's stop was."""
    world = told()
    load = world.files.load

    def stopped_meanwhile(alert_id: str) -> str | None:
        body = load(alert_id)
        world.files.load = load  # type: ignore[method-assign] # once
        world.press("stop_job_sure", JOB, user="U0BO")
        return body

    world.files.load = stopped_meanwhile  # type: ignore[method-assign] # between the snooze's two steps
    world.press("snooze_job", JOB, user="U0ANA")

    assert (world.edits[-1].open, world.edits[-1].by) == (False, "U0BO")
    assert [user for _, user, _ in world.dialogs.whispers] == ["U0ANA"]


def test_a_snooze_has_an_author_and_an_end() -> None:
    """In the time of the people: Berlin, in winter."""
    world = told()
    effect = world.press("snooze_job", JOB).effect
    [entry] = world.open_jobs.jobs.values()
    [edit] = world.edits

    assert effect == "snoozed until Sat 2026-11-21 13:00 CET; no alerts before then"
    assert entry.snooze is not None
    assert (entry.snooze.author, entry.snooze.until, entry.snooze.written_at) == ("U0ANA", NOW + 24 * HOUR, NOW)
    assert (edit.outcome, edit.by, edit.open) == (effect, "U0ANA", True)


def test_the_last_snooze_counts_and_the_message_names_its_author() -> None:
    """Another user pressed an hour later."""
    world = told()
    world.press("snooze_job", JOB, user="U0ANA")
    world.now += HOUR
    world.press("snooze_job", JOB, user="U0BO")
    [entry] = world.open_jobs.jobs.values()

    assert entry.snooze is not None
    assert (entry.snooze.author, entry.snooze.until) == ("U0BO", NOW + 25 * HOUR)
    assert [edit.by for edit in world.edits] == ["U0ANA", "U0BO"]


def test_a_job_that_only_keeps_a_warm_pool_is_not_snoozed() -> None:
    """It has ended, though it is still in the index."""
    world = told()
    world.open_jobs.add(JOB, provisional=True)

    assert "already ended" in world.press("snooze_job", JOB).effect


def test_a_message_nobody_knows_any_more_is_answered_in_a_whisper() -> None:
    """Its alert was kept for ninety days."""
    world = told()
    world.files.files.clear()
    for action in ("snooze_job", "stop_job_sure"):
        world.press(action, JOB)

    assert (len(world.dialogs.whispers), world.edits) == (2, [])
    assert world.stops.stopped == ["Fraud-XGB-01"]


@pytest.mark.parametrize("action", ["stop_job", "stop_job_sure", "snooze_job"])
def test_only_those_on_the_list_may(action: str) -> None:
    """The others get an ephemeral answer."""
    world = NotebookWorld(approvers=("U0BO",))
    press = JobPress(
        action=action,
        user="U0ANA",
        arn=JOB.arn,
        name=JOB.name,
        region=JOB.region,
        created_at=NOW,
        root="job-long-running-1",
        channel="C0",
    )
    first = world.answerer.on_message(press.model_dump_json()).to_log()
    second = world.answerer.on_message(press.model_copy(update={"user": "U0BO"}).model_dump_json()).to_log()

    assert first == {
        "action": action,
        "job": "Fraud-XGB-01",
        "user": "U0ANA",
        "effect": "you are not on the list of people who may use these buttons; ask those who run SageWatch",
    }
    assert second["effect"] != first["effect"]
    assert world.dialogs.whispers[0][1] == "U0ANA"
