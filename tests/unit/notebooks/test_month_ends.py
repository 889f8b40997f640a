"""Open sessions are booked at month ends, so that what a closed month cost does not change later.

Prices here: ml.t3.medium $0.05 an hour, a volume of 5 GB $0.70 a month. November has 720 hours, December 744.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from sagewatch.budgets.budget import EVERYBODY, Budget, BudgetState, states_of
from sagewatch.errors import ThrottledError
from sagewatch.ledger.queries import LedgerQueries, LedgerQuery
from sagewatch.ledger.records import CostRecord, RecordedBy
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.notebooks.month_ends import MonthEnds
from sagewatch.notebooks.session import StopCall
from sagewatch.notebooks.track import TrackEffect
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from tests.fakes.ledger import InMemoryTotalStore
from tests.fakes.pricing import InMemoryPrices
from tests.fakes.sagemaker import InMemoryNotebooks
from tests.fakes.standing import InMemoryStandingSessions
from tests.worlds.builders import no_time_limit
from tests.worlds.digest import running_now
from tests.worlds.notebooks import BOOK, NotebookWorld, a_notebook

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)
TURN = datetime(2026, 12, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ARN = a_notebook().arn
ZERO = Decimal(0)
NOVEMBER, DECEMBER = date(2026, 11, 30), date(2026, 12, 7)
TEN_DAYS_AND_A_HALF = Decimal("0.05") * 252 + Decimal("0.70") * 252 / 720  # from BEGAN to TURN: 12.845


class MonthWorld(NotebookWorld):
    """A busy notebook in service since BEGAN, and what a digest reads."""

    def __init__(self) -> None:
        """Its session is open since BEGAN."""
        super().__init__()
        self.now = BEGAN
        self.is_now(BEGAN)
        self.busy("Lab-One")
        self.sweep()
        self.marks = self.ledger.marks
        self.day_totals = InMemoryTotalStore()
        prices = InMemoryPrices({"us-east-1": BOOK})
        self.running = running_now(
            lambda: self.now,
            prices=prices,
            sessions=self.sessions,
            open_jobs=self.open_jobs,
            watches=self.states,
            regions=self.regions,
            standing=InMemoryStandingSessions(),
        )
        self.month_ends = MonthEnds(sessions=self.sessions, ledger=self.ledger, prices=prices, clock=lambda: self.now)

    def is_now(self, moment: datetime, status: NotebookStatus = NotebookStatus.IN_SERVICE) -> Notebook:
        """Turn the notebook's state at a time, without an event."""
        notebook = a_notebook(status=status, created_at=BEGAN, modified_at=moment)
        self.has(notebook)
        return notebook

    def event(self, moment: datetime, status: NotebookStatus) -> tuple[TrackEffect, ...]:
        """Turn its state, and let the event arrive now."""
        told = replace(self.is_now(moment, status), volume_gb=None, platform=None, tags={})
        return self.tracker.observe(told, by=RecordedBy.EVENT).effects

    def close_days(self) -> None:
        """Form the totals that can be formed, as SweepJobs does."""
        refresh = TotalsRefresh(
            rows=self.ledger,
            roll_ups=self.ledger,
            totals=self.day_totals,
            marks=self.marks,
            clock=lambda: self.now,
        )
        for mark in refresh.ready():
            refresh.run(mark)

    def budget(self, day: date) -> BudgetState:
        """Return the state of everybody's budget on a day, as SendDigest reads it."""
        spending = LedgerQueries(rows=self.ledger, totals=self.day_totals, marks=self.marks)
        totals = list(spending.days(LedgerQuery(first_day=day.replace(day=1), last_day=day)))
        until = min(self.now, datetime(2026, day.month + 1, 1, tzinfo=UTC) if day.month < 12 else self.now)
        open_costs = list(self.running.open_costs(day, until))
        budgets = [Budget(EVERYBODY, Decimal(100))]
        [state] = states_of(budgets, totals, day, open_costs=open_costs, until=until)
        return state

    @property
    def rows(self) -> list[CostRecord]:
        """The ledger, by the start of each row."""
        return sorted(self.ledger.rows.values(), key=lambda row: row.created_at)

    @property
    def costs(self) -> list[tuple[str, str, str, str]]:
        """From when to when, how it ended, and how much."""
        return [(row.created_at[5:16], row.ended_at[5:16], row.status, f"{row.cost_usd:.4f}") for row in self.rows]


def test_an_open_session_is_booked_at_the_month_end_and_november_does_not_change_later() -> None:
    """Budget and totals of November are the same before the cut, after it, and after the stop in December."""
    world = MonthWorld()
    world.now = TURN + MINUTE
    world.sweep()
    before, rows_before = world.budget(NOVEMBER), list(world.rows)
    world.sweep(later=20 * MINUTE)
    booked = world.budget(NOVEMBER)
    world.sweep(later=HOUR)
    world.close_days()
    closed = dict(world.day_totals.between("2026-11-01", "2026-11-30"))
    world.now = TURN + 6 * DAY
    december = world.budget(DECEMBER)
    world.event(world.now, NotebookStatus.STOPPING)
    world.now += 2 * DAY
    world.close_days()

    assert rows_before == []
    assert (before.spent_usd, before.open_usd) == (ZERO, TEN_DAYS_AND_A_HALF)
    assert (booked.spent_usd, booked.open_usd) == (TEN_DAYS_AND_A_HALF, ZERO)
    assert closed["2026-11-30"] == world.day_totals.between("2026-11-30", "2026-11-30")["2026-11-30"]
    assert world.budget(NOVEMBER).used_usd == TEN_DAYS_AND_A_HALF
    assert (december.spent_usd, december.open_usd) == (ZERO, Decimal("7.2") + Decimal("0.1354838710"))
    assert world.costs == [
        ("11-20T12:00", "11-30T23:59", "Completed", "12.8450"),
        ("12-01T00:00", "12-07T00:00", "Stopped", "7.3355"),
    ]


