"""Repairs sessions whose events were lost: ends those of deleted or stopped notebooks, begins those of running ones."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sagewatch.at_once import AT_ONCE, in_order
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
    at_once: int = AT_ONCE

    def repair(
        self, region: str, running: Mapping[str, Notebook], report: NotebookSweepReport, more: Callable[[], bool]
    ) -> tuple[Mapping[str, Session], Mapping[str, Notebook]]:
        """Repair a region's sessions by the notebooks that run there, for as long as there is ``more`` time.

        Return the open sessions by ARN, and the notebooks whose sessions began now, as they were described for that.
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
        for session, ended in in_order(self._end, (*over, *lost), self.at_once, more):
            with continue_on_error(report, session.name):
                ended()
                report.repaired += 1
        seen = self._begin_all(without_event, sessions, report, more)
        return self._open(region) if without_event or over or lost else sessions, seen

    def _open(self, region: str) -> Mapping[str, Session]:
        return {session.arn: session for session in self.sessions.open_sessions(region)}

    def _end(self, session: Session) -> None:
        self.tracker.observe(self._as_it_stands(session), by=RecordedBy.SWEEP)

    def _begin_all(
        self,
        running: Sequence[Notebook],
        sessions: Mapping[str, Session],
        report: NotebookSweepReport,
        more: Callable[[], bool],
    ) -> Mapping[str, Notebook]:
        """Begin the sessions of running notebooks, several at a time. The next sweep begins the rest."""
        seen: dict[str, Notebook] = {}
        report.carried_over += len(running)
        for notebook, begun in in_order(
            lambda notebook: self._begin(notebook, sessions.get(notebook.arn)), running, self.at_once, more
        ):
            report.carried_over -= 1
            with continue_on_error(report, notebook.name):
                if found := begun():
                    seen[notebook.arn] = found
                report.repaired += 1
        return seen

    def _begin(self, listed: Notebook, session: Session | None) -> Notebook | None:
        """Record the run that was listed. Return the notebook as it is described now.

        Its own tags are read: they name the owner of the session and of all its rows.
        """
        try:
            described = self.notebooks.describe(listed.name, listed.region, listed.account)
        except NotebookNotFoundError:
            return None
        found = replace(described, tags=self.notebooks.tags(listed.arn, listed.scope))
        runs = replace(found, status=listed.status, modified_at=listed.modified_at, instance_type=listed.instance_type)
        if session:
            self.tracker.observe(runs, by=RecordedBy.SWEEP)
        else:
            self.tracker.begin(runs, by=RecordedBy.SWEEP)
        return found

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


def agreeing(sessions: Mapping[str, Session], running: Mapping[str, Notebook]) -> Mapping[str, Session]:
    """Return the sessions whose notebooks run, or do not run, as the sessions say."""
    return {
        arn: session
        for arn, session in sessions.items()
        if (not _is_new(running[arn], session) if arn in running else not session.in_service)
    }


def _is_new(notebook: Notebook, session: Session | None) -> bool:
    if session is None or session.instance_type != notebook.instance_type:
        return True
    return is_other_run(notebook, session)
