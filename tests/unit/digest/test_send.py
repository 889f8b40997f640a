"""SendDigest's work, from rows to what is queued: nothing, a week by hand, a month of 300,000 rows by an oracle."""

import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from sagewatch.budgets.budget import EVERYBODY, Budget
from sagewatch.delivery.registry import read_alert
from sagewatch.digest.periods import InvalidRequest
from sagewatch.digest.savings import IdleStops
from sagewatch.digest.send import DigestOutcome
from sagewatch.digest.summary import Digest, Running, Share, Standing, StandingPart, alt_text
from sagewatch.errors import AlertRefusedError, UnavailableError
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.idle.state import PendingStop
from sagewatch.ledger.ports import RowFilter
from sagewatch.ledger.totals import Amounts, DayKey, LedgerRow, total_of_day
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, JobStatus
from sagewatch.slack.messages.digests import digest_message
from sagewatch.standing.decision import Use
from sagewatch.standing.resources import BilledLine
from sagewatch.standing.sessions import StandingSession
from tests.fakes.ledger import is_wanted
from tests.worlds.builders import ACCOUNT, a_job, message_ref
from tests.worlds.digest import DigestWorld

WEEK = {"period": "weekly", "day": "2026-11-22"}


def written(world: DigestWorld, event: object = None) -> Digest:
    """The requested digest, as DeliverAlert reads it."""
    outcome = world.digester.on_event(event or WEEK)
    assert isinstance(outcome, DigestOutcome)
    told = read_alert(world.digests[-1].model_dump_json())
    assert told == world.digests[-1]
    return world.digests[-1].digest


def a_week(world: DigestWorld) -> None:
    """16 to 22 November, the week before it, and a day on either side that counts in neither."""
    world.row("too-late", "2026-11-23", "100")
    world.row("a", "2026-11-17", "10")
    world.row("b", "2026-11-18", "30", owner="bo", failure_class=FailureClass.USER_CODE)
    world.row("c", "2026-11-22", "2.50", kind=ResourceKind.PROCESSING)
    world.row("d", "2026-11-20", "5", owner="chi", spot_savings_usd=Decimal(15))
    world.row("e", "2026-11-20", None, pricing=PricingStatus.UNPRICED)
    world.row("tuner", "2026-11-20", None, kind=ResourceKind.TUNING, pricing=PricingStatus.NOT_INSTANCE_PRICED)
    idle = {"stopped_by": "sagewatch", "idle_since": "2026-11-18T15:00:00Z"}
    world.notebook("2026-11-18T14:00:00Z", "2026-11-18T20:00:00Z", "8.46", **idle)
    world.notebook("2026-11-18T20:00:00Z", "2026-11-19T06:00:00Z", "0.01", instances=None)
    world.row("g", "2026-11-10", "40")
    world.row("h", "2026-11-15", "8", owner="chi")
    world.row("too-early", "2026-11-08", "1000")


def test_a_week_by_hand() -> None:
    """10 + 30 + 2.50 + 5 + 8.46 + 0.01, against 40 + 8."""
    world = DigestWorld()
    a_week(world)
    digest = written(world)

    assert (digest.spend.cost_usd, digest.spend.jobs) == (Decimal("55.97"), 7)
    assert digest.before.cost_usd == Decimal(48)
    assert digest.by_owner.top == (
        Share("bo", Decimal(30), Decimal(0)),
        Share("ana@example.com", Decimal("20.97"), Decimal(40)),
        Share("chi", Decimal(5), Decimal(8)),
    )
    assert digest.by_kind.top == (
        Share("training", Decimal(45), Decimal(48)),
        Share("notebook", Decimal("8.47"), Decimal(0)),
        Share("processing", Decimal("2.50"), Decimal(0)),
    )
    assert [(job.name, str(job.usd), job.failed) for job in digest.top_jobs] == [
        ("b", "30", True),
        ("a", "10", False),
        ("lab", "8.46", False),
        ("d", "5", False),
        ("c", "2.50", False),
    ]


