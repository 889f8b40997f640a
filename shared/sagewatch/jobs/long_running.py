"""Alerts about running jobs that reached a milestone, from data that the sweep reads anyway."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from sagewatch.alerts.base import alert_id
from sagewatch.alerts.ports import AlertArchive, AlertQueue
from sagewatch.clock import Clock
from sagewatch.diagnostics.cost_report import UtilizationReader
from sagewatch.jobs.alerting import job_runs_alert
from sagewatch.jobs.milestones import RUNNING, AlertThresholds, Milestone, asks_history, due_milestones
from sagewatch.jobs.ports import OpenJob, OpenJobs
from sagewatch.ledger.families import PastRun, family_of
from sagewatch.ledger.ports import Families
from sagewatch.ledger.records import key_time
from sagewatch.owners.job_owners import JobOwners
from sagewatch.pricing.accrual import Accrual, accrual_of
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.resources import Job
from sagewatch.sagemaker.tags import parent_of

_HISTORY, _READ = timedelta(days=180), 50  # of a family; among so many runs are those completed ones that count


class FamilyHistories:
    """The past runs of families that one sweep has read: each family once, whichever job asks first."""

    def __init__(self) -> None:
        self._past: dict[str, Sequence[PastRun]] = {}
        self._reading: dict[str, Lock] = defaultdict(Lock)
        self._lock = Lock()

    def of(self, family: str, read: Callable[[], Sequence[PastRun]]) -> Sequence[PastRun]:
        """Return a family's past runs. Raises what ``read`` does."""
        with self._lock:
            reading = self._reading[family]
        with reading:
            if family not in self._past:
                self._past[family] = read()
            return self._past[family]


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRunningAlerts:
    """Alerts people to running jobs. Reads the utilization of a job only if it alerts."""

    families: Families
    archive: AlertArchive
    alerts: AlertQueue
    open_jobs: OpenJobs
    owners: JobOwners
    prices: Prices
    thresholds: AlertThresholds
    utilization: UtilizationReader
    clock: Clock

    def check(self, entry: OpenJob, found: Job, histories: FamilyHistories) -> bool:
        """Alert if a milestone of the open job is due, and say whether one was. ``found`` is what Describe answered.

        Each family's history is read once for one ``histories``, and only if one of its jobs has run for long enough.
        An alert is queued before it is remembered. A crash repeats it, and delivery posts each identity once. Raises
        what the ports do.
        """
        now = self.clock()
        if found.status not in RUNNING or (entry.snooze and entry.snooze.in_force(now)):
            return False
        past = self._history(found, now, histories) if asks_history(found, now, entry.alerted) else ()
        accrual = accrual_of(found, self.prices.rates(found.scope), now)
        due = due_milestones(found, past, accrual.hourly, self.thresholds, now, entry.alerted)
        if due:
            self._alert(entry, found, due, accrual, now)
        return bool(due)

    def _history(self, job: Job, now: datetime, histories: FamilyHistories) -> Sequence[PastRun]:
        family = family_of(job.kind, job.name)
        return histories.of(family, lambda: self.families.recent(family, now - _HISTORY, _READ))

    def _alert(self, entry: OpenJob, found: Job, due: Sequence[Milestone], accrual: Accrual, now: datetime) -> None:
        """Send one alert for all that is due. The highest milestone names it."""
        tagged, created_at = self.owners.with_tags(found), key_time(entry.job)
        job = replace(tagged, parent_arn=parent_of(tagged))
        alert = job_runs_alert(
            job,
            created_at,
            self.owners.of(job),
            accrual,
            alert_id=alert_id("job-long-running", job.arn, created_at, due[0].key),
            happened_at=now,
            sentences=tuple(milestone.sentence for milestone in due),
            use=self.utilization.sentence(job, now),
        )
        self.archive.archive(alert.alert_id, alert.model_dump_json())
        self.alerts.send(alert)
        self.open_jobs.mark_alerted(entry.job, [milestone.key for milestone in due])
