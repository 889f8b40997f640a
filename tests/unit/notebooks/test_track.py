"""Sessions follow notebooks although events come twice, late or never, and the ledger equals a sum made by hand.

Prices here: ml.t3.medium $0.05 and ml.g5.xlarge $1.41 an hour, a volume $0.14 for a GB-month. November has 2,592,000
seconds, so the 5 GB of these notebooks cost $0.70 / 720 = $0.0009722222... an hour.
"""

import itertools
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.errors import ForeignAccountError, MalformedEventError, ThrottledError, UnavailableError
from sagewatch.ledger.records import CostRecord, RecordedBy
from sagewatch.ledger.totals import DayKey
from sagewatch.notebooks.open_costs import OpenSessionCosts
from sagewatch.notebooks.session import StopCall
from sagewatch.notebooks.track import NotebookTracker, TrackEffect
from sagewatch.pricing.book import PriceBook
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.resources import JobStatus
from sagewatch.sagemaker.scopes import WatchedAccounts
from tests.fakes.ledger import InMemoryLedger, InMemoryStaleTotals
from tests.fakes.notebooks import InMemorySessions
from tests.fakes.pricing import InMemoryPrices
from tests.fakes.sagemaker import InMemoryNotebooks, InMemoryRegions
from tests.worlds.builders import ACCOUNT, an_event, event_of, price

BOOK = PriceBook(
    hourly={"Notebook": {"ml.t3.medium": price("0.05", "Notebook"), "ml.g5.xlarge": price("1.41", "Notebook")}},
    volumes={"Notebook": price("0.14", "Notebook")},
)
ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/lab-one"
IN_SERVICE, STOPPING, STOPPED = NotebookStatus.IN_SERVICE, NotebookStatus.STOPPING, NotebookStatus.STOPPED
FAILED, DELETING, PENDING = NotebookStatus.FAILED, NotebookStatus.DELETING, NotebookStatus.PENDING
UPDATING = NotebookStatus.UPDATING
T3, G5 = "ml.t3.medium", "ml.g5.xlarge"


def at(hour: float) -> datetime:
    """That hour of 20 November."""
    return datetime(2026, 11, 20, tzinfo=UTC) + timedelta(hours=hour)


def lab(status: NotebookStatus, hour: float, instance_type: str | None = T3, **changes: Any) -> Notebook:
    """The notebook, as Describe returns it."""
    notebook = Notebook(
        name="Lab-One",
        arn=ARN,
        account=ACCOUNT,
        region="us-east-1",
        status=status,
        instance_type=instance_type,
        created_at=at(0),
        modified_at=at(hour),
        volume_gb=5,
        platform="notebook-al2023-v1",
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/DataScience",
    )
    return replace(notebook, **changes)


class World:
    """Everything TrackNotebook meets, in memory."""

    def __init__(self) -> None:
        """An account with nothing known of it."""
        self.now = at(12)
        self.notebooks = InMemoryNotebooks()
        self.sessions = InMemorySessions()
        self.marks = InMemoryStaleTotals()
        self.ledger = InMemoryLedger(self.marks)
        self.regions = InMemoryRegions()
        self.tracker = NotebookTracker(
            notebooks=self.notebooks,
            sessions=self.sessions,
            ledger=self.ledger,
            prices=InMemoryPrices({"us-east-1": BOOK}),
            regions=self.regions,
            clock=lambda: self.now,
            owner_tag_keys=("owner",),
        )

    def stands(self, notebook: Notebook) -> None:
        """Let Describe answer with this."""
        self.notebooks.found["us-east-1", notebook.name] = notebook

    def told(self, notebook: Notebook) -> tuple[TrackEffect, ...]:
        """Send its event, without the fields that events lack."""
        event = replace(notebook, volume_gb=None, platform=None, tags={"owner": "ana"})
        return self.tracker.observe(event, by=RecordedBy.EVENT).effects

    def lives(self, states: Iterable[Notebook]) -> None:
        """Put it into these states, one after the other, with an event for each."""
        for state in states:
            self.stands(state)
            self.told(state)

    @property
    def rows(self) -> list[CostRecord]:
        """The ledger, by the start of each session."""
        return sorted(self.ledger.rows.values(), key=lambda row: row.created_at)

    @property
    def costs(self) -> list[tuple[str, str, str | None, str]]:
        """What, from when to when, and how much."""
        return [(row.created_at[11:16], row.ended_at[11:16], row.instances, f"{row.cost_usd:f}") for row in self.rows]