def test_what_was_lost_and_saved_by_hand() -> None:
    """30 failed; spot paid 5 of 20; 5 hours of idling and 10 hours stopped, at $1.41."""
    world = DigestWorld()
    a_week(world)
    digest = written(world)

    assert (digest.spend.failed_jobs, digest.spend.failed_usd) == (1, Decimal(30))
    assert (digest.spend.spot_cost_usd, digest.spend.spot_savings_usd) == (Decimal(5), Decimal(15))
    assert digest.spend.unpriced_jobs == 1
    assert digest.idled == IdleStops(stops=1, idle_usd=Decimal("7.05"), saved_usd=Decimal("14.1"), saved_seconds=36_000)


def test_totals_that_are_kept_say_the_same_as_rows() -> None:
    """Closed days are read only for the most expensive jobs."""
    world, kept = DigestWorld(), DigestWorld()
    for each in (world, kept):
        a_week(each)
    for number in range(31):
        day = (date(2026, 11, 1) + timedelta(days=number)).isoformat()
        kept.totals.save(total_of_day(day, kept.ledger.amounts_of_day(day)))

    assert written(world) == written(kept)


def test_a_kept_total_that_is_no_longer_right_is_not_believed() -> None:
    """Its day is read again."""
    world = DigestWorld()
    world.totals.save(total_of_day("2026-11-20", []))
    world.row("late", "2026-11-20", "3")
    world.marks.add(DayKey("2026-11-20"))

    assert written(world).spend.cost_usd == Decimal(3)


def test_a_quiet_day_has_no_chart() -> None:
    """Nothing is drawn, nothing uploaded."""
    world = DigestWorld()
    digest = written(world, {"period": "daily"})

    assert digest.quiet
    assert (world.sketches.drawn, world.pictures.kept, world.digests[0].no_picture) == ([], {}, None)


def test_the_chart_has_fourteen_days_by_kind() -> None:
    """The week, and the one before it; its words say the same."""
    world = DigestWorld()
    a_week(world)
    written(world)
    [chart] = world.sketches.drawn

    assert [bar.day for bar in chart.bars] == [date(2026, 11, 9) + timedelta(days=number) for number in range(14)]
    assert (chart.whole(within=True), chart.whole(within=False)) == (Decimal("55.97"), Decimal(48))
    assert chart.bars[9].usd == {ResourceKind.TRAINING: Decimal(30), ResourceKind.NOTEBOOK: Decimal("8.46")}
    [(name, picture, words)] = world.pictures.kept.values()
    assert (name, picture, words) == ("spend-weekly-2026-11-22.png", b"a picture", alt_text(chart))
    assert "$55.97 in the period of this digest, $48.00 in the 7 days before" in words
    assert world.digests[0].picture is not None
    assert world.digests[0].picture.image_id == "F0MEMORY00"


@pytest.mark.parametrize(
    "trouble", [AlertRefusedError("Slack refused the picture: missing_scope"), UnavailableError("x")]
)
def test_the_numbers_do_not_wait_for_the_chart(trouble: Exception) -> None:
    """The digest says why it has none."""
    world = DigestWorld()
    a_week(world)
    world.pictures.failure = trouble
    outcome = world.digester.on_event(WEEK)

    assert isinstance(outcome, DigestOutcome)
    assert outcome.no_picture == world.digests[0].no_picture == str(trouble)
    assert world.digests[0].picture is None


