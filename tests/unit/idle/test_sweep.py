"""Idle notebooks are announced, inspected again, and stopped. Busy ones, and those whose use is unknown, are kept."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from sagewatch.alerts.ports import Lease, MessageRef
from sagewatch.errors import AccessDeniedError, StopRefusedError, SweepIncompleteError, ThrottledError
from sagewatch.idle.decision import Verdict
from sagewatch.idle.evidence import Idle, Source, Unknown
from sagewatch.idle.known import with_tags
from sagewatch.idle.outcomes import StopOutcome
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from tests.fakes.sagemaker import InMemoryKnownTags, InMemoryNotebooks
from tests.worlds.builders import enough_for
from tests.worlds.notebooks import NotebookWorld, a_notebook

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)


def test_an_idle_notebook_is_announced_with_evidence_money_and_time() -> None:
    """What idling costs an hour, what it has cost, and when it stops."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.says("Lab-One", Idle(Source.JUPYTER, world.now - timedelta(hours=6), "no kernel has run since 06:00 UTC"))
    world.sweep()
    [alert] = world.announced

    assert alert.reason == "no kernel has run since 06:00 UTC"
    assert (alert.hourly_usd, alert.idle_usd) == ("0.05", "0.300000")
    assert alert.stop_at == world.now + HOUR
    assert alert.owner == "ana@example.com"
    assert world.notebooks.stops == []


def test_a_notebooks_tag_names_the_route_of_what_is_said_of_it() -> None:
    """Where that leads delivery knows."""
    world = NotebookWorld()
    world.has(a_notebook(tags={"sagewatch:channel": "nlp", "sagewatch:idle-after": "soon"}))
    world.sweep()

    assert {alert.route for alert in (*world.announced, *world.news)} == {"nlp"}


def test_it_is_stopped_once_the_hour_is_over_and_said_once() -> None:
    """By us, as its session says; its row ends at the call."""
    world = NotebookWorld()
    world.has(a_notebook())
    for _ in range(8):
        world.sweep(later=QUARTER)

    assert world.notebooks.stops == ["Lab-One"]
    assert [news.headline for news in world.news] == ["Notebook Lab-One is stopped"]
    assert [edit.open for edit in world.edits] == [False]
    assert {row.stopped_by for row in world.ledger.rows.values()} == {"sagewatch"}
    assert {row.idle_since for row in world.ledger.rows.values()} == {"2026-11-18T12:00:00Z"}


def test_nothing_is_stopped_before_its_announcement_is_in_slack_for_the_whole_time() -> None:
    """While Slack is down no notebook is stopped: the hour begins with the post."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweeper.sweep(enough_for(99))
    world.now += timedelta(hours=2)
    unposted = world.sweeper.sweep(enough_for(99))
    [alert] = world.announced
    world.deliveries.posted[alert.alert_id] = MessageRef("C0", str(world.now.timestamp()), world.now)
    early = world.sweep(later=timedelta(minutes=59))
    late = world.sweep(later=timedelta(minutes=2))

    assert [dict(swept.stops) for swept in (unposted, early)] == [
        {StopOutcome.OVERDUE: 1},
        {StopOutcome.NOT_ANNOUNCED: 1},
    ]
    assert late.stops == {StopOutcome.STOPPED: 1}
    assert world.notebooks.stops == ["Lab-One"]


def test_what_works_at_the_moment_of_the_call_is_not_stopped() -> None:
    """The evidence is gathered again, after everything else was decided."""
    world = NotebookWorld()
    world.has(a_notebook("Other"), a_notebook())
    world.sweep()
    asked = world.jupyter.asked
    idle = world.jupyter.read

    class Turning:
        """It works from the second look of the sweep on."""

        def read(self, notebook, now, back_to):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            """Return idle at first, busy from the second inspection on."""
            if notebook.name == "Lab-One" and "Lab-One" in asked[looked:]:
                world.busy("Lab-One")
            return idle(notebook, now, back_to)

    looked = len(asked)
    object.__setattr__(world.sweeper.inspector, "evidence", (Turning(),))
    world.sweep(later=HOUR)

    assert world.notebooks.stops == ["Other"]
    assert [edit.outcome for edit in world.edits if edit.name == "Lab-One"] == [
        "stop cancelled, it is in use again: kernel python3 is busy"
    ]


def test_a_stop_waits_for_its_turn_before_its_last_inspection() -> None:
    """What begins while it waits is seen."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    turns: list[str] = []

    def pace(scope: str) -> None:
        turns.append(scope)
        world.busy("Lab-One")

    object.__setattr__(world.sweeper.notebook_stop, "pace", pace)
    world.sweep(later=2 * HOUR)

    assert (len(turns), world.notebooks.stops) == (1, [])