def test_a_day_of_a_notebook_that_is_told_whole() -> None:
    """In service 8:00 to 10:00: 2 x $0.05 + 2 x $0.70 / 720 = $0.1019444444.

    Stopped 10:00 to 15:00: 5 x $0.70 / 720 = $0.0048611111. In service again 15:00 to 15:30: $0.025 + $0.0004861111.
    Stopped 15:30 to 16:00, deleted then: $0.0004861111. In all $0.1327777777.
    """
    world = World()
    states = [
        *(lab(PENDING, 7.9), lab(IN_SERVICE, 8), lab(STOPPING, 10), lab(STOPPED, 10.02)),
        *(lab(PENDING, 14.9), lab(IN_SERVICE, 15), lab(STOPPING, 15.5), lab(STOPPED, 15.52), lab(DELETING, 16)),
    ]
    world.lives(states)

    assert world.costs == [
        ("08:00", "10:00", "1 x ml.t3.medium", "0.1019444444"),
        ("10:00", "15:00", None, "0.0048611111"),
        ("15:00", "15:30", "1 x ml.t3.medium", "0.0254861111"),
        ("15:30", "16:00", None, "0.0004861111"),
    ]
    assert sum(row.cost_usd or 0 for row in world.rows) == Decimal("0.1327777777")
    assert [row.status for row in world.rows] == ["Stopped", "Completed", "Stopped", "Deleting"]
    assert [row.stopped_by for row in world.rows] == ["somebody", None, "somebody", None]
    assert {row.pricing for row in world.rows} == {PricingStatus.PRICED}
    assert {(row.owner, row.owner_source) for row in world.rows} == {("ana", "tag owner")}
    assert world.sessions.kept == {}


def test_every_event_twice_is_every_event_once() -> None:
    """At once, and a whole story later."""
    states = [lab(IN_SERVICE, 8), lab(STOPPING, 10), lab(STOPPED, 10.02), lab(IN_SERVICE, 15), lab(STOPPING, 15.5)]
    once, twice, again = World(), World(), World()
    once.lives(states)
    twice.lives(state for state in states for _ in range(2))
    again.lives(states)
    for state in states:
        again.told(state)

    assert once.ledger.rows == twice.ledger.rows == again.ledger.rows
    assert once.sessions.kept == twice.sessions.kept == again.sessions.kept


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_events_of_a_first_session_are_recorded_in_any_order(order: tuple[int, ...]) -> None:
    """In service 8:00, Stopping 10:00, Stopped 10:03; Describe knows it all by then.

    In service 2 h: 2 x ($0.05 + $0.70 / 720) = $0.1019444444. If Stopped is reported before Stopping, the row is an
    upper bound three minutes above: 2.05 x ($0.05 + $0.70 / 720) = $0.1044930556. Only the right order leaves no doubt.
    """
    world = World()
    states = [lab(IN_SERVICE, 8), lab(STOPPING, 10), lab(STOPPED, 10.05)]
    world.stands(states[-1])
    for number in order:
        world.told(states[number])
    [row] = world.rows

    assert (row.created_at, row.instances) == ("2026-11-20T08:00:00Z", "1 x ml.t3.medium")
    assert f"{row.cost_usd:f}" == ("0.1019444444" if order.index(1) < order.index(2) else "0.1044930556")
    assert row.pricing == ("priced" if order == (0, 1, 2) else "provisional")
    assert world.sessions.kept[ARN].instance_type is None


