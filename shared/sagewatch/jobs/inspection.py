"""Inspects one open job: describes it, records its end, or alerts people while it runs."""

from dataclasses import dataclass, replace
from datetime import datetime

from sagewatch.clock import Clock
from sagewatch.errors import JobNotFoundError, MalformedEventError, SageWatchError
from sagewatch.jobs.decisions import decide_unread
from sagewatch.jobs.long_running import FamilyHistories, LongRunningAlerts
from sagewatch.jobs.ports import DailyNotices, OpenJob, OpenJobs
from sagewatch.jobs.reconcile import same_job, without_pool
from sagewatch.jobs.record import JobRecorder, RecordEffect
from sagewatch.jobs.settling import is_news, is_recent, is_unsettled
from sagewatch.jobs.sweep_run import JobSweepReport
from sagewatch.ledger.ports import LedgerKeys
from sagewatch.ledger.records import RecordedBy, key_of
from sagewatch.owners.job_owners import JobOwners
from sagewatch.sagemaker.ports import Jobs
from sagewatch.sagemaker.resources import Job, JobStatus
from sagewatch.sweeps import continue_on_error


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInspector:
    """Inspects open jobs. Without ``long_running`` it sends no alerts about those that run."""

    recorder: JobRecorder
    jobs: Jobs
    ledger: LedgerKeys
    open_jobs: OpenJobs
    notices: DailyNotices
    owners: JobOwners
    clock: Clock
    long_running: LongRunningAlerts | None = None

    def inspect(self, entry: OpenJob, histories: FamilyHistories | None, report: JobSweepReport) -> None:
        """Describe an open job, and record its end, or alert people if it runs. Raises what the ports raise."""
        report.looked_at += 1
        try:
            found = self.jobs.describe(entry.job)
        except JobNotFoundError:
            found = None
        except MalformedEventError as exc:
            report.still_open += 1  # it is not gone: a new status or one bad field never ends a run
            self.unreadable(f"{entry.job.kind} job {entry.job.name} in {entry.job.scope}", exc, report)
            return
        if found is None or not same_job(entry.job, found):
            report.recorded += self._unread(entry, JobStatus.DELETING, "it was deleted before its end was read")
        elif is_unsettled(entry, without_pool(found, self.clock()), self.clock()):
            report.still_open += 1
            self._complete(entry, found)
            if self.long_running and histories is not None:
                with continue_on_error(report, f"alerts about {found.kind} job {found.name}"):
                    report.alerted += self.long_running.check(entry, found, histories)
        else:
            report.recorded += self._record(entry, found)

    def unreadable(self, subject: str, problem: SageWatchError, report: JobSweepReport) -> None:
        """Count what cannot be read, and name it once a day. Nothing is deleted."""
        report.unreadable += 1
        if self.notices.first_today(subject):
            report.failures.append(f"cannot read {subject}: {problem}" if subject != str(problem) else subject)

    def _complete(self, entry: OpenJob, found: Job) -> None:
        """Keep the role and the instances, once: a listing has neither, Describe has both."""
        if entry.job.role_arn is None and found.role_arn and not entry.provisional:
            known = replace(found, created_at=entry.job.created_at)
            self.open_jobs.add(known, backfilled_at=entry.backfilled_at)

    def _record(self, entry: OpenJob, found: Job) -> bool:
        """Record the end under the key of its row, if it has one: an event may have dated it a little differently."""
        job = self.owners.with_tags(replace(found, created_at=self._recorded_at(found) or found.created_at))
        decision = self.recorder.decide(
            job,
            RecordedBy.SWEEP,
            alerting=is_news(entry, job, self.clock()),
            alerted_before=bool(entry.alerted),
            backfilled_at=entry.backfilled_at,
        )
        effects = self.recorder.apply(decision).effects
        is_final = RecordEffect.UNTRACKED in effects or not entry.provisional
        stays_provisional = not is_final and not is_recent(found, self.clock())
        if stays_provisional or key_of(entry.job) != key_of(job):
            self.open_jobs.remove(entry.job)
        return RecordEffect.RECORDED in effects

    def _unread(self, entry: OpenJob, status: JobStatus, reason: str) -> bool:
        """Close a job that cannot be read any more: keep its row if it has one, else write one with the reason."""
        if self._recorded_at(entry.job):
            self.open_jobs.remove(entry.job)
            return False
        decision = decide_unread(entry.job, status, reason, now=self.clock())
        return RecordEffect.RECORDED in self.recorder.apply(decision).effects

    def _recorded_at(self, job: Job) -> datetime | None:
        """When this job was created, as its row says. A row without a known end is that of its own second alone."""
        for run in self.ledger.runs_of(job.arn):
            recorded = replace(job, created_at=run.created_at, ended_at=run.ended_at)
            if key_of(recorded) == key_of(job) if run.missed else same_job(job, recorded):
                return run.created_at
        return None