def test_a_lease_written_between_decision_and_call_counts() -> None:
    """It is read again, consistently."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    world.now += HOUR
    arn = a_notebook().arn
    world.leases.grant(arn, "us-east-1", Lease("U0ANA", world.now + HOUR, world.now), world.now)
    world.sweep()

    assert world.notebooks.stops == []


def test_activity_takes_the_warning_back_and_the_next_idling_is_announced_anew() -> None:
    """As a message of its own."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    world.busy("Lab-One")
    world.sweep(later=HOUR)
    world.says("Lab-One", Idle(Source.JUPYTER, world.now, "no kernel has run since then"))
    world.sweep(later=timedelta(hours=4))

    assert len({alert.alert_id for alert in world.announced}) == 2
    assert world.notebooks.stops == []


def test_unknown_is_kept_and_told_once_a_day() -> None:
    """With the reason."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.says("Lab-One", Unknown(Source.JUPYTER, "it answered with a page instead of JSON"))
    for _ in range(26):
        world.sweep(later=HOUR)

    assert len(world.news) == 2  # one for each date
    assert "a page instead of JSON" in world.news[0].sentence
    assert (world.announced, world.notebooks.stops) == ([], [])


def test_observe_announces_once_and_stops_nothing() -> None:
    """Its message says what would have happened."""
    world = NotebookWorld(enforce=False)
    world.has(a_notebook())
    outcomes = [world.sweep(later=QUARTER).stops[StopOutcome.WOULD_STOP] for _ in range(40)]

    assert sum(outcomes) == 1
    assert (len(world.announced), world.news, world.notebooks.stops) == (1, [], [])
    assert world.announced[0].observe
    assert [edit.outcome and edit.outcome.partition(":")[0] for edit in world.edits] == ["trial mode"]


def test_a_stop_that_aws_refuses_hinders_no_other_and_is_told_once() -> None:
    """Forty are stopped, one is reported."""
    world = NotebookWorld(max_stops=100)
    world.has(*(a_notebook(f"lab-{number}") for number in range(41)))
    world.notebooks.failures["lab-20"] = StopRefusedError("sagemaker:StopNotebookInstance: internal")
    for _ in range(12):
        world.sweep(later=QUARTER)

    assert len(world.notebooks.stops) == 40
    told = [news.headline for news in world.news]
    assert told.count("Notebook lab-20 could not be stopped") == 1
    assert len(told) == 41


@pytest.mark.parametrize("error", [AccessDeniedError("denied by the tag"), StopRefusedError("no")])
def test_a_refusal_is_an_outcome(error: Exception) -> None:
    """Not a failed sweep."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.notebooks.failures["Lab-One"] = error
    world.sweep()

    assert world.sweep(later=HOUR).stops == {StopOutcome.REFUSED: 1}


def test_a_sweep_with_a_failure_fails_and_hands_out_what_it_did() -> None:
    """What needs a person is an error; what was counted is not lost with it."""
    world = NotebookWorld()
    world.notebooks.failure = AccessDeniedError("no grant")

    with pytest.raises(SweepIncompleteError, match="us-east-1: no grant") as failure:
        world.sweep()
    assert failure.value.outcome is not None
    assert failure.value.outcome.to_log()["failures"] == ["us-east-1: no grant"]


