"""What is found out about a failure before it is told. Nothing here may keep a job from being recorded."""

from dataclasses import dataclass

from sagewatch.backgrounds import MOST_RUNS, Background, looks_back_to
from sagewatch.errors import AccessDeniedError, SageWatchError
from sagewatch.families import PastRun, family_of
from sagewatch.joblog import NO_LOG, JobLog, read_tails
from sagewatch.ports import JobLogs
from sagewatch.records import iso
from sagewatch.resources import Job
from sagewatch.stores import Families


@dataclass(frozen=True, slots=True)
class Inquirer:
    """Asks for a failed job's log and its family's runs; without ``logs``, for the runs alone."""

    families: Families
    logs: JobLogs | None

    def background(self, job: Job, own: str | None) -> Background:
        """What is known beside the job itself; ``own`` is the owner's address. One query, five calls for the log."""
        return Background(self._runs(job), self._log(job, own))

    def _runs(self, job: Job) -> list[PastRun] | None:
        ended_at = job.ended_at or job.modified_at or job.dated_at
        if ended_at is None:
            return None
        try:
            return list(self.families.recent(family_of(job.kind, job.name), looks_back_to(iso(ended_at)), MOST_RUNS))
        except SageWatchError:
            return None

    def _log(self, job: Job, own: str | None) -> JobLog:
        """A role that may not read it is somebody's to mend; anything else is left out."""
        if self.logs is None or job.never_launched:
            return NO_LOG
        try:
            return read_tails(self.logs.tails(job), own)
        except AccessDeniedError as exc:
            return JobLog(trouble=str(exc))
        except Exception:  # noqa: BLE001 - whatever a log may hold or its service answer, the job's row comes first
            return NO_LOG
