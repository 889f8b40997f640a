"""Tells of jobs that still run what their ladders say is due, from what a sweep has read of them anyway."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sagewatch.alerts.base import alert_id, as_text, incident_of
from sagewatch.alerts.ports import AlertArchive
from sagewatch.diagnostics.ports import JobUse
from sagewatch.errors import SageWatchError
from sagewatch.jobs.alerts import JobRunsAlert
from sagewatch.jobs.milestones import AlertThresholds, Milestone, asks_history, due_milestones
from sagewatch.jobs.ports import OpenJob
from sagewatch.jobs.record import JobRecorder
from sagewatch.ledger.families import PastRun, family_of
from sagewatch.ledger.ports import Families
from sagewatch.ledger.records import describe_instances, key_time
from sagewatch.pricing.accrual import Accrual, accrual_of
from sagewatch.pricing.book import Rates
from sagewatch.sagemaker.resources import Job, JobStatus
from sagewatch.sagemaker.tags import parent_of, route_of

_HISTORY, _READ = timedelta(days=180), 50  # of a family; among so many runs are those completed ones that count


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRunningAlerts:
    """Everything a sweep needs to tell of running jobs. ``use`` is asked only of jobs that are told of."""

    recorder: JobRecorder
    families: Families
    files: AlertArchive
    rules: AlertThresholds
    use: JobUse | None = None

    def begin(self) -> "LongRunningPass":
        """Begin a sweep."""
        return LongRunningPass(self)


@dataclass(slots=True)
class LongRunningPass:
    """One sweep: each family's history is read once, and only if one of its jobs has run for long enough."""

    overseer: LongRunningAlerts
    _past: dict[str, Sequence[PastRun]] = field(default_factory=dict)

    def check(self, entry: OpenJob, found: Job) -> bool:
        """Tell what is due of an open job as Describe found it; say whether somebody was told.

        An alert is queued before it is remembered: a crash repeats it, and its identity posts it once. Raises what the
        ports do.
        """
        now = self.overseer.recorder.clock()
        if found.status is not JobStatus.IN_PROGRESS or (entry.snooze and entry.snooze.until > now):
            return False
        past = self._history(found, now) if asks_history(found, now, entry.told) else ()
        accrual = self._accrual(found, now)
        due = due_milestones(found, past, accrual.hourly, self.overseer.rules, now, entry.told)
        if due:
            self._tell(entry, found, due, accrual, now)
        return bool(due)

    def _history(self, job: Job, now: datetime) -> Sequence[PastRun]:
        family = family_of(job.kind, job.name)
        if family not in self._past:
            self._past[family] = self.overseer.families.recent(family, now - _HISTORY, _READ)
        return self._past[family]

    def _accrual(self, job: Job, now: datetime) -> Accrual:
        recorder = self.overseer.recorder
        return accrual_of(job, Rates(recorder.prices.book(job.region), recorder.discount_percent), now)

    def _tell(self, entry: OpenJob, found: Job, due: Sequence[Milestone], accrual: Accrual, now: datetime) -> None:
        recorder = self.overseer.recorder
        tagged = recorder.with_tags(found)
        alert = self._alert(entry, replace(tagged, parent_arn=parent_of(tagged)), due, accrual, now)
        self.overseer.files.archive(alert.alert_id, alert.model_dump_json())
        recorder.alerts.send(alert)
        recorder.open_jobs.mark_alerted(entry.job, [rung.key for rung in due])

    def _alert(
        self, entry: OpenJob, job: Job, due: Sequence[Milestone], accrual: Accrual, now: datetime
    ) -> JobRunsAlert:
        """The highest rung names it: what else is due goes with that."""
        created_at, owner = key_time(entry.job), self.overseer.recorder.owner(job)
        return JobRunsAlert(
            alert_id=alert_id("job-long-running", job.arn, created_at, due[0].key),
            account=job.account,
            region=job.region,
            instances=describe_instances(job),
            incident=incident_of(job.arn, key_time(job), job.parent_arn),
            route=route_of(job.tags),
            happened_at=now,
            kind=job.kind,
            name=job.name,
            arn=job.arn,
            created_at=created_at,
            owner=owner.name if owner else None,
            sentences=tuple(rung.sentence for rung in due),
            started_at=job.started_at,
            limit_seconds=job.max_runtime_seconds,
            hourly_usd=as_text(accrual.hourly),
            so_far_usd=as_text(accrual.so_far),
            at_limit_usd=as_text(accrual.at_limit),
            price_note=accrual.note,
            spot=bool(job.spot),
            use=self._use(job, now),
        )

    def _use(self, job: Job, now: datetime) -> str | None:
        """Nobody waits for a number that cannot be had."""
        try:
            return self.overseer.use.sentence(job, now) if self.overseer.use else None
        except SageWatchError:
            return None