def test_a_throttled_stop_is_tried_by_the_next_sweep() -> None:
    """No message is sent."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    world.notebooks.failures["Lab-One"] = ThrottledError("Rate exceeded")
    world.sweep(later=HOUR)
    world.notebooks.failures.clear()
    world.sweep(later=QUARTER)

    assert world.notebooks.stops == ["Lab-One"]


def test_a_sweep_that_would_stop_too_many_stops_none_and_says_so_once() -> None:
    """With their number, the limit and their names."""
    world = NotebookWorld(max_stops=2)
    world.has(*(a_notebook(f"lab-{number}") for number in range(3)))
    world.sweep()
    held = [world.sweep(later=HOUR).held_back for _ in range(3)]
    [news] = world.news

    assert held == [3, 3, 3]
    assert world.notebooks.stops == []
    assert (news.headline, "MaxStopsPerSweep" in news.sentence) == (
        "SageWatch stopped none of 3 idle notebooks, because that is more than its safety limit of 2 at once",
        True,
    )


def test_a_platform_that_could_not_be_started_again_is_told_and_never_stopped() -> None:
    """Once."""
    world = NotebookWorld()
    world.has(a_notebook(platform="notebook-al2-v2"))
    for _ in range(40):
        world.sweep(later=QUARTER)
    [alert] = world.announced

    assert world.notebooks.stops == []
    assert alert.advice
    assert alert.one_way


def test_what_is_not_due_is_not_looked_at() -> None:
    """A notebook last active at T needs no look before T and its limit."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.says("Lab-One", Idle(Source.JUPYTER, world.now - HOUR, "no kernel has run since 11:00 UTC"))
    looked = [world.sweep(later=QUARTER).looked_at for _ in range(13)]

    assert looked == [1, *[0] * 7, 1, 0, 0, 1, 0]  # at 12:15, after two hours at most, and at 15:00


def test_what_does_not_fit_is_carried_over_and_its_turn_comes_first() -> None:
    """Nothing is dropped."""
    world = NotebookWorld()
    world.has(*(a_notebook(f"lab-{number:02}") for number in range(40)))
    first = world.sweeper.sweep(enough_for(40 + 16))  # a session for each, and some inspections
    second = world.sweep(later=QUARTER)

    assert (first.looked_at, first.carried_over) == (16, 24)
    assert second.looked_at == 24
    assert len(world.announced) == 40


def test_sessions_that_no_time_is_left_for_are_begun_by_the_next_sweep() -> None:
    """A first sweep over many notebooks is spread over several."""
    world = NotebookWorld()
    world.has(*(a_notebook(f"lab-{number:02}") for number in range(40)))
    first = world.sweeper.sweep(enough_for(30))
    second = world.sweep(later=QUARTER)

    assert (first.repaired, first.looked_at, first.carried_over) == (30, 0, 40)
    assert (second.repaired, second.looked_at, second.carried_over) == (10, 40, 0)


def test_several_at_a_time_come_to_the_same_as_one_after_the_other() -> None:
    """In the order of the notebooks; one that fails keeps no other one from its turn."""
    reports = []
    for at_once in (1, 8):
        world = NotebookWorld(max_stops=30)
        for part in (world.sweeper, world.sweeper.repair):
            object.__setattr__(part, "at_once", at_once)
        world.has(*(a_notebook(f"lab-{number:02}") for number in range(30)))
        world.busy("lab-03")
        world.sweep()
        world.now += HOUR
        world.notebooks.failures["lab-07"] = ThrottledError("Rate exceeded")
        swept = world.sweep()
        reports.append((swept.to_log(), sorted(world.notebooks.stops), sorted(alert.name for alert in world.announced)))

    assert reports[0] == reports[1]
    assert len(reports[0][1]) == 28


def test_the_region_whose_turn_it_was_longest_ago_comes_first() -> None:
    """However many notebooks the region has that is listed first."""
    world = NotebookWorld()
    world.regions.add("eu-west-1")
    arn = a_notebook("eu").arn.replace("us-east-1", "eu-west-1")
    world.has(a_notebook("eu", region="eu-west-1", arn=arn), *(a_notebook(f"us-{number}") for number in range(20)))
    for name in ("eu", *(f"us-{number}" for number in range(20))):
        world.busy(name)
    world.sweep()
    world.states.kept[arn] = replace(world.states.kept[arn], next_check_at=world.now + HOUR)
    world.now += timedelta(hours=2)
    swept = world.sweeper.sweep(enough_for(1))

    assert (swept.looked_at, swept.carried_over) == (1, 20)
    assert world.jupyter.asked[-1] == "eu"


def test_a_tag_that_cannot_be_read_is_told_to_its_owner_once() -> None:
    """And the default counts."""
    world = NotebookWorld()
    world.has(a_notebook(tags={"sagewatch:idle-after": "4h", "sagewatch:owner": "bo@example.com"}))
    for _ in range(3):
        world.sweep(later=timedelta(hours=2))
    told = [news for news in world.news if "tag" in news.headline]

    assert [news.owner for news in told] == ["bo@example.com"]
    assert "ISO 8601" in told[0].sentence
    assert world.announced