def test_every_second_event_lost_and_the_sweep_sees_the_rest() -> None:
    """Events: in service 8:00; Stopped 10:03 (its Stopping, 10:00, was lost); nothing of in service 12:00 to 14:00.

    The sweep sees it in service at 12:10 (LastModifiedTime 12:00) and Stopped at 14:10 (LastModifiedTime 14:03).
    First: 2.05 h x ($0.05 + $0.70 / 720) = $0.1044930556, three minutes more than the $0.1019444444 it cost.
    Stopped 10:03 to 12:00: 1.95 x $0.70 / 720 = $0.0018958333.
    Second: the same 2.05 h = $0.1044930556. Both upper bounds are provisional.
    """
    world = World()
    world.stands(lab(IN_SERVICE, 8))
    world.told(lab(IN_SERVICE, 8))
    world.told(lab(STOPPED, 10.05))
    world.stands(lab(IN_SERVICE, 12))
    world.tracker.observe(lab(IN_SERVICE, 12, volume_gb=None), by=RecordedBy.SWEEP)
    world.tracker.observe(lab(STOPPED, 14.05), by=RecordedBy.SWEEP)

    assert world.costs == [
        ("08:00", "10:03", "1 x ml.t3.medium", "0.1044930556"),
        ("10:03", "12:00", None, "0.0018958333"),
        ("12:00", "14:03", "1 x ml.t3.medium", "0.1044930556"),
    ]
    assert [row.pricing for row in world.rows] == ["provisional", "priced", "provisional"]
    assert [row.recorded_by for row in world.rows] == ["event", "sweep", "sweep"]
    assert "no event reported when its stop began" in world.rows[0].pricing_reason


def test_another_instance_type_begins_another_session() -> None:
    """ml.t3.medium 8:00 to 11:00 (stopped and changed without an event), then ml.g5.xlarge to 12:00.

    3 x ($0.05 + $0.70 / 720) = $0.1529166667, an upper bound; then $1.41 + $0.70 / 720 = $1.4109722222.
    """
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(IN_SERVICE, 11, G5), lab(STOPPING, 12, G5)])

    assert world.costs == [
        ("08:00", "11:00", "1 x ml.t3.medium", "0.1529166667"),
        ("11:00", "12:00", "1 x ml.g5.xlarge", "1.4109722222"),
    ]
    assert [row.pricing for row in world.rows] == ["provisional", "priced"]
    assert "no event reported its stop; billed until the restart" in world.rows[0].pricing_reason


def test_late_events_have_the_instance_type_of_their_own_time() -> None:
    """Describe answers with today's: ml.t3.medium ran from 8:00 to 10:00, and has been ml.g5.xlarge since 11:00.

    2 x $0.05 + 2 x $0.70 / 720 = $0.1019444444, whether an event comes once or twice.
    """
    world = World()
    world.stands(lab(IN_SERVICE, 11, G5))
    for event in (lab(IN_SERVICE, 8), lab(IN_SERVICE, 8), lab(STOPPING, 10), lab(STOPPING, 10)):
        world.told(event)
    for event in (lab(IN_SERVICE, 11, G5), lab(IN_SERVICE, 8), lab(IN_SERVICE, 11, G5)):
        world.told(event)

    assert world.costs[0] == ("08:00", "10:00", "1 x ml.t3.medium", "0.1019444444")
    assert [instances for _, _, instances, _ in world.costs[1:]] == [None]
    assert world.sessions.kept[ARN].instance_type == G5


