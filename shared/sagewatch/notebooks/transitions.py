"""Decides what a notebook's reported state changes in its sessions, whatever the order of reports. No I/O."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from sagewatch.ledger.records import RecordedBy
from sagewatch.notebooks.session import End, Session, SessionEnd, SessionKind, StopCall, whole_second
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus

SOMEBODY = "somebody"
_LATE = "no event reported when its stop began; billed until it was stopped"
_RESTARTED = "no event reported its stop; billed until the restart"
_DELETED = "no event reported its stop; billed until its deletion"
_MISSED = "no event reported its deletion; billed until a sweep missed it"
_SWAPPED = "the event of its start came after that of its stop"
_SAME_RUN = timedelta(minutes=5)
_STOP_TAKES = timedelta(minutes=15)  # a notebook takes minutes to stop; what happens later was not our call


@dataclass(frozen=True, slots=True)
class Change:
    """What to change, and the reason in one sentence.

    ``end`` closes the open session, and ``begins`` opens the next one. ``missed`` is the end of a session in service
    that no earlier event reported; it began with the reported state.
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


def change_of(session: Session | None, reported: Notebook, at: datetime, by: RecordedBy) -> Change:
    """Decide what a notebook's state at that time does to its open session. Repeating a report changes nothing."""
    call = _stop_call(session, at)
    change = _after_booked(session, _change(session, reported, at, by, call.by if call else SOMEBODY))
    if change.end and call and change.end.stopped_by == call.by:
        return replace(change, end=replace(change.end, idle_since=call.idle_since))
    return change


def _change(session: Session | None, reported: Notebook, at: datetime, by: RecordedBy, stopped_by: str) -> Change:
    if session and at < session.since:
        return _older(session, reported)
    match reported.status:
        case NotebookStatus.IN_SERVICE:
            return _in_service(session, reported, at, stopped_by)
        case NotebookStatus.STOPPING | NotebookStatus.STOPPED | NotebookStatus.FAILED | NotebookStatus.PENDING:
            return _out_of_service(session, reported, at, stopped_by)
        case NotebookStatus.DELETING:
            return _deleted(session, at, by, stopped_by)
        case NotebookStatus.UPDATING:  # only what is stopped can be updated, and its volume is billed all along
            return Change("it is being updated: nothing ends, nothing begins")
        case NotebookStatus.PENDING_MAINTENANCE | NotebookStatus.IN_MAINTENANCE | NotebookStatus.UNKNOWN:
            return Change("its status does not say whether it runs: nothing ends, nothing begins")
        case _:
            assert_never(reported.status)


def _stop_call(session: Session | None, at: datetime) -> StopCall | None:
    """Return our own stop call, if it can have caused this stop."""
    call = session.stop_call if session else None
    return call if call and whole_second(call.at) <= at <= call.at + _STOP_TAKES else None


def _after_booked(session: Session | None, change: Change) -> Change:
    """Let an end that is reported after its month was booked count from then on: the month does not change."""
    if session is None or change.end is None or change.end.at >= session.unbooked_since:
        return change
    return replace(change, end=replace(change.end, at=session.unbooked_since))


def _older(session: Session, reported: Notebook) -> Change:
    if reported.status is NotebookStatus.IN_SERVICE and session.unseen and not session.in_service:
        missed = End(at=session.since, stopped_by=SOMEBODY, doubt=_SWAPPED)
        return Change("it was in service before the stop that was reported first", missed=missed)
    return Change("it is older than the recorded state")


def _in_service(session: Session | None, reported: Notebook, at: datetime, stopped_by: str) -> Change:
    if session is None:
        return Change("it is in service", begins=SessionKind.IN_SERVICE)
    if not session.in_service:
        return Change("it is in service again", end=End(at=at, how=SessionEnd.CONTINUED), begins=SessionKind.IN_SERVICE)
    end = End(at=at, stopped_by=stopped_by, doubt=_RESTARTED)
    if reported.instance_type not in {None, session.instance_type}:
        return Change(f"it is in service as {reported.instance_type} now", end=end, begins=SessionKind.IN_SERVICE)
    if not is_other_run(replace(reported, modified_at=at), session):
        return Change("it is still in service")
    return Change("it was stopped and started again", end=end, begins=SessionKind.IN_SERVICE)


def _out_of_service(session: Session | None, reported: Notebook, at: datetime, stopped_by: str) -> Change:
    """End the session in service. AWS bills until the StopNotebookInstance call, when the status turns Stopping."""
    pending = reported.status is NotebookStatus.PENDING
    if session is None:
        return Change(f"it is {reported.status}", begins=None if pending else SessionKind.STOPPED)
    if not session.in_service and reported.volume_gb not in {None, session.volume_gb}:
        resized = f"its volume has {reported.volume_gb} GB now"
        return Change(resized, end=End(at=at, how=SessionEnd.CONTINUED), begins=SessionKind.STOPPED)
    if not session.in_service:
        return Change(f"it is {reported.status}: it was out of service before")
    failed = reported.status is NotebookStatus.FAILED
    doubt = {NotebookStatus.STOPPED: _LATE, NotebookStatus.PENDING: _RESTARTED}.get(reported.status)
    end = End(
        at=at,
        how=SessionEnd.FAILED if failed else SessionEnd.STOPPED,
        stopped_by=None if failed else stopped_by,
        failure_reason=reported.failure_reason if failed else None,
        doubt=doubt,
    )
    return Change(f"it is {reported.status}: its instance is not billed any more", end=end, begins=SessionKind.STOPPED)


def _deleted(session: Session | None, at: datetime, by: RecordedBy, stopped_by: str) -> Change:
    """End the open session. Only a stopped notebook can be deleted, so one in service was stopped before."""
    if session is None:
        return Change("it is being deleted: nothing of it was open")
    doubt = _MISSED if by is RecordedBy.SWEEP else _DELETED if session.in_service else None
    stopper = stopped_by if session.in_service else None
    return Change("it is being deleted", end=End(at=at, how=SessionEnd.DELETED, stopped_by=stopper, doubt=doubt))