def test_a_session_no_event_told_of_is_opened_and_closed_by_the_sweep() -> None:
    """Its row says so."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.busy("Lab-One")
    world.sweep()
    stopped = a_notebook(status=NotebookStatus.STOPPED, modified_at=world.now + HOUR)
    world.has(stopped)
    world.sweep(later=2 * HOUR)
    [row] = world.ledger.rows.values()

    assert (row.recorded_by, row.stopped_by) == ("sweep", "somebody")
    assert row.ended_at == "2026-11-20T13:00:00Z"


def test_a_stopped_notebook_whose_deletion_no_event_told_is_missed_within_a_day() -> None:
    """Its volume is billed no longer; the row says that its end is an upper bound. What is still there stays."""
    world = NotebookWorld()
    world.has(a_notebook("gone"), a_notebook("there"))
    world.sweep()
    for name in ("gone", "there"):
        world.has(a_notebook(name, status=NotebookStatus.STOPPED, modified_at=world.now))
    world.sweep(later=HOUR)
    del world.notebooks.found["us-east-1", "gone"]
    world.sweep(later=timedelta(days=1))
    [row] = [row for row in world.ledger.rows.values() if row.status == "Deleting"]

    assert (row.resource_name, row.started_at, row.ended_at) == ("gone", "2026-11-20T12:00:00Z", "2026-11-21T13:00:00Z")
    assert (row.pricing, "no event reported its deletion" in row.pricing_reason) == ("provisional", True)
    assert [session.name for session in world.sessions.kept.values()] == ["there"]


def test_what_is_stopped_is_listed_once_a_day_and_described_once_it_is_missing() -> None:
    """One List for a hundred notebooks of any status, and one Describe for each that is gone, once."""
    world = NotebookWorld()
    world.has(*(a_notebook(f"off-{number}") for number in range(150)))
    world.sweep()
    world.has(*(a_notebook(f"off-{number}", status=NotebookStatus.STOPPED) for number in range(150)))
    world.sweep(later=HOUR)
    for number in range(3):
        del world.notebooks.found["us-east-1", f"off-{number}"]
    counts = []
    for _ in range(4 * 48):
        world.notebooks.calls.clear()
        world.sweep(later=QUARTER)
        calls = Counter(call.partition(" ")[0] for call in world.notebooks.calls)
        counts.append((calls["list"], calls["describe"]))

    assert Counter(counts) == {(1, 0): 190, (3, 3): 1, (3, 0): 1}


def test_a_listing_of_what_is_stopped_that_fails_hinders_no_sweep() -> None:
    """Nor is it put off for a day."""
    world = NotebookWorld()
    world.has(a_notebook("off"), a_notebook("on"))
    world.busy("on")
    world.sweep()
    world.has(a_notebook("off", status=NotebookStatus.STOPPED, modified_at=world.now))
    world.sweep(later=HOUR)

    class Throttled(InMemoryNotebooks):
        """It lists what runs, and nothing else."""

        def of_region(self, region: str) -> Iterator[Sequence[Notebook]]:
            """Throttle the listing of all notebooks."""
            raise ThrottledError(f"Rate exceeded in {region}")

    object.__setattr__(world.sweeper.repair, "lists", Throttled())
    del world.notebooks.found["us-east-1", "off"]
    swept = world.sweep(later=timedelta(days=1))
    object.__setattr__(world.sweeper.repair, "lists", world.notebooks)
    world.sweep(later=QUARTER)

    assert (swept.looked_at, swept.complete) == (1, False)
    assert [row.status for row in world.ledger.rows.values()] == ["Stopped", "Deleting"]


def test_a_notebook_that_is_gone_is_no_error() -> None:
    """Deleted between two sweeps."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    world.notebooks.found.clear()
    swept = world.sweep(later=HOUR)

    assert (swept.failures, world.notebooks.stops) == ([], [])


