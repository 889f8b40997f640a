"""The report of a job that ended: what it cost and how it used its instances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from sagewatch.alerts.base import AlertBase, GroupMember, Usd, alert_id, as_text, from_text, incident_of
from sagewatch.diagnostics.ports import JobMetrics
from sagewatch.diagnostics.rightsizing import suggestion
from sagewatch.diagnostics.utilization import NO_METRICS, Utilization, Window, measure, report_lines, running_sentence
from sagewatch.errors import SageWatchError
from sagewatch.ledger.records import CostRecord
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.fields import Name
from sagewatch.sagemaker.resources import Job, JobStatus, ResourceKind
from sagewatch.sagemaker.tags import route_of

_MOST_LINES = 20
_Line = Annotated[str, Field(max_length=400)]


class JobReport(AlertBase):
    """A job ended and cost that much. ``use`` are lines on how its hosts were used, none where nobody asked."""

    finding: Literal["job-report"] = "job-report"
    kind: ResourceKind
    name: Name
    status: JobStatus
    failed: bool = False
    owner: str | None
    ran_seconds: int | None
    ended_at: AwareDatetime
    pricing: str
    pricing_reason: str
    cost_usd: Usd | None
    spot_savings_usd: Usd | None
    prices: str | None
    use: tuple[_Line, ...] = Field(default=(), max_length=_MOST_LINES)
    suggestion: str | None = Field(default=None, max_length=600)

    @property
    def member(self) -> GroupMember | None:
        """See ``AlertBase.member``."""
        return GroupMember(self.name, f"ended as {self.status}", from_text(self.cost_usd), again=self.failed)


def job_report(job: Job, row: CostRecord, use: Sequence[str] = (), suggestion: str | None = None) -> JobReport:
    """Write the report of an ended job from its row; the same job always gets the same ``alert_id``."""
    ended_at = datetime.fromisoformat(row.ended_at)
    return JobReport(
        alert_id=alert_id("job-report", row.resource_arn, row.created_at),
        account=row.account,
        region=row.region,
        instances=row.instances,
        incident=incident_of(row.resource_arn, row.created_at, row.parent_arn),
        parent_arn=row.parent_arn,
        route=route_of(job.tags),
        happened_at=ended_at,
        kind=row.kind,
        name=row.resource_name,
        status=row.status,
        failed=row.failure_class is not None,
        owner=row.owner,
        ran_seconds=row.billable_seconds if job.elapsed_seconds is None else job.elapsed_seconds,
        ended_at=ended_at,
        pricing=row.pricing,
        pricing_reason=row.pricing_reason,
        cost_usd=as_text(row.cost_usd),
        spot_savings_usd=f"{row.spot_savings_usd:f}" if row.spot_savings_usd else None,
        prices=row.prices,
        use=tuple(use),
        suggestion=suggestion,
    )


_LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class UtilizationReader:
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

    def of_run(self, job: Job) -> Utilization | None:
        """What an ended job used from its start to its end; ``None`` where these are not known.

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

    uses: UtilizationReader
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
