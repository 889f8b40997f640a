"""Find the context of a failed job: the end of its log, and the recent failures of its family."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.clock import iso
from sagewatch.diagnostics.failure_log import NO_LOG, JobLog, read_log
from sagewatch.diagnostics.ports import JobLogs
from sagewatch.diagnostics.successes import what_worked
from sagewatch.errors import AccessDeniedError, SageWatchError
from sagewatch.failures.diagnosis import classify
from sagewatch.ledger.families import PastRun, family_of
from sagewatch.ledger.ports import Families
from sagewatch.ledger.records import CostRecord, past_run
from sagewatch.sagemaker.resources import Job

LOOKS_BACK = timedelta(days=7)
MOST_RUNS = 500  # of a family in that time; a family with more is reported with "at least"


@dataclass(frozen=True, slots=True)
class FailureContext:
    """The family's runs of the last days, newest first, ``None`` if they could not be read; and the log.

    ``worked`` is a sentence about the family's successful runs, if it helps with this failure.
    """

    runs: Sequence[PastRun] | None = None
    log: JobLog = NO_LOG
    worked: str | None = None


UNKNOWN = FailureContext()


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
    """Return the time from which a family's runs are read."""
    return datetime.fromisoformat(ended_at) - LOOKS_BACK


@dataclass(frozen=True, slots=True)
class FailureContextReader:
    """Reads a failed job's log and its family's runs; without ``logs``, only the runs."""

    families: Families
    logs: JobLogs | None

    def background(self, job: Job, own: str | None) -> FailureContext:
        """Read the job's log and its family's runs. ``own`` is the owner's address.

        At most thirteen calls: one query, one read of rows, one that finds the log's streams, and ten that read five.
        """
        runs, log = self._runs(job), self._log(job, own)
        return FailureContext(runs, log, self._worked(job, log, runs or ()))

    def _worked(self, job: Job, log: JobLog, runs: Sequence[PastRun]) -> str | None:
        try:
            return what_worked(classify(job, log.text), runs, self.families)
        except SageWatchError:
            return None

    def _runs(self, job: Job) -> list[PastRun] | None:
        ended_at = job.ended_at or job.modified_at or job.dated_at
        if ended_at is None:
            return None
        try:
            return list(self.families.recent(family_of(job.kind, job.name), looks_back_to(iso(ended_at)), MOST_RUNS))
        except SageWatchError:
            return None

    def _log(self, job: Job, own: str | None) -> JobLog:
        """Read the log's tail. A missing permission is reported for an operator to grant; other errors are not."""
        logs = self.logs
        if logs is None or job.never_launched:
            return NO_LOG
        try:
            return read_log(logs.streams(job), lambda stream: logs.tail(job, stream), own)
        except AccessDeniedError as exc:
            return JobLog(trouble=str(exc))
        except Exception:  # noqa: BLE001 - whatever a log may hold or its service answer, the job's row comes first
            return NO_LOG
