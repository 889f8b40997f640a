"""What sessions cost, to the last stored digit, against arithmetic by hand.

Prices here: ml.t3.medium $0.05 and ml.g5.xlarge $1.41 an hour, a volume $0.14 for a GB-month.
November has 30 days = 2,592,000 seconds, October and December have 31 = 2,678,400, February 2026 has 28 = 2,419,200.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagewatch.ledger.records import CostRecord, RecordedBy
from sagewatch.notebooks.session import (
    End,
    Session,
    SessionEnd,
    SessionKind,
    accrued,
    asked_by,
    close,
    month_start,
)
from sagewatch.pricing.book import EMPTY_BOOK, PriceBook, Rates
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, JobStatus
from tests.worlds.builders import ACCOUNT, NOW, price

BOOK = PriceBook(
    hourly={"Notebook": {"ml.t3.medium": price("0.05", "Notebook"), "ml.g5.xlarge": price("1.41", "Notebook")}},
    volumes={"Notebook": price("0.14", "Notebook")},
)
SINCE = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
OPEN = Session(
    arn=f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/lab-one",
    name="Lab-One",
    account=ACCOUNT,
    region="us-east-1",
    owner="ana@example.com",
    owner_source="tag owner",
    instance_type="ml.t3.medium",
    volume_gb=5,
    since=SINCE,
)
RATES = Rates(BOOK, Decimal(0))
STOPPED = replace(OPEN, kind=SessionKind.STOPPED, instance_type=None)


def closed(session: Session, end: End, book: PriceBook = BOOK, discount: str = "0") -> tuple[CostRecord, ...]:
    """The rows of a session."""
    return close(session, end, now=NOW, by=RecordedBy.EVENT, rates=Rates(book, Decimal(discount)))


def test_two_hours_in_service_cost_the_instance_and_its_volume() -> None:
    """2 h x $0.05 = $0.10, and 5 GB x $0.14 x 7,200 / 2,592,000 = 5,040 / 2,592,000 = $0.0019444444."""
    [row] = closed(OPEN, End(at=SINCE + timedelta(hours=2), stopped_by="somebody"))

    assert (row.compute_usd, row.storage_usd) == (Decimal("0.1"), Decimal("0.0019444444"))
    assert (row.cost_usd, row.list_cost_usd) == (Decimal("0.1019444444"), Decimal("0.1019444444"))
    assert (row.kind, row.status, row.pricing) == (ResourceKind.NOTEBOOK, JobStatus.STOPPED, PricingStatus.PRICED)
    assert (row.instances, row.billable_seconds, row.stopped_by) == ("1 x ml.t3.medium", 7200, "somebody")
    assert (row.created_at, row.started_at, row.ended_at, row.ended_on) == (
        "2026-11-20T08:00:00Z",
        "2026-11-20T08:00:00Z",
        "2026-11-20T10:00:00Z",
        "2026-11-20",
    )
    assert row.pricing_reason == "its time in service at the on-demand list price"
    assert row.prices == (
        "ml.t3.medium $0.05/h (Notebook, us-east-1, shipped table of 2026-09-22); "
        "volumes $0.14/GB-month (Notebook, us-east-1, shipped table of 2026-09-22)"
    )


def test_while_stopped_the_volume_alone_is_billed() -> None:
    """5 GB x $0.14 x 864,000 / 2,592,000 = $0.70 / 3 = $0.2333333333 for ten days of November."""
    [row] = closed(STOPPED, End(at=SINCE + timedelta(days=10), how=SessionEnd.CONTINUED))

    assert (row.compute_usd, row.storage_usd, row.cost_usd) == (Decimal(0), Decimal("0.2333333333"), row.storage_usd)
    assert (row.instances, row.stopped_by) == (None, None)
    assert row.pricing_reason == "stopped: only its volume is billed"


def test_a_session_over_a_month_end_is_a_row_for_each_month() -> None:
    """From 30 November 23:00 to 1 December 02:00, on ml.g5.xlarge with 100 GB.

    November: 1 h x $1.41 = $1.41; 100 x $0.14 x 3,600 / 2,592,000 = 50,400 / 2,592,000 = $0.0194444444.
    December: 2 h x $1.41 = $2.82; 100 x $0.14 x 7,200 / 2,678,400 = 100,800 / 2,678,400 = $0.0376344086.
    """
    since = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
    session = replace(OPEN, instance_type="ml.g5.xlarge", volume_gb=100, since=since)
    november, december = closed(session, End(at=since + timedelta(hours=3), stopped_by="sagewatch"))

    assert (november.cost_usd, december.cost_usd) == (Decimal("1.4294444444"), Decimal("2.8576344086"))
    assert (november.status, december.status) == (JobStatus.COMPLETED, JobStatus.STOPPED)
    assert (november.stopped_by, december.stopped_by) == (None, "sagewatch")
    assert (november.created_at, november.ended_at) == ("2026-11-30T23:00:00Z", "2026-11-30T23:59:59Z")
    assert (december.created_at, december.ended_at) == ("2026-12-01T00:00:00Z", "2026-12-01T02:00:00Z")
    assert (november.ended_on, december.ended_on) == ("2026-11-30", "2026-12-01")
    assert (november.billable_seconds, december.billable_seconds) == (3600, 7200)


def test_whole_months_of_a_volume_cost_the_same_whatever_their_length() -> None:
    """5 GB x $0.14 = $0.70 for December, January and February each: the price is for a month."""
    session = replace(STOPPED, since=datetime(2025, 12, 1, tzinfo=UTC))
    rows = closed(session, End(at=datetime(2026, 3, 1, tzinfo=UTC), how=SessionEnd.DELETED))

    assert [row.cost_usd for row in rows] == [Decimal("0.7")] * 3
    assert [row.billable_seconds for row in rows] == [2678400, 2678400, 2419200]
    assert [row.status for row in rows] == [JobStatus.COMPLETED, JobStatus.COMPLETED, JobStatus.DELETING]


def test_a_discount_is_off_the_cost_and_not_off_the_list() -> None:
    """$0.1019444444... less 25 % is $0.0764583333."""
    [row] = closed(OPEN, End(at=SINCE + timedelta(hours=2)), discount="25")

    assert (row.cost_usd, row.list_cost_usd) == (Decimal("0.0764583333"), Decimal("0.1019444444"))


def test_nvme_disks_take_no_volume_away() -> None:
    """Jobs on ml.g5 have none; a notebook's outlives its stops. 5 x $0.14 x 3,600 / 2,592,000 = $0.0009722222."""
    session = replace(OPEN, instance_type="ml.g5.xlarge")
    [row] = closed(session, End(at=SINCE + timedelta(hours=1)))

    assert row.storage_usd == Decimal("0.0009722222")