def test_an_instance_type_changed_while_stopped_leaves_no_doubt() -> None:
    """All events arrive; the update itself begins and ends nothing."""
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(STOPPING, 9), lab(UPDATING, 9.5, G5), lab(STOPPED, 9.6, G5)])
    world.lives([lab(IN_SERVICE, 10, G5), lab(STOPPING, 11, G5)])

    assert [row.pricing for row in world.rows] == ["priced"] * 3
    assert [row.instances for row in world.rows] == ["1 x ml.t3.medium", None, "1 x ml.g5.xlarge"]


def test_the_same_run_seen_again_goes_on() -> None:
    """A difference of a few minutes between two accounts of a start is no restart."""
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(IN_SERVICE, 8.05), lab(STOPPING, 10)])

    assert [cost[:2] for cost in world.costs] == [("08:00", "10:00")]


def test_a_restart_without_its_stop_is_another_session() -> None:
    """It is a run of its own, and the first is billed until then, provisionally."""
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(IN_SERVICE, 9), lab(STOPPING, 10)])

    assert [cost[:2] for cost in world.costs] == [("08:00", "09:00"), ("09:00", "10:00")]
    assert [row.pricing for row in world.rows if row.instances] == [PricingStatus.PROVISIONAL, PricingStatus.PRICED]


def test_a_volume_that_is_resized_while_stopped_is_billed_at_each_size() -> None:
    """Stopped 10:00 to 12:00 with 5 GB and to 14:00 with 2,000 GB: 2 x $0.70 / 720 and 2 x $280 / 720."""
    world = World()
    grown = lab(STOPPED, 12, volume_gb=2000)
    world.lives([lab(IN_SERVICE, 8), lab(STOPPING, 10), lab(STOPPED, 10.02), grown, grown, lab(DELETING, 14)])

    assert world.costs[1:] == [("10:00", "12:00", None, "0.0019444444"), ("12:00", "14:00", None, "0.7777777778")]


def test_a_failure_ends_the_instance_and_not_the_volume() -> None:
    """With its reason, and without an actor."""
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(FAILED, 9, failure_reason="disk full")])
    [row] = world.rows

    assert (row.status, row.failure_reason, row.stopped_by) == (JobStatus.FAILED, "disk full", None)
    assert row.failure_class is None
    assert world.sessions.kept[ARN].instance_type is None


def test_a_start_that_fails_goes_on_as_stopped() -> None:
    """Its volume is billed all along."""
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(STOPPING, 9), lab(PENDING, 10), lab(FAILED, 10.1), lab(DELETING, 11)])

    assert [cost[:3] for cost in world.costs] == [("08:00", "09:00", "1 x ml.t3.medium"), ("09:00", "11:00", None)]


def test_a_deletion_without_a_stop_is_an_upper_bound() -> None:
    """Only what is stopped can be deleted."""
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(DELETING, 9)])
    [row] = world.rows

    assert (row.status, row.pricing, row.stopped_by) == (JobStatus.DELETING, PricingStatus.PROVISIONAL, "somebody")
    assert "billed until its deletion" in row.pricing_reason


def test_a_deletion_the_sweep_missed_is_an_upper_bound() -> None:
    """Dated by when it was missed."""
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(STOPPING, 9)])
    world.tracker.observe(lab(DELETING, 12), by=RecordedBy.SWEEP)

    assert "no event reported its deletion" in world.rows[1].pricing_reason
    assert world.sessions.kept == {}


def test_a_name_used_again_has_rows_of_its_own() -> None:
    """Deleted, then created again under the same name."""
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(STOPPING, 9), lab(DELETING, 9.5)])
    world.lives([lab(IN_SERVICE, 10, created_at=at(9.9)), lab(STOPPING, 11, created_at=at(9.9))])

    assert [cost[:2] for cost in world.costs] == [("08:00", "09:00"), ("09:00", "09:30"), ("10:00", "11:00")]


