"""Asks how jobs use their instances: for the report at a job's end, and for whoever tells of one that still runs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sagewatch.errors import SageWatchError
from sagewatch.job_reports import JobReport, job_report
from sagewatch.ports import JobMetrics, Prices
from sagewatch.records import CostRecord
from sagewatch.resources import Job
from sagewatch.rightsizing import suggestion
from sagewatch.use import Use, Window, measure
from sagewatch.use_phrases import NO_METRICS, report_lines, running_sentence

_LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class UseOfJobs:
    """What CloudWatch knows of a job's hosts. Each question is one call for up to 62 hosts."""

    metrics: JobMetrics

    def sentence(self, job: Job, now: datetime) -> str | None:
        """Say what a running job used in its last hour; ``None`` where nobody can tell. Never raises."""
        begun = job.started_at or job.created_at
        if job.kind.is_rollup or begun is None or not job.groups:
            return None
        try:
            return running_sentence(self._of(job, Window.of(max(begun, now - _LATELY), now)))
        except SageWatchError:
            return None

    def of_run(self, job: Job) -> Use | None:
        """What an ended job used from its start to its end; ``None`` where these are not known.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """
        if job.started_at is None or job.ended_at is None or not job.groups:
            return None
        return self._of(job, Window.of(job.started_at, job.ended_at))

    def _of(self, job: Job, window: Window) -> Use:
        return measure(job, self.metrics.read(job, window), window)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Writes reports of ended jobs."""

    uses: UseOfJobs
    prices: Prices

    def report(self, job: Job, row: CostRecord, *, with_use: bool) -> JobReport:
        """Write the report of a job, and ask for its use if that is worth a call. A look that fails is said to have.

        Metrics may come some minutes after the end. What is not there now is not waited for: the report says so.
        """
        if not with_use:
            return job_report(job, row)
        try:
            use = self.uses.of_run(job)
        except SageWatchError as exc:
            return job_report(job, row, [f"its use is not known: {exc}"[:400]])
        if use is None:
            return job_report(job, row, [NO_METRICS])
        return job_report(job, row, list(report_lines(use)), suggestion(job, row, use, self.prices.book(job.region)))