def test_what_was_decided_last_is_remembered_with_its_sentence() -> None:
    """The state keeps the sentence of the alert, for people who ask why."""
    world = NotebookWorld()
    world.has(a_notebook(), a_notebook("busy"))
    world.busy("busy")
    world.sweep()
    announced = world.states.kept[a_notebook().arn]
    works = world.states.kept[a_notebook("busy").arn]
    world.sweep(later=HOUR)
    stopped = world.states.kept[a_notebook().arn]

    assert (works.verdict, works.reason) == ("keep", "kernel python3 is busy")
    assert (announced.verdict, announced.reason) == ("warn", "no kernel and no terminal is open")
    assert (stopped.verdict, stopped.reason) == ("stop", "no kernel and no terminal is open")


def test_the_outcome_counts_verdicts() -> None:
    """For logs and metrics."""
    world = NotebookWorld()
    world.has(a_notebook("a"), a_notebook("b"))
    world.busy("a")
    answer = world.sweep().to_log()

    assert answer["verdicts"] == {Verdict.KEEP: 1, Verdict.WARN: 1}


def test_the_calls_of_a_sweep_over_a_thousand_notebooks_with_fifty_in_service() -> None:
    """One List; two calls and one look for each that is new, and none at all until something may be due again."""
    world = NotebookWorld()
    world.has(*(a_notebook(f"off-{number}", status=NotebookStatus.STOPPED) for number in range(950)))
    world.has(*(a_notebook(f"on-{number}") for number in range(50)))
    for number in range(50):
        world.busy(f"on-{number}")
    counts = []
    for _ in range(3):
        world.notebooks.calls.clear()
        world.jupyter.asked.clear()
        world.sweep(later=QUARTER)
        calls = Counter(call.partition(" ")[0] for call in world.notebooks.calls)
        counts.append((calls["list"], calls["describe"], calls["tags"], len(world.jupyter.asked)))

    assert counts == [(1, 50, 50, 50), (1, 0, 0, 0), (1, 0, 0, 0)]


@pytest.mark.parametrize("tag", ["sagewatch:protect", "sagewatch:ignore"])
@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=9)])
def test_what_was_just_protected_is_not_warned_whatever_older_tags_say(tag: str, later: timedelta) -> None:
    """Tags of many notebooks at once lag. Before a warning the notebook's own are read, new or not."""
    world = NotebookWorld()
    world.busy("Lab-One")
    world.has(a_notebook(tags={"team": "nlp"}))
    if later:
        world.sweep()
    world.known.late = dict(world.notebooks.tagged)
    world.has(a_notebook(tags={tag: "yes"}))
    world.says("Lab-One", Idle(Source.JUPYTER, world.now - timedelta(hours=9), "no kernel has run since 03:00 UTC"))
    world.sweep(later=later)

    assert (world.announced, world.news, world.notebooks.stops) == ([], [], [])
    assert world.states.of_region("us-east-1")[a_notebook().arn].reason is not None
    assert tag in str(world.states.of_region("us-east-1")[a_notebook().arn].reason)