def test_what_comes_after_the_deletion_opens_nothing() -> None:
    """Its events come late and it is not there any more, or is going."""
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(STOPPING, 9), lab(DELETING, 10)])
    rows = dict(world.ledger.rows)
    world.told(lab(STOPPED, 9.05))
    world.notebooks.found.clear()
    world.told(lab(STOPPED, 9.05))

    assert world.sessions.kept == {}
    assert rows.keys() <= world.ledger.rows.keys()
    assert [world.ledger.rows[key] for key in rows] == list(rows.values())


def test_a_story_told_after_the_deletion_is_recorded_nevertheless() -> None:
    """An hour's backlog: Describe knows it no more. 2 h x $0.05 = $0.10, its volume unknown and left out."""
    world = World()
    for state in (lab(IN_SERVICE, 8), lab(STOPPING, 10), lab(STOPPED, 10.02), lab(DELETING, 11)):
        world.told(state)

    assert [(row.cost_usd, row.pricing) for row in world.rows] == [(Decimal("0.1"), "priced"), (None, "unpriced")]
    assert "left out" in world.rows[0].pricing_reason


def test_what_is_older_than_what_is_known_changes_nothing() -> None:
    """A stop of the session before."""
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(STOPPING, 9), lab(IN_SERVICE, 10)])

    assert world.told(lab(STOPPED, 9.05)) == ()
    assert world.sessions.kept[ARN].since == at(10)


def test_whoever_stops_it_says_so_and_the_event_that_follows_changes_nothing() -> None:
    """The call itself ends the session."""
    world = World()
    world.lives([lab(IN_SERVICE, 8)])
    world.sessions.amend(replace(world.sessions.kept[ARN], stop_call=StopCall("sagewatch", at(12))))
    world.tracker.observe(lab(STOPPING, 8), by=RecordedBy.SWEEP, at=at(12))
    world.told(lab(STOPPING, 12.0001))
    [row] = world.rows

    assert (row.stopped_by, row.recorded_by, row.ended_at) == ("sagewatch", "sweep", "2026-11-20T12:00:00Z")


def test_describe_is_asked_once_for_a_session_and_not_for_a_stop() -> None:
    """The volume stays with it; events tell tags, and sweeps have to ask for them.

    A notebook that reports to be stopped once more is asked for its volume, because an update may have resized it.
    """
    world = World()
    world.lives([lab(IN_SERVICE, 8), lab(STOPPING, 9)])
    assert world.notebooks.calls == ["describe Lab-One in us-east-1"]
    world.notebooks.calls.clear()
    world.lives([lab(STOPPED, 9.05)])
    assert world.notebooks.calls == ["describe Lab-One in us-east-1"]

    swept = World()
    swept.stands(lab(IN_SERVICE, 8))
    swept.notebooks.tagged[ARN] = {"owner": "bo"}
    swept.tracker.observe(lab(IN_SERVICE, 8, volume_gb=None, role_arn=None), by=RecordedBy.SWEEP)
    assert swept.notebooks.calls == ["describe Lab-One in us-east-1", f"tags {ARN} in us-east-1"]
    assert swept.sessions.kept[ARN].owner == "bo"


def test_a_notebook_nobody_tagged_belongs_to_its_role() -> None:
    """And says from where that is known."""
    world = World()
    world.stands(lab(IN_SERVICE, 8))
    world.tracker.observe(lab(IN_SERVICE, 8), by=RecordedBy.SWEEP)
    session = world.sessions.kept[ARN]

    assert (session.owner, session.owner_source, session.volume_gb) == ("DataScience", "role", 5)


def test_a_throttled_describe_leaves_everything_as_it_was() -> None:
    """The message comes back, and is handled as if for the first time."""
    world = World()
    world.stands(lab(IN_SERVICE, 8))
    world.notebooks.failure = ThrottledError("Rate exceeded")
    with pytest.raises(ThrottledError):
        world.told(lab(IN_SERVICE, 8))
    world.notebooks.failure = None

    assert world.told(lab(IN_SERVICE, 8)) == (TrackEffect.BEGAN,)