def test_what_runs_now_is_told_with_its_price() -> None:
    """2 x $0.23 and one of unknown price; a notebook at $1.41 that idles for 10 hours; one that is stopped is none."""
    world = DigestWorld()
    running = {"status": JobStatus.IN_PROGRESS, "ended_at": None}
    arn = "arn:aws:sagemaker:us-east-1:111122223333:training-job"
    world.open_jobs.add(a_job(name="one", arn=f"{arn}/one", **running))
    world.open_jobs.add(a_job(name="two", arn=f"{arn}/two", groups=(InstanceGroup("ml.p9.48xlarge", 1),), **running))
    world.open_jobs.add(a_job(name="tuner", arn=f"{arn}/tuner", kind=ResourceKind.TUNING, groups=(), **running))
    world.open_jobs.add(a_job(name="pool", arn=f"{arn}/pool"), provisional=True)
    lab = world.open_session("lab", world.now - timedelta(hours=30), "ml.g5.xlarge")
    world.open_session("off", world.now - timedelta(hours=30), None)
    since = world.now - timedelta(hours=10)
    for arn in (lab.arn, "arn:aws:sagemaker:us-east-1:111122223333:notebook-instance/stopped-since"):
        watched = world.watches.read(arn, "us-east-1")
        warned = PendingStop(alert_id="w", warned_at=since, stop_at=world.now, idle_since=since)
        world.watches.save(type(watched)(arn=arn, pending=warned), "us-east-1")

    assert written(world, {"period": "daily"}).running == Running(
        jobs=2,
        jobs_usd=Decimal("0.46"),
        notebooks=1,
        notebooks_usd=Decimal("1.41"),
        unpriced=1,
        idle=1,
        idle_usd=Decimal("14.1"),
        so_far_usd=Decimal("74.9753333333"),  # 30 h of the notebook, and the job at $0.46 since its creation
    )


def test_once_a_week_it_says_whether_the_watch_is_well() -> None:
    """Not every day: alarms do that at once."""
    world = DigestWorld()
    world.dead_letters.clear()
    world.row("a", "2026-11-20", "1")
    written(world, {"period": "daily"})
    written(world, {"period": "weekly"})
    daily, weekly = world.digests

    assert daily.health is None
    assert (weekly.health or "").startswith("For SageWatch's operator: ")


@pytest.mark.parametrize("days", [0, 4])
def test_each_digest_says_what_may_have_no_alarm(days: int) -> None:
    """Dead letters, for an alarm that is on says nothing new, and old prices."""
    world = DigestWorld()
    world.row("a", "2026-11-20", "1")
    if days:
        world.dead_letters.clear()
        world.priced_at["us-east-1"] -= timedelta(days=days)
    written(world, {"period": "daily"})
    [daily] = world.digests

    expected = "prices of us-east-1 are from 2026-11-19" if days else "2 messages are in AlertDeadLetterQueue"
    assert expected in str(digest_message(daily)[1][-1].to_dict())


def test_a_weekly_digest_counts_dead_letters() -> None:
    """Below everything else."""
    world = DigestWorld()
    world.row("a", "2026-11-20", "1")
    written(world, {"period": "weekly"})
    [weekly] = world.digests

    assert "2 messages are in AlertDeadLetterQueue" in str(digest_message(weekly)[1][-1].to_dict())


def test_a_digest_that_was_posted_is_not_written_again() -> None:
    """Scheduled or by hand; nothing is uploaded."""
    world = DigestWorld()
    a_week(world)
    first = world.digester.on_event(WEEK)
    assert isinstance(first, DigestOutcome)
    world.deliveries.confirm(first.alert, message_ref("C", "1.0"), world.now)
    second = world.digester.on_event({"period": "scheduled"})

    assert isinstance(second, DigestOutcome)
    assert (second.alert, second.queued, second.to_log()["effect"]) == (first.alert, False, "posted before")
    assert (len(world.digests), len(world.pictures.kept)) == (1, 1)


def test_a_digest_has_one_name_and_its_kind_and_days_are_in_it() -> None:
    """So it is posted once, however often it is queued. A day that is not over can be reported again an hour later."""
    world = DigestWorld()
    names = []
    for event in (WEEK, WEEK, {**WEEK, "day": "2026-11-21"}, {"period": "daily", "day": "2026-11-22"}):
        world.digester.on_event(event)
        names.append(world.digests[-1].alert_id)
    today = {"period": "daily", "day": "2026-11-23"}
    for hours in (0, 0.5, 1):
        world.now = datetime.fromisoformat("2026-11-23T09:00:00Z") + timedelta(hours=hours)
        world.digester.on_event(today)
        names.append(world.digests[-1].alert_id)

    assert [names.index(name) for name in names] == [0, 0, 2, 3, 4, 4, 6]


