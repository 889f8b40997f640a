"""What the row of a job holds, and which row gives way to another."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sagewatch.failures.diagnosis import FailureClass
from sagewatch.ledger.families import PastRun, family_name, ran_seconds
from sagewatch.ledger.records import past_run, supersedes
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.ledger.totals import DayKey
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.resources import InstanceGroup, JobStatus
from tests.fakes.ledger import InMemoryLedger, InMemoryStaleTotals, InMemoryTotalStore
from tests.worlds.builders import ENDED, STARTED, a_job, a_row


def test_a_row_keeps_what_the_job_says_of_itself() -> None:
    """Fleet, statuses, output and the moment it was recorded."""
    groups = (InstanceGroup("ml.m5.xlarge", 2), InstanceGroup("ml.g5.xlarge", 1))
    row = a_row(a_job(groups=groups, output_uri="s3://lake/out", secondary_status="MaxRuntimeExceeded"))

    assert row.instances == "2 x ml.m5.xlarge + 1 x ml.g5.xlarge"
    assert (row.secondary_status, row.output_uri) == ("MaxRuntimeExceeded", "s3://lake/out")
    assert row.recorded_at == "2026-11-20T12:00:00Z"


def test_a_row_is_a_past_run_of_its_family() -> None:
    """With its key, by which its instances are read."""
    row = a_row(failure_class=FailureClass.OUT_OF_MEMORY, status=JobStatus.FAILED, billable_seconds=1200)
    key = (row.resource_arn, row.created_at)
    run = past_run(row)

    assert run == PastRun(ENDED, JobStatus.FAILED, 3600, Decimal("0.46"), FailureClass.OUT_OF_MEMORY)
    assert run.key == key
    assert past_run(replace(row, started_at=None)).ran_seconds == 1200
    assert past_run(replace(row, started_at=None, billable_seconds=None)).ran_seconds is None


def test_a_run_took_from_start_to_end_or_what_was_billed() -> None:
    """Spot bills less than it took."""
    assert ran_seconds(STARTED, ENDED, 7) == 3600
    assert ran_seconds(None, ENDED, 7) == 7


def test_the_name_of_a_family_is_what_follows_its_kind() -> None:
    """A name of AWS has no #; a transform of a hand-made row may."""
    assert family_name("training#a#b") == "a#b"


@pytest.mark.parametrize(
    ("pricing", "pool", "before", "pool_before", "gives_way"),
    [
        (PricingStatus.PROVISIONAL, None, PricingStatus.PROVISIONAL, None, False),
        (PricingStatus.PROVISIONAL, 60, PricingStatus.PROVISIONAL, 60, False),
        (PricingStatus.PROVISIONAL, 1, PricingStatus.PROVISIONAL, None, True),
        (PricingStatus.PROVISIONAL, 61, PricingStatus.PROVISIONAL, 60, True),
        (PricingStatus.PROVISIONAL, 59, PricingStatus.PROVISIONAL, 60, False),
        (PricingStatus.PRICED, 61, PricingStatus.PRICED, 60, False),
        (PricingStatus.PRICED, None, PricingStatus.PROVISIONAL, 60, True),
        (PricingStatus.PROVISIONAL, 61, PricingStatus.PRICED, 60, False),
        (PricingStatus.PROVISIONAL, None, PricingStatus.UNPRICED, None, True),
        (PricingStatus.UNPRICED, 61, PricingStatus.UNPRICED, None, False),
    ],
)
def test_a_row_gives_way_to_one_that_knows_more(
    pricing: PricingStatus,
    pool: int | None,
    before: PricingStatus,
    pool_before: int | None,
    gives_way: bool,  # noqa: FBT001
) -> None:
    """A better status, or, while it is provisional, a longer warm pool."""
    row, there = a_row(pricing=pricing, warm_pool_seconds=pool), a_row(pricing=before, warm_pool_seconds=pool_before)

    assert supersedes(row, there) is gives_way


@pytest.mark.parametrize("day", ["someday", "2026-02-30", "9999-12-31", ""])
def test_a_day_that_is_none_is_never_closed(day: str) -> None:
    """Its mark stays for a person to look at."""
    marks = InMemoryStaleTotals()
    marks.add(DayKey(day))
    ledger = InMemoryLedger(marks)
    totals = TotalsRefresh(
        rows=ledger,
        roll_ups=ledger,
        totals=InMemoryTotalStore(),
        marks=marks,
        clock=lambda: datetime(2030, 1, 1, tzinfo=UTC),
    )

    assert totals.ready() == []