def test_older_tags_never_stop_what_was_just_protected() -> None:
    """What is announced is never decided by them."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    world.known.late = dict(world.notebooks.tagged)
    world.has(a_notebook(tags={"sagewatch:protect": "yes"}))
    for _ in range(12):
        world.sweep(later=QUARTER)

    assert world.notebooks.stops == []
    assert [edit.open for edit in world.edits] == [False]


def test_a_busy_notebook_is_asked_for_nothing_but_its_kernels() -> None:
    """Its listing and the tags of all of them at once are enough to leave it alone."""
    world = NotebookWorld()
    world.has(*(a_notebook(f"on-{number}") for number in range(150)))
    for number in range(150):
        world.busy(f"on-{number}")
    world.sweep()
    world.notebooks.calls.clear()
    world.known.calls.clear()
    world.jupyter.asked.clear()
    world.sweep(later=timedelta(hours=2))

    assert {call.partition(" ")[0] for call in world.notebooks.calls} == {"list"}
    assert world.known.calls == ["known tags of 100 in us-east-1", "known tags of 50 in us-east-1"]
    assert len(world.jupyter.asked) == 150


def test_a_call_for_known_tags_takes_a_hundred_of_a_region_wherever_they_are_in_the_order() -> None:
    """Notebooks of two regions are due in turn."""
    known, places = InMemoryKnownTags(off=True), ["us-east-1", "eu-west-1"] * 150
    given = [a_notebook(f"on-{number}", region=region, arn=f"{number}") for number, region in enumerate(places)]
    found = list(with_tags(known, given))

    assert found == given
    assert known.calls == [
        "known tags of 100 in us-east-1",
        "known tags of 100 in eu-west-1",
        "known tags of 50 in us-east-1",
        "known tags of 50 in eu-west-1",
    ]


def test_a_sweep_asks_for_known_tags_once_for_each_region_of_few_notebooks() -> None:
    """However many regions share the first hundred that are due."""
    world, regions = NotebookWorld(), ["ap-south-1", "eu-west-1", "us-east-1"]
    for region in regions:
        world.regions.add(region)
        arns = [f"{a_notebook().arn}-{number}".replace("us-east-1", region) for number in range(40)]
        world.has(*(a_notebook(f"on-{arn[-2:]}", region=region, arn=arn) for arn in arns))
        for arn in arns:
            world.busy(f"on-{arn[-2:]}")
    world.sweep()
    world.known.calls.clear()
    world.sweep(later=timedelta(hours=2))

    assert world.known.calls == [f"known tags of 40 in {region}" for region in regions]


def test_a_session_and_its_row_have_the_owner_of_its_own_tags() -> None:
    """Older tags may be those of a notebook of the same name that was deleted."""
    world = NotebookWorld()
    world.has(a_notebook(tags={"sagewatch:owner": "ana@example.com"}))
    world.known.late = dict(world.notebooks.tagged)
    world.has(a_notebook(tags={"sagewatch:owner": "bob@example.com"}))
    world.busy("Lab-One")
    world.sweep()
    world.notebooks.found.clear()
    world.sweep(later=QUARTER)

    assert {row.owner for row in world.ledger.rows.values()} == {"bob@example.com"}


def test_what_is_idle_is_read_once_and_described_before_its_warning() -> None:
    """The evidence is collected once, unless what it was collected for has changed."""
    world = NotebookWorld()
    world.busy("Lab-One")
    world.has(a_notebook())
    world.sweep()
    world.says("Lab-One", Idle(Source.JUPYTER, world.now - timedelta(hours=9), "no kernel has run since 03:00 UTC"))
    world.notebooks.calls.clear()
    world.jupyter.asked.clear()
    world.sweep(later=timedelta(hours=9))
    calls = [call.partition(" ")[0] for call in world.notebooks.calls]

    assert (calls, world.jupyter.asked) == (["list", "describe", "tags"], ["Lab-One"])
    assert [alert.name for alert in world.announced] == ["Lab-One"]


def test_evidence_for_older_tags_is_collected_again() -> None:
    """Another limit asks for another past."""
    world = NotebookWorld()
    world.busy("Lab-One")
    world.has(a_notebook(tags={"sagewatch:idle-after": "PT2H"}))
    world.sweep()
    world.known.late = dict(world.notebooks.tagged)
    world.has(a_notebook(tags={"sagewatch:idle-after": "PT8H"}))
    world.says("Lab-One", Idle(Source.JUPYTER, world.now, "no kernel has run since 12:00 UTC"))
    world.jupyter.asked.clear()
    world.sweep(later=timedelta(hours=3))

    assert world.jupyter.asked == ["Lab-One", "Lab-One"]
    assert world.announced == []


def test_tags_that_no_one_knows_yet_are_asked_for_one_by_one() -> None:
    """A new notebook, one without tags, and a role without the permission: its owner is found all the same."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.known.off = True
    world.busy("Lab-One")
    world.sweep()
    world.sweep(later=timedelta(hours=2))
    calls = Counter(call.partition(" ")[0] for call in world.notebooks.calls)

    assert (calls["describe"], calls["tags"]) == (2, 2)
    assert {session.owner for session in world.sessions.kept.values()} == {"ana@example.com"}


def test_what_is_carried_over_is_counted_region_by_region() -> None:
    """The looks of one region are none of another's."""
    world = NotebookWorld()
    world.regions.add("eu-west-1")
    for number in range(20):
        arn = a_notebook(f"eu-{number}").arn.replace("us-east-1", "eu-west-1")
        world.has(a_notebook(f"us-{number}"), a_notebook(f"eu-{number}", region="eu-west-1", arn=arn))
    swept = world.sweeper.sweep(enough_for(40 + 36))

    assert (swept.looked_at, swept.carried_over) == (36, 4)