def test_what_makes_no_sense_does_nothing() -> None:
    """The outcome says why."""
    world = DigestWorld(Budget("ana", Decimal(1)))

    assert isinstance(world.digester.on_event({"Records": []}), InvalidRequest)
    assert world.alerts.sent == []


def test_the_daily_run_tells_of_budgets_once() -> None:
    """55.97 + 48 + 1000 + 100 in November: ana's 80 %, the total's 100 %; a digest by hand alerts of no budget."""
    world = DigestWorld(Budget("ana@example.com", Decimal(1300)), Budget(EVERYBODY, Decimal(1100)))
    a_week(world)
    written(world)
    assert world.budget_alerts == []
    assert [(state.owner, str(state.spent_usd)) for state in world.digests[0].digest.budgets] == [
        ("ana@example.com", "1160.97"),
        ("*", "1203.97"),
    ]
    for _ in range(2):
        world.digester.on_event({"period": "scheduled"})
        for alert in world.budget_alerts:
            world.deliveries.confirm(alert.alert_id, message_ref("C", "1.0"), world.now)

    told = [(alert.state.owner, alert.threshold) for alert in world.budget_alerts]
    assert told == [("ana@example.com", 80), ("*", 100)]


def test_a_budget_counts_what_is_booked_until_now() -> None:
    """What ended this morning is no longer open, so it has to be booked."""
    world = DigestWorld(Budget("ana@example.com", Decimal(100)))
    world.row("today", "2026-11-23", "70")
    world.row("yesterday", "2026-11-22", "22")
    [state] = written(world).budgets

    assert (state.spent_usd, state.open_usd, state.day) == (Decimal(92), Decimal(0), date(2026, 11, 23))
    assert state.forecast_usd == Decimal(92)


def test_an_open_session_uses_its_owners_budget() -> None:
    """A notebook in service since August has no row, and has cost its budget many times over in this month alone."""
    world = DigestWorld(Budget("ana", Decimal(500)), Budget(EVERYBODY, Decimal(50_000)))
    world.open_session("lab", datetime.fromisoformat("2026-08-01T00:00:00Z"), "ml.g5.xlarge")
    world.digester.on_event({"period": "scheduled"})
    digest = world.digests[0].digest
    ana, everybody = digest.budgets
    hours = Decimal(22 * 24 + 9)

    assert digest.running.notebooks_usd == Decimal("1.41")
    assert (ana.spent_usd, ana.open_usd, ana.hourly_usd) == (Decimal(0), Decimal("1.41") * hours, Decimal("1.41"))
    assert ana.forecast_usd == Decimal("1.41") * 30 * 24
    assert everybody.open_usd == ana.open_usd
    assert digest.running.so_far_usd > ana.open_usd  # since August
    assert [(alert.state.owner, alert.threshold) for alert in world.budget_alerts] == [("ana", 100)]


def test_a_running_job_uses_the_budget_of_everybody() -> None:
    """From its creation, at the price of all its instances; the index does not say who owns it."""
    world = DigestWorld(Budget("ana", Decimal(500)), Budget(EVERYBODY, Decimal(1000)))
    created = world.now - timedelta(hours=10)
    world.open_jobs.add(
        a_job(status=JobStatus.IN_PROGRESS, created_at=created, groups=(InstanceGroup("ml.m5.xlarge", 2),))
    )
    digest = written(world)
    ana, everybody = digest.budgets

    assert (ana.open_usd, everybody.open_usd, everybody.hourly_usd) == (Decimal(0), Decimal("4.6"), Decimal("0.46"))
    assert digest.running.so_far_usd == Decimal("4.6")


