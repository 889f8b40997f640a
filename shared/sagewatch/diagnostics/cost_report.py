"""The report of a job that ended: what it cost and how far it used its instances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sagewatch.alerts.base import alert_id
from sagewatch.diagnostics.alerts import JobReport
from sagewatch.diagnostics.host_metrics import Window
from sagewatch.diagnostics.ports import JobMetrics
from sagewatch.diagnostics.rightsizing import suggestion
from sagewatch.diagnostics.utilization import NO_METRICS, Utilization, measure, report_lines, running_sentence
from sagewatch.errors import SageWatchError
from sagewatch.ledger.records import CostRecord
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.resources import Job


def job_report(job: Job, row: CostRecord, use: Sequence[str] = (), suggestion: str | None = None) -> JobReport:
    """Return the report of an ended job from its row. The same job always gets the same ``alert_id``."""
    return JobReport.from_record(
        job,
        row,
        alert_id=alert_id("job-report", row.resource_arn, row.created_at),
        status=row.status,
        failed=row.failure_class is not None,
        spot_savings_usd=f"{row.spot_savings_usd:f}" if row.spot_savings_usd else None,
        use=tuple(use),
        suggestion=suggestion,
    )


_LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class UtilizationReader:
    """Reads the utilization of a job's hosts from CloudWatch. Each read is one call for up to 62 hosts."""

    metrics: JobMetrics

    def sentence(self, job: Job, now: datetime) -> str | None:
        """Return what a started job used in its last hour, in one sentence; ``None`` if unknown. Never raises."""
        begun = job.started_at
        if job.kind.is_rollup or begun is None or not job.groups:
            return None
        try:
            return running_sentence(self._of(job, Window.of(max(begun, now - _LATELY), now)))
        except SageWatchError:
            return None

    def of_run(self, job: Job) -> Utilization | None:
        """Return what an ended job used from its start to its end; ``None`` if either is unknown.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """
        if job.started_at is None or job.ended_at is None or not job.groups:
            return None
        return self._of(job, Window.of(job.started_at, job.ended_at))

    def _of(self, job: Job, window: Window) -> Utilization:
        return measure(job, self.metrics.read(job, window), window)


@dataclass(frozen=True, slots=True)
class CostReporter:
    """Writes reports of ended jobs."""

    utilization: UtilizationReader
    prices: Prices

    def report(self, job: Job, row: CostRecord, *, with_use: bool) -> JobReport:
        """Return the report of a job, with its utilization if that is worth a call.

        If metrics cannot be read, the report says so. Metrics may arrive some minutes after the end; the report does
        not wait for them.
        """
        if not with_use:
            return job_report(job, row)
        try:
            use = self.utilization.of_run(job)
        except SageWatchError as exc:
            return job_report(job, row, [f"its utilization is unknown: {exc}"[:400]])
        if use is None:
            return job_report(job, row, [NO_METRICS])
        return job_report(
            job, row, list(report_lines(use)), suggestion(job, row, use, self.prices.rates(job.scope).book)
        )