class FailsOnce(InMemoryLedger):
    """A ledger that writes its row and then does not answer, once."""

    failed = False

    def put(self, row: CostRecord) -> bool:
        """Write the row, and give no answer the first time."""
        put = super().put(row)
        if not self.failed:
            self.failed = True
            raise UnavailableError("no answer")
        return put


def test_a_crash_between_row_and_state_repeats_and_loses_nothing() -> None:
    """The row is there; the session is still open, and ends when the message comes back."""
    world = World()
    world.lives([lab(IN_SERVICE, 8)])
    world.tracker = replace(world.tracker, ledger=FailsOnce(world.marks))
    with pytest.raises(UnavailableError):
        world.told(lab(STOPPING, 10))
    assert world.sessions.kept[ARN].instance_type == T3

    assert world.told(lab(STOPPING, 10)) == (TrackEffect.RECORDED_BEFORE, TrackEffect.ENDED, TrackEffect.BEGAN)
    assert world.marks.tokens.keys() == {DayKey("2026-11-20")}


def test_an_event_is_read_noted_and_answered() -> None:
    """From the queue's message to the outcome."""
    world = World()
    world.stands(lab(IN_SERVICE, 8))
    first = world.tracker.on_message(json.dumps(an_event("notebook-instance-in-service")))
    second = world.tracker.on_event(an_event("notebook-instance-stopping"))

    assert first.to_log() == {"reason": "Lab-One: it is in service", "effects": ["session began"]}
    assert second.to_log()["effects"] == ["recorded", "session ended", "session began"]
    assert world.regions.noted == {"us-east-1"}
    assert world.costs == [("08:00", "10:00", "1 x ml.t3.medium", "0.1019444444")]


def test_a_notebook_of_an_account_that_is_not_watched_is_refused_and_nothing_is_asked() -> None:
    """With the stack's own credentials it would find another notebook of that name."""
    world = World()
    tracker = replace(world.tracker, watched=WatchedAccounts(home=ACCOUNT, named=frozenset({"222233334444"})))
    stranger = event_of(an_event("notebook-instance-in-service"), account="444455556666")

    with pytest.raises(ForeignAccountError, match="444455556666 is not watched"):
        tracker.on_message(json.dumps(stranger))
    assert (world.regions.noted, world.rows) == (set(), [])


@pytest.mark.parametrize("body", ["", "not json", "[" * 100_000, json.dumps(an_event("training-job-completed"))])
def test_a_mangled_message_is_refused(body: str) -> None:
    """The queue's handler dead-letters it."""
    with pytest.raises(MalformedEventError):
        World().tracker.on_message(body)


def test_what_is_open_tells_what_it_has_cost_the_dearest_first() -> None:
    """At noon: in service since 8:00, 4 x ($0.05 + $0.70 / 720) = $0.2038888889; stopped since 9:00: $0.0029166667."""
    world = World()
    other = {"name": "Other", "arn": f"{ARN}-2"}
    world.lives([lab(IN_SERVICE, 8, **other), lab(STOPPING, 9, **other), lab(IN_SERVICE, 8)])
    meter = OpenSessionCosts(
        sessions=world.sessions,
        prices=world.tracker.prices,
        regions=world.regions,
        clock=lambda: world.now,
        home_region="us-east-1",
    )

    assert [(reading.session.name, f"{reading.usd:f}", f"{reading.hourly.usd:f}") for reading in meter.read()] == [
        ("Lab-One", "0.2038888889", "0.0509722222"),
        ("Other", "0.0029166667", "0.0009722222"),
    ]


def test_a_notebook_without_a_type_is_refused() -> None:
    """There is nothing to price it by, and Describe has one."""
    world = World()
    world.stands(lab(IN_SERVICE, 8, instance_type=None))
    with pytest.raises(MalformedEventError, match="names its type"):
        world.told(lab(IN_SERVICE, 8, instance_type=None))