@pytest.mark.parametrize("changes", [{"training_plan_arn": "arn:plan"}, {"serverless": True}])
def test_what_is_not_billed_by_the_hour_does_not_run_up(changes: dict[str, Any]) -> None:
    """Prepaid and serverless work is left out of "running now" and of budgets."""
    world = DigestWorld(Budget(EVERYBODY, Decimal(1000)))
    groups = (InstanceGroup("ml.m5.xlarge", 8),)
    world.open_jobs.add(a_job(status=JobStatus.IN_PROGRESS, created_at=world.now, groups=groups, **changes))
    digest = written(world)

    assert (digest.running.jobs, {digest.running.jobs_usd, digest.budgets[0].hourly_usd}) == (0, {Decimal(0)})


def test_a_month_that_is_over_counts_its_part_of_a_session() -> None:
    """On the first of December: November's part, and nothing that is still to come."""
    world = DigestWorld(Budget("ana", Decimal(500)))
    world.now = datetime.fromisoformat("2026-12-01T09:00:00Z")
    world.open_session("lab", datetime.fromisoformat("2026-11-30T00:00:00Z"), "ml.g5.xlarge")
    [state] = written(world, {"period": "daily"}).budgets

    assert (state.day, state.open_usd) == (date(2026, 11, 30), Decimal("1.41") * 24)
    assert state.forecast_usd == state.used_usd


def test_a_digest_of_long_ago_knows_no_open_work() -> None:
    """What is open now says nothing of a budget in August."""
    world = DigestWorld(Budget("ana", Decimal(500)))
    world.open_session("lab", datetime.fromisoformat("2026-08-01T00:00:00Z"), "ml.g5.xlarge")
    [state] = written(world, {"period": "daily", "day": "2026-08-31"}).budgets

    assert (state.day, state.open_usd, state.forecast_usd) == (date(2026, 8, 31), Decimal(0), None)


# A month of 300,000 rows, made up as it is read. Amounts are whole cents, and the oracle adds up integers.
PER_DAY, OWNERS = 10_000, [*(f"owner-{number:02}" for number in range(40)), None]
KINDS = [ResourceKind.TRAINING, ResourceKind.TRAINING, ResourceKind.PROCESSING, ResourceKind.TRANSFORM]


@dataclass(frozen=True)
class Made:
    """One made-up job."""

    name: str
    owner: str | None
    kind: ResourceKind
    cents: int | None
    failed: bool
    saved_cents: int | None


