"""What is told of a failure beside the job itself: the end of its log, and how its family fares."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.families import PastRun
from sagewatch.joblog import NO_LOG, JobLog
from sagewatch.records import CostRecord, past_run

LOOKS_BACK = timedelta(days=7)
MOST_RUNS = 500  # of a family in that time; who has more is told "at least"


@dataclass(frozen=True, slots=True)
class Background:
    """The family's runs of the last days, newest first, ``None`` if they could not be read; and the log."""

    runs: Sequence[PastRun] | None = None
    log: JobLog = NO_LOG


UNKNOWN = Background()


@dataclass(frozen=True, slots=True)
class Failures:
    """How often a family failed in the days up to a failure, that one included, and what is known of their cost (USD).

    ``more`` says that there were more than were counted, ``unknown`` of how many the cost is not known.
    """

    count: int
    cost_usd: Decimal
    unknown: int
    more: bool


def failures_with(row: CostRecord, runs: Sequence[PastRun]) -> Failures:
    """Count a failure together with those before it. Its own row may be among the runs: an event can come twice."""
    own = past_run(row)
    others = list(runs)
    if own in others:
        others.remove(own)
    since = own.ended_at - LOOKS_BACK
    failed = [own, *(run for run in others if run.failure_class and since <= run.ended_at <= own.ended_at)]
    known = [run.cost_usd for run in failed if run.cost_usd is not None]
    return Failures(
        count=len(failed),
        cost_usd=sum(known, Decimal(0)),
        unknown=len(failed) - len(known),
        more=len(runs) >= MOST_RUNS,
    )


def looks_back_to(ended_at: str) -> datetime:
    """Since when a family's runs are asked for."""
    return datetime.fromisoformat(ended_at) - LOOKS_BACK
