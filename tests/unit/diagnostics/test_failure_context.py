"""How a family fares, counted with the failure at hand."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sagewatch.diagnostics.failure_context import LOOKS_BACK, MOST_RUNS, Failures, failures_with
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.ledger.families import PastRun
from sagewatch.ledger.records import past_run
from sagewatch.sagemaker.resources import JobStatus
from tests.worlds.builders import ENDED, a_failed_job, a_row

ROW = a_row(a_failed_job())  # costs 0.46


def a_run(hours: float, usd: str | None = "1.5", failure_class: FailureClass | None = FailureClass.CAPACITY) -> PastRun:
    """A run that ended so many hours before."""
    ended = ENDED - timedelta(hours=hours)
    return PastRun(ended, JobStatus.FAILED, 60, None if usd is None else Decimal(usd), failure_class)


def test_a_first_failure_counts_alone() -> None:
    """With its own cost."""
    assert failures_with(ROW, []) == Failures(1, Decimal("0.46"), 0, more=False)


def test_failures_before_it_are_counted_and_their_costs_added() -> None:
    """Successes are not, nor what is older or came later."""
    older, later = a_run(LOOKS_BACK.total_seconds() / 3600 + 1), a_run(-1)
    runs = [later, a_run(1), a_run(2, failure_class=None), a_run(3), older]

    assert failures_with(ROW, runs) == Failures(3, Decimal("3.46"), 0, more=False)


def test_its_own_row_is_not_counted_twice() -> None:
    """An event may come again after the row was written; another run of the same length and cost is another run."""
    own = past_run(ROW)

    assert failures_with(ROW, [own]).count == 1
    assert failures_with(ROW, [own, own]).count == 2


def test_a_cost_that_is_not_known_is_not_zero() -> None:
    """It is counted as unknown."""
    assert failures_with(replace(ROW, cost_usd=None), [a_run(1), a_run(2, None)]) == Failures(
        3, Decimal("1.5"), 2, more=False
    )


def test_where_there_may_be_more_than_were_asked_for_it_says_so() -> None:
    """A query has an end."""
    assert failures_with(ROW, [a_run(1)] * MOST_RUNS).more
