"""What follows for a notebook's sessions from how it stands: a pure decision, whoever saw it and in whatever order."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from sagewatch.ledger.records import RecordedBy
from sagewatch.notebooks.session import End, Session, SessionEnd, SessionKind, StopCall, whole_second
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus

SOMEBODY = "somebody"
_LATE = "only its having stopped was told, not the stop; billed until then"
_RESTARTED = "its stop was not told; billed until the restart"
_DELETED = "its stop was not told; billed until its deletion"
_MISSED = "its deletion was not told; billed until it was missed"
_SWAPPED = "its start was told after its stop"
_SAME_RUN = timedelta(minutes=5)
_HEARD = timedelta(minutes=15)  # a notebook takes minutes to stop; what happens later was not our call


@dataclass(frozen=True, slots=True)
class Change:
    """What is wanted, and the one sentence that says why.

    ``end`` is that of the open session, after which one of ``begins`` is opened. ``missed`` is the end of a session in
    service that is over and was not known: it began with what was told.
    """

    reason: str
    end: End | None = None
    begins: SessionKind | None = None
    missed: End | None = None


def is_other_run(notebook: Notebook, session: Session) -> bool:
    """Whether a notebook in service was created or started after its recorded session began.

    A stop and a start take minutes and both move ``LastModifiedTime``, so a few minutes of difference are the same run.
    """
    times = (notebook.created_at, notebook.modified_at)
    return any(time is not None and time > session.since + _SAME_RUN for time in times)


def change_of(session: Session | None, told: Notebook, at: datetime, by: RecordedBy) -> Change:
    """Decide what a notebook's state at that time does to its open session. Total, and twice the same is once."""
    call = _stop_call(session, at)
    change = _change(session, told, at, by, call.by if call else SOMEBODY)
    if change.end and call and change.end.stopped_by == call.by:
        return replace(change, end=replace(change.end, idle_since=call.idle_since))
    return change


def _change(session: Session | None, told: Notebook, at: datetime, by: RecordedBy, stopped_by: str) -> Change:
    if session and at < session.since:
        return _older(session, told)
    match told.status:
        case NotebookStatus.IN_SERVICE:
            return _in_service(session, told, at, stopped_by)
        case NotebookStatus.STOPPING | NotebookStatus.STOPPED | NotebookStatus.FAILED | NotebookStatus.PENDING:
            return _out_of_service(session, told, at, stopped_by)
        case NotebookStatus.DELETING:
            return _deleted(session, at, by, stopped_by)
        case NotebookStatus.UPDATING:  # only what is stopped can be updated, and its volume is billed all along
            return Change("it is being updated: nothing ends, nothing begins")
        case NotebookStatus.PENDING_MAINTENANCE | NotebookStatus.IN_MAINTENANCE | NotebookStatus.UNKNOWN:
            return Change("its status does not say whether it runs: nothing ends, nothing begins")
        case _:
            assert_never(told.status)


def _stop_call(session: Session | None, at: datetime) -> StopCall | None:
    """Our call for a stop, if one was about to be made that can have been it."""
    call = session.stop_call if session else None
    return call if call and whole_second(call.at) <= at <= call.at + _HEARD else None


def _older(session: Session, told: Notebook) -> Change:
    if told.status is NotebookStatus.IN_SERVICE and session.unseen and not session.in_service:
        missed = End(at=session.since, stopped_by=SOMEBODY, doubt=_SWAPPED)
        return Change("it was in service before the stop that was told first", missed=missed)
    return Change("it is older than what is known")


def _in_service(session: Session | None, told: Notebook, at: datetime, stopped_by: str) -> Change:
    if session is None:
        return Change("it is in service", begins=SessionKind.IN_SERVICE)
    if not session.in_service:
        return Change("it is in service again", end=End(at=at, how=SessionEnd.CONTINUED), begins=SessionKind.IN_SERVICE)
    end = End(at=at, stopped_by=stopped_by, doubt=_RESTARTED)
    if told.instance_type not in {None, session.instance_type}:
        return Change(f"it is in service as {told.instance_type} now", end=end, begins=SessionKind.IN_SERVICE)
    if not is_other_run(replace(told, modified_at=at), session):
        return Change("it is still in service")
    return Change("it was stopped and started again", end=end, begins=SessionKind.IN_SERVICE)


def _out_of_service(session: Session | None, told: Notebook, at: datetime, stopped_by: str) -> Change:
    """AWS stops charging for the instance at the StopNotebookInstance call, which is when it begins to be Stopping."""
    pending = told.status is NotebookStatus.PENDING
    if session is None:
        return Change(f"it is {told.status}", begins=None if pending else SessionKind.STOPPED)
    if not session.in_service:
        return Change(f"it is {told.status}: it was out of service before")
    failed = told.status is NotebookStatus.FAILED
    doubt = {NotebookStatus.STOPPED: _LATE, NotebookStatus.PENDING: _RESTARTED}.get(told.status)
    end = End(
        at=at,
        how=SessionEnd.FAILED if failed else SessionEnd.STOPPED,
        stopped_by=None if failed else stopped_by,
        failure_reason=told.failure_reason if failed else None,
        doubt=doubt,
    )
    return Change(f"it is {told.status}: its instance is not billed any more", end=end, begins=SessionKind.STOPPED)


def _deleted(session: Session | None, at: datetime, by: RecordedBy, stopped_by: str) -> Change:
    """Only what is stopped can be deleted, so one in service was stopped before."""
    if session is None:
        return Change("it is being deleted: nothing of it was open")
    doubt = _MISSED if by is RecordedBy.SWEEP else _DELETED if session.in_service else None
    stopper = stopped_by if session.in_service else None
    return Change("it is being deleted", end=End(at=at, how=SessionEnd.DELETED, stopped_by=stopper, doubt=doubt))