def test_a_doubt_makes_every_row_provisional_and_is_said() -> None:
    """With the amount of the upper bound."""
    session = replace(OPEN, since=datetime(2026, 11, 30, 23, 0, tzinfo=UTC))
    rows = closed(session, End(at=datetime(2026, 12, 1, 1, 0, tzinfo=UTC), doubt="no event reported its stop"))

    assert [row.pricing for row in rows] == [PricingStatus.PROVISIONAL] * 2
    assert {row.pricing_reason for row in rows} == {
        "its time in service at the on-demand list price; no event reported its stop"
    }
    assert all(row.cost_usd for row in rows)


@pytest.mark.parametrize(
    ("session", "book", "reason", "cost"),
    [
        (replace(OPEN, instance_type="ml.p9.large"), BOOK, "no price is known for ml.p9.large (notebook)", None),
        (OPEN, EMPTY_BOOK, "no price is known for ml.t3.medium (notebook) in us-east-1", None),
        (STOPPED, EMPTY_BOOK, "no price is known for it in us-east-1", None),
        (replace(STOPPED, volume_gb=None), BOOK, "its size is not known", None),
        (replace(OPEN, volume_gb=None), BOOK, "the size of its volume is not known, and it is left out", "0.05"),
        (OPEN, PriceBook(hourly=BOOK.hourly, volumes={}), "its volume has no known price and is left out", "0.05"),
    ],
)
def test_what_is_not_known_is_said_and_never_zero(
    session: Session, book: PriceBook, reason: str, cost: str | None
) -> None:
    """Unpriced without the price that matters; the reason mentions a volume that is left out."""
    [row] = closed(session, End(at=SINCE + timedelta(hours=1), doubt="whatever" if cost is None else None), book)

    assert reason in row.pricing_reason
    assert row.pricing is (PricingStatus.PRICED if cost else PricingStatus.UNPRICED)
    assert row.cost_usd == (Decimal(cost) if cost else None)
    assert row.storage_usd is None