def test_a_session_is_booked_once_a_month_and_in_one_row_for_each_month() -> None:
    """Sweeps of the rest of the month write nothing; one that was missed for months is made up for."""
    world = MonthWorld()
    reports = [world.sweep(later=later).booked for later in (TURN - BEGAN + 20 * MINUTE, 15 * MINUTE, 20 * DAY)]
    world.now = datetime(2027, 3, 1, 1, tzinfo=UTC)
    reports.append(world.sweep().booked)

    assert reports == [1, 0, 0, 1]
    assert [row.ended_on for row in world.rows] == ["2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"]
    assert world.sessions.kept[ARN].since == BEGAN
    assert world.sessions.kept[ARN].booked_until == datetime(2027, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("minutes", [0, 14])
def test_events_have_a_quarter_of_an_hour_to_arrive(minutes: int) -> None:
    """The stop that they report is booked as one."""
    world = MonthWorld()
    world.now = TURN + minutes * MINUTE
    world.sweep()

    assert world.rows == []


def test_a_stop_whose_event_was_lost_is_repaired_before_the_month_is_booked() -> None:
    """The listing does not have it: its row ends at the stop, and the volume's row at midnight."""
    world = MonthWorld()
    world.is_now(TURN - HOUR, NotebookStatus.STOPPED)
    world.now = TURN + 20 * MINUTE
    world.sweep()

    assert world.costs == [
        ("11-20T12:00", "11-30T23:00", "Stopped", "12.7940"),
        ("11-30T23:00", "11-30T23:59", "Completed", "0.0010"),
    ]


def test_what_the_listing_contradicts_is_not_booked() -> None:
    """Its repair failed, so its end is not known. The next sweep does both."""
    world = MonthWorld()
    world.is_now(TURN - HOUR, NotebookStatus.STOPPED)
    world.now = TURN + 20 * MINUTE
    throttled = InMemoryNotebooks(failure=ThrottledError("Rate exceeded"))
    replace(world.sweeper, repair=replace(world.sweeper.repair, notebooks=throttled)).sweep(no_time_limit)
    rows_then = list(world.rows)
    world.sweep()

    assert rows_then == []
    assert [row.status for row in world.rows] == ["Stopped", "Completed"]


@pytest.mark.parametrize("status", [NotebookStatus.STOPPING, NotebookStatus.DELETING, NotebookStatus.FAILED])
def test_an_end_that_is_reported_after_its_month_was_booked_counts_from_then_on(status: NotebookStatus) -> None:
    """November stays as it was booked, and nothing of it is billed twice."""
    world = MonthWorld()
    world.now = TURN + 20 * MINUTE
    world.sweep()
    november = list(world.rows)
    world.event(TURN - HOUR, status)
    world.now += 5 * DAY
    if status is not NotebookStatus.DELETING:
        world.event(world.now, NotebookStatus.DELETING)

    assert [row for row in world.rows if row.ended_on < "2026-12-01"] == november
    assert all(row.instances is None for row in world.rows if row.ended_on >= "2026-12-01")


def test_the_event_of_its_start_that_comes_again_changes_nothing_after_the_month_was_booked() -> None:
    """It is older than what is booked, and no other run."""
    world = MonthWorld()
    world.now = TURN + 20 * MINUTE
    world.sweep()
    session = world.sessions.kept[ARN]

    assert world.event(BEGAN, NotebookStatus.IN_SERVICE) == ()
    assert world.sessions.kept[ARN] == session


def test_a_stop_call_noted_meanwhile_is_kept() -> None:
    """The session is read again before it is written."""
    world = MonthWorld()
    world.now = TURN + 20 * MINUTE
    [read_before] = world.month_ends.due(world.sessions.kept)
    called = replace(read_before, stop_call=StopCall("sagewatch", world.now))
    world.sessions.amend(called)
    world.month_ends.book(read_before)

    assert world.sessions.kept[ARN] == replace(called, booked_until=TURN)


def test_a_crash_between_rows_and_session_repeats_and_loses_nothing() -> None:
    """The rows are there, so the next sweep only notes it."""
    world = MonthWorld()
    world.now = TURN + 20 * MINUTE
    world.sweep()
    rows = dict(world.ledger.rows)
    world.sessions.kept[ARN] = replace(world.sessions.kept[ARN], booked_until=None)
    world.sweep()

    assert world.ledger.rows == rows
    assert world.sessions.kept[ARN].booked_until == TURN


def test_a_stopped_notebook_is_booked_too_and_a_run_that_ended_meanwhile_is_not() -> None:
    """Its volume is billed until it is deleted."""
    world = MonthWorld()
    world.event(BEGAN + DAY, NotebookStatus.STOPPING)
    [ended] = list(world.sessions.kept.values())
    world.now = TURN + 20 * MINUTE
    world.sweep()
    before = dict(world.sessions.kept)
    world.month_ends.book(replace(ended, since=BEGAN, instance_type="ml.t3.medium"))

    assert world.rows[-1].ended_on == "2026-11-30"
    assert world.rows[-1].instances is None
    assert world.sessions.kept == before


def test_the_next_sweep_books_what_there_was_no_time_for() -> None:
    """Booking has its share of the time; a sweep that leaves some of it says so."""
    world = MonthWorld()
    world.now = TURN + 20 * MINUTE
    report = world.sweeper.sweep(lambda share=1.0: share > 0.5)
    booked = len(world.rows)
    world.sweeper.sweep(no_time_limit)

    assert (report.complete, booked, len(world.rows)) == (False, 0, 1)
