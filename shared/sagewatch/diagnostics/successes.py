"""What a family's successful runs say about a failure: what they ran on, or how long they took."""

from collections.abc import Sequence
from itertools import islice

from sagewatch.failures.diagnosis import FailureClass
from sagewatch.formatting import duration
from sagewatch.ledger.families import PastRun
from sagewatch.ledger.ports import Families
from sagewatch.sagemaker.resources import JobStatus

MOST = 12  # successful runs, the newest


def what_worked(failure_class: FailureClass | None, runs: Sequence[PastRun], families: Families) -> str | None:
    """Return a sentence with the number that the next step needs; ``None`` if the ledger knows none.

    Reads at most ``MOST`` rows in one call, and only if memory or capacity was short. Raises what ``Families`` does.
    """
    worked = list(islice((run for run in runs if run.status is JobStatus.COMPLETED), MOST))
    match failure_class:
        case _ if not worked:
            return None
        case FailureClass.OUT_OF_MEMORY | FailureClass.CAPACITY:
            return _instances(worked, families)
        case FailureClass.LIMIT_EXCEEDED:
            return _longest(worked)
        case _:
            return None


def _instances(worked: Sequence[PastRun], families: Families) -> str | None:
    """What they ran on, if it was the same for all."""
    fleets = set(families.instances([run.key for run in worked if run.key]))
    return f"{_the_last(worked)} used {fleets.pop()}." if len(fleets) == 1 else None


def _longest(worked: Sequence[PastRun]) -> str | None:
    seconds = max((run.ran_seconds for run in worked if run.ran_seconds), default=None)
    return f"{_the_last(worked)} took at most {duration(seconds)}." if seconds else None


def _the_last(worked: Sequence[PastRun]) -> str:
    return "The last successful run" if len(worked) == 1 else f"The last {len(worked)} successful runs"