def test_a_session_without_a_second_has_no_row() -> None:
    """Nothing is billed."""
    assert closed(OPEN, End(at=SINCE)) == ()
    assert closed(OPEN, End(at=SINCE - timedelta(hours=1))) == ()


def test_an_open_session_tells_what_it_has_cost_so_far() -> None:
    """A day: 24 h x $0.05 = $1.20, and 5 x $0.14 / 30 = $0.0233333333."""
    cost = accrued(OPEN, SINCE + timedelta(days=1), RATES)

    assert (cost.usd, cost.seconds) == (Decimal("1.2233333333"), 86400)
    assert accrued(OPEN, SINCE - timedelta(days=1), RATES).usd == 0
    assert accrued(replace(STOPPED, volume_gb=None), NOW, RATES).usd is None


@given(st.integers(0, 400 * 86400), st.sampled_from([OPEN, STOPPED]), st.integers(0, 100))
def test_rows_add_up_to_what_had_accrued(seconds: int, session: Session, discount: int) -> None:
    """However many months there are, and to the digit; and no second is counted twice or left out."""
    until = SINCE + timedelta(seconds=seconds)
    rows = closed(session, End(at=until), discount=str(discount))
    cost = accrued(session, until, Rates(BOOK, Decimal(discount)))

    assert sum((row.cost_usd or Decimal(0) for row in rows), Decimal(0)) == cost.usd
    assert sum(row.billable_seconds or 0 for row in rows) == cost.seconds == seconds
    assert all(row.ended_on[:7] == row.created_at[:7] for row in rows)


def test_a_row_says_which_notebook_it_is_and_who_stopped_it_since_when_it_idled() -> None:
    """All that the session and its end know."""
    idle_since = SINCE + timedelta(hours=1)
    [row] = closed(OPEN, End(at=SINCE + timedelta(hours=9), stopped_by="sagewatch for U0ANA", idle_since=idle_since))

    assert (row.resource_arn, row.resource_name) == (OPEN.arn, "Lab-One")
    assert (row.account, row.region) == (ACCOUNT, "us-east-1")
    assert (row.recorded_at, row.idle_since) == ("2026-11-20T12:00:00Z", "2026-11-20T09:00:00Z")
    assert [asked_by(name) for name in (row.stopped_by, "sagewatch", "somebody", None)] == ["U0ANA", None, None, None]


def test_months_are_split_at_midnight_whatever_second_a_session_began() -> None:
    """At the end of a year too."""
    since = datetime(2026, 12, 30, 8, 15, 30, tzinfo=UTC)
    rows = closed(replace(OPEN, since=since), End(at=datetime(2027, 2, 1, 0, 0, 10, tzinfo=UTC)))

    assert [(row.created_at, row.ended_at) for row in rows] == [
        ("2026-12-30T08:15:30Z", "2026-12-31T23:59:59Z"),
        ("2027-01-01T00:00:00Z", "2027-01-31T23:59:59Z"),
        ("2027-02-01T00:00:00Z", "2027-02-01T00:00:10Z"),
    ]
    assert month_start(since + timedelta(microseconds=7)) == datetime(2026, 12, 1, tzinfo=UTC)


def test_what_has_accrued_over_months_is_stated_in_parts_too() -> None:
    """Compute and storage add up to the list price; a session without a price keeps its seconds and its instance."""
    end = datetime(2026, 12, 2, tzinfo=UTC)
    cost, unpriced = (accrued(OPEN, end, Rates(book, Decimal(10))) for book in (BOOK, EMPTY_BOOK))

    assert cost.compute_usd == Decimal("0.05") * 280
    assert cost.storage_usd == Decimal("0.2488888889") + Decimal("0.0225806452")
    assert cost.list_usd == cost.compute_usd + cost.storage_usd
    assert (cost.usd, cost.seconds) == (Decimal("12.8443225806"), 280 * 3600)
    assert (unpriced.usd, unpriced.seconds, unpriced.unpriced_types) == (None, 280 * 3600, ("ml.t3.medium",))
    assert [line.group for line in unpriced.groups] == [InstanceGroup("ml.t3.medium", 1)]
