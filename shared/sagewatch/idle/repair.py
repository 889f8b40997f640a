"""Repairs sessions whose events were lost: ends those of deleted or stopped notebooks, begins those of running ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sagewatch.clock import Clock
from sagewatch.errors import NotebookNotFoundError
from sagewatch.idle.outcomes import NotebookSweepReport
from sagewatch.idle.unreadable import UnreadableItems
from sagewatch.jobs.ports import Checkpoint, Checkpoints
from sagewatch.ledger.records import RecordedBy
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import Session
from sagewatch.notebooks.track import NotebookTracker
from sagewatch.notebooks.transitions import is_other_run
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import NotebookLists, Notebooks
from sagewatch.sweeps import continue_on_error

_LISTED_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRepair:
    """Compares open sessions with what SageMaker lists."""

    lists: NotebookLists
    notebooks: Notebooks
    sessions: Sessions
    tracker: NotebookTracker
    checkpoints: Checkpoints
    unreadable: UnreadableItems
    clock: Clock

    def repair(
        self, region: str, running: Mapping[str, Notebook], report: NotebookSweepReport
    ) -> Mapping[str, Session]:
        """Repair a region's sessions by the notebooks that run there, and return the open sessions by ARN.

        Stopped notebooks are compared with a listing once a day: their volume is billed until they are deleted.
        Raises what the stores do.
        """
        sessions = self.unreadable.leave_out(self.sessions.read_region(region), report)
        readable = {arn: notebook for arn, notebook in running.items() if arn not in report.left_alone}
        without_event = [notebook for arn, notebook in readable.items() if _is_new(notebook, sessions.get(arn))]
        over = [session for arn, session in sessions.items() if session.in_service and arn not in running]
        stopped = {arn: session for arn, session in sessions.items() if not session.in_service}
        lost: list[Session] = []
        with continue_on_error(report, f"the stopped notebooks of {region}"):
            lost += self._lost(region, {arn: stopped[arn] for arn in stopped.keys() - running.keys()})
        for notebook in without_event:
            with continue_on_error(report, notebook.name):
                self._seen(notebook, report)
        for session in (*over, *lost):
            with continue_on_error(report, session.name):
                self._seen(self._as_it_stands(session), report)
        return self._open(region) if without_event or over or lost else sessions

    def _open(self, region: str) -> Mapping[str, Session]:
        return {session.arn: session for session in self.sessions.open_sessions(region)}

    def _seen(self, notebook: Notebook, report: NotebookSweepReport) -> None:
        self.tracker.observe(notebook, by=RecordedBy.SWEEP)
        report.repaired += 1

    def _lost(self, region: str, stopped: Mapping[str, Session]) -> Iterable[Session]:
        """Find sessions of stopped notebooks that are in no listing. A listing can be wrong, so each is described."""
        name, now = f"notebooks#{region}", self.clock()
        listed = self.checkpoints.read(name) if stopped else None
        if not stopped or (listed and now - listed.top < _LISTED_EVERY):
            return ()
        there = {notebook.arn for page in self.lists.of_region(region) for notebook in page}
        self.checkpoints.save(name, Checkpoint(now))
        return [session for arn, session in stopped.items() if arn not in there]

    def _as_it_stands(self, session: Session) -> Notebook:
        try:
            return self.notebooks.describe(session.name, session.region, session.account)
        except NotebookNotFoundError:
            now = self.clock()
            return Notebook(
                name=session.name,
                arn=session.arn,
                account=session.account,
                region=session.region,
                status=NotebookStatus.DELETING,
                modified_at=now,
            )


def _is_new(notebook: Notebook, session: Session | None) -> bool:
    if session is None or session.instance_type != notebook.instance_type:
        return True
    return is_other_run(notebook, session)