def made(day: date) -> Iterator[Made]:
    """The jobs of a day, the same every time."""
    for number in range(PER_DAY):
        dice = (day.toordinal() * PER_DAY + number) * 2_654_435_761 % 4_294_967_291  # Knuth's multiplicative hash
        yield Made(
            name=f"job-{day}-{number}",
            owner=OWNERS[dice % 41],
            kind=KINDS[dice // 41 % 4],
            cents=None if dice % 97 == 0 else (dice // 3 % 1999 + 1) * (dice // 7 % 1997 + 1),
            failed=dice % 11 == 0,
            saved_cents=dice // 13 % 5000 + 1 if dice % 5 == 0 else None,
        )


@dataclass
class MadeUp:
    """The ``LedgerRows`` port on nothing; it counts what is read."""

    read: Counter[str] = field(default_factory=Counter)
    per_day: int = PER_DAY

    def of_day(self, day: str, only: RowFilter | None = None) -> Iterator[LedgerRow]:
        """Make up the rows of a day, and count those that the filter takes."""
        self.read[day] += 0
        for row in filter(lambda row: is_wanted(row, only), self._made(day)):
            self.read[day] += 1
            yield row

    def _made(self, day: str) -> Iterator[LedgerRow]:
        for job in islice(made(date.fromisoformat(day)), self.per_day):
            yield LedgerRow(
                kind=job.kind,
                pricing=PricingStatus.UNPRICED if job.cents is None else PricingStatus.PRICED,
                owner=job.owner,
                cost_usd=None if job.cents is None else Decimal(job.cents) / 100,
                spot_savings_usd=None if job.saved_cents is None else Decimal(job.saved_cents) / 100,
                failure_class=FailureClass.USER_CODE if job.failed else None,
                resource_arn=f"arn:{job.name}",
                resource_name=job.name,
                status=JobStatus.COMPLETED,
                account="111122223333",
                region="us-east-1",
                created_at=f"{day}T10:00:00Z",
                ended_at=f"{day}T11:00:00Z",
                ended_on=day,
                pricing_reason="",
            )

    def amounts_of_day(self, day: str) -> Iterator[Amounts]:
        """Return the same rows, which have amounts."""
        return self.of_day(day)

    def of_owner(self, owner: str, first_day: str, last_day: str, only: RowFilter | None = None) -> Iterator[LedgerRow]:
        """No digest asks for that."""
        raise AssertionError((owner, first_day, last_day, only))

    def amounts_of_children(self, arn: str, since: str, until: str) -> Iterator[Amounts]:
        """No digest asks for that."""
        raise AssertionError((arn, since, until))

    def take_unreadable(self) -> Sequence[str]:
        """Every row can be read."""
        return ()


@dataclass
class Oracle:
    """The month's total in cents, by other arithmetic than the product's."""

    owners: Counter[str | None] = field(default_factory=Counter)
    kinds: Counter[ResourceKind] = field(default_factory=Counter)
    before: Counter[str | None] = field(default_factory=Counter)
    month: Counter[str | None] = field(default_factory=Counter)
    dearest: list[tuple[int, str]] = field(default_factory=list)
    whole: int = 0
    failed: int = 0
    saved: int = 0
    unpriced: int = 0

    def __post_init__(self) -> None:
        """Look at every job of the month once."""
        for number in range(1, 31):
            day = date(2026, 11, number)
            for job in made(day):
                self.month[job.owner] += job.cents or 0
                if day >= date(2026, 11, 24):
                    self._count(job)
                elif day >= date(2026, 11, 17):
                    self.before[job.owner] += job.cents or 0
        self.dearest = sorted(self.dearest, reverse=True)[:5]

    def _count(self, job: Made) -> None:
        cents = job.cents or 0
        self.whole += cents
        self.owners[job.owner] += cents
        self.kinds[job.kind] += cents
        self.failed += cents if job.failed else 0
        self.saved += job.saved_cents or 0
        self.unpriced += job.cents is None
        self.dearest.append((cents, job.name))


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    """Once."""
    return Oracle()


def cents(usd: Decimal) -> int:
    """To the cent, with nothing left over."""
    assert usd * 100 == int(usd * 100)
    return int(usd * 100)


def test_a_month_of_300000_rows_adds_up(oracle: Oracle) -> None:
    """No total is kept, so that every row of the month is read, and few of the week a second time."""
    rows = MadeUp()
    world = DigestWorld(Budget("owner-07", Decimal(10**9)), Budget(EVERYBODY, Decimal(10**9)), rows=rows)
    world.now = datetime.fromisoformat("2026-12-01T09:00:00Z")
    digest = written(world, {"period": "weekly"})

    assert len(rows.read) == 30
    assert 300_000 < sum(rows.read.values()) < 300_200
    _agrees(digest, oracle)
    assert [cents(state.spent_usd) for state in digest.budgets] == [oracle.month["owner-07"], oracle.month.total()]


def test_of_closed_days_only_rows_that_may_be_among_the_most_expensive_are_read(oracle: Oracle) -> None:
    """All totals are kept but that of one day, which is marked. The day before the week had no notebooks."""
    rows = MadeUp()
    world = DigestWorld(rows=rows)
    world.now = datetime.fromisoformat("2026-12-01T09:00:00Z")
    for number in range(14):
        day = (date(2026, 11, 17) + timedelta(days=number)).isoformat()
        world.totals.save(total_of_day(day, rows.of_day(day)))
    world.marks.add(DayKey("2026-11-26"))
    rows.read.clear()
    _agrees(written(world, {"period": "weekly"}), oracle)

    assert PER_DAY < rows.read.pop("2026-11-26") < PER_DAY + 200
    assert set(rows.read) == {f"2026-11-{day}" for day in (24, 25, 27, 28, 29, 30)}
    assert sum(rows.read.values()) < 200


@pytest.mark.parametrize("kept", [True, False])
def test_what_was_stopped_on_the_day_before_has_saved_something_since(*, kept: bool) -> None:
    """Stopped at 20:00 for twelve hours at most, eight of them in the week, whose jobs it is none of."""
    world = DigestWorld()
    idle = {"stopped_by": "sagewatch", "idle_since": "2026-11-15T19:00:00Z"}
    world.notebook("2026-11-15T14:00:00Z", "2026-11-15T20:00:00Z", "8.46", **idle)
    if kept:
        world.totals.save(total_of_day("2026-11-15", world.ledger.of_day("2026-11-15")))
        world.marks.tokens.clear()
    digest = written(world)

    assert (digest.idled.stops, digest.idled.saved_seconds, digest.top_jobs) == (0, 8 * 3600, ())


def test_what_was_read_is_not_held() -> None:
    """Three times the rows take the same memory."""
    peaks = []
    for per_day in (2000, 6000):
        world = DigestWorld(rows=MadeUp(per_day=per_day))
        written(world, {"period": "daily"})
        tracemalloc.start()
        written(world, {"period": "daily", "day": "2026-11-20"})
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.2 * peaks[0] < 3_000_000  # bytes; the rows of two such days alone take more


def _agrees(digest: Digest, oracle: Oracle) -> None:
    dearest = sorted(oracle.owners.items(), key=lambda entry: -entry[1])
    told = [(share.name, cents(share.usd), cents(share.before_usd)) for share in digest.by_owner.top]
    assert told == [(name or "(no owner)", usd, oracle.before[name]) for name, usd in dearest[:5]]
    assert (digest.by_owner.others, cents(digest.by_owner.rest.usd)) == (36, sum(usd for _, usd in dearest[5:]))
    assert {share.name: cents(share.usd) for share in digest.by_kind.top} == dict(oracle.kinds)
    assert [(cents(job.usd), job.name) for job in digest.top_jobs] == oracle.dearest
    spend = digest.spend
    assert (cents(spend.cost_usd), cents(digest.before.cost_usd)) == (oracle.whole, oracle.before.total())
    assert (cents(spend.failed_usd), cents(spend.spot_savings_usd)) == (oracle.failed, oracle.saved)
    assert (spend.jobs, spend.unpriced_jobs) == (7 * PER_DAY, oracle.unpriced)


def test_what_bills_until_a_person_ends_it_is_stated_and_counts_in_budgets() -> None:
    """Two nodes at $1.41, idle, and one without a price: $2.82 an hour; since the first of November at 00:00."""
    world = DigestWorld(Budget("ana", Decimal(10_000)))
    since = datetime(2026, 11, 1, tzinfo=UTC)
    session = StandingSession(
        arn="arn:endpoint/llm/blue",
        name="llm/blue",
        kind=ResourceKind.ENDPOINT,
        account=ACCOUNT,
        region="us-east-1",
        owner="ana",
        lines=(BilledLine("Notebook", "ml.g5.xlarge", Decimal(2)),),
        since=since - timedelta(days=30),
        booked_until=since,
        use=Use.IDLE,
    )
    world.standing.save(session)
    unpriced = replace(session, arn="arn:2", lines=(), unpriced="nothing says what it runs on", use=Use.UNKNOWN)
    world.standing.save(unpriced)
    digest = written(world, {"period": "daily"})

    assert digest.running.standing == Standing(
        count=2,
        usd=Decimal("2.82"),
        unpriced=1,
        idle=1,
        idle_usd=Decimal("2.82"),
        top=(StandingPart(ResourceKind.ENDPOINT, "llm/blue", "ana", Decimal("2.82")),),
    )
    hours = (world.now - since) / timedelta(hours=1)
    assert [(state.open_usd, state.used_usd) for state in digest.budgets] == [
        (Decimal("2.82") * Decimal(hours), Decimal("2.82") * Decimal(hours))
    ]
