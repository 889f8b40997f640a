"""Opens and closes the sessions of notebooks from what events, sweeps and buttons report, and writes their rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import override

from sagewatch.clock import Clock
from sagewatch.errors import MalformedEventError, NotebookNotFoundError
from sagewatch.ledger.ports import Ledger
from sagewatch.ledger.records import RecordedBy
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import End, Session, SessionKind, close, whole_second
from sagewatch.notebooks.transitions import Change, change_of
from sagewatch.outcomes import Outcome
from sagewatch.owners.owner import role_owner, tagged_owner
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.events import read_body
from sagewatch.sagemaker.notebook_models import read_notebook_event
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import Notebooks, Regions
from sagewatch.sagemaker.resources import refuse_impossible_times
from sagewatch.sagemaker.scopes import EVERY_ACCOUNT, WatchedAccounts


class TrackEffect(StrEnum):
    """What happened to a session or to one of its rows."""

    RECORDED = "recorded"
    RECORDED_BEFORE = "recorded before"
    ENDED = "session ended"
    BEGAN = "session began"
    OVERTAKEN = "another invocation was faster"


@dataclass(frozen=True, slots=True)
class TrackOutcome(Outcome):
    """What happened to a notebook's sessions, in order, and the reason."""

    reason: str
    effects: tuple[TrackEffect, ...] = ()

    @override
    def to_log(self) -> Mapping[str, object]:
        return {"reason": self.reason, "effects": list(self.effects)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookTracker:
    """Opens and closes the sessions of notebook instances."""

    notebooks: Notebooks
    sessions: Sessions
    ledger: Ledger
    prices: Prices
    regions: Regions
    clock: Clock
    owner_tag_keys: tuple[str, ...]
    watched: WatchedAccounts = EVERY_ACCOUNT

    def on_message(self, body: str) -> TrackOutcome:
        """Handle the event in a queue message. Raises what ``on_event`` does."""
        return self.on_event(read_body(body))

    def on_event(self, event: object) -> TrackOutcome:
        """Handle one EventBridge event.

        Raises ``MalformedEventError``, ``ForeignAccountError``, and what the ports raise.
        """
        reported = read_notebook_event(event)
        self.watched.check(reported.account)
        outcome = self.observe(reported, by=RecordedBy.EVENT)
        self.regions.add(reported.scope)
        return outcome

    def observe(
        self, notebook: Notebook, *, by: RecordedBy, at: datetime | None = None, session: Session | None = None
    ) -> TrackOutcome:
        """Bring a notebook's sessions up to date with its reported state. Repeating a report changes nothing.

        ``at`` is when the notebook entered that state, if not at its last modification. ``session`` is its open one, if
        it has just been written: one that has changed since then stays. Raises what the ports raise; the same call then
        finishes the rest.
        """
        return self._observe(notebook, session or self.sessions.get(notebook.arn, notebook.region), by, at)

    def begin(self, notebook: Notebook, *, by: RecordedBy) -> TrackOutcome:
        """Observe a notebook that has no open session, as was read before: a session that began since then stays."""
        return self._observe(notebook, None, by, None)

    def _observe(
        self, notebook: Notebook, session: Session | None, by: RecordedBy, at: datetime | None
    ) -> TrackOutcome:
        moments = {"the creation time": notebook.created_at, "the last change": notebook.modified_at}
        refuse_impossible_times(f"notebook instance {notebook.name}", moments, self.clock())
        since = whole_second(at or notebook.modified_at or notebook.created_at or self.clock())
        notebook = self._with_volume(session, notebook) if by is RecordedBy.EVENT else notebook
        change = change_of(session, notebook, since, by)
        found = self._find(notebook, session, change, by)
        began_at = change.end.at if change.end else since
        begun = self._session(found, session, change, began_at) if found else None
        effects = tuple(self._apply(session, begun, change, by))
        return TrackOutcome(f"{notebook.name}: {change.reason}", effects)

    def _with_volume(self, session: Session | None, reported: Notebook) -> Notebook:
        """Ask for the volume of a notebook that reports to be stopped once more: an update may have resized it."""
        again = session is not None and not session.in_service and reported.status is NotebookStatus.STOPPED
        if not again or reported.volume_gb:
            return reported
        try:
            found = self.notebooks.describe(reported.name, reported.region, reported.account)
        except NotebookNotFoundError:
            return reported
        return replace(reported, volume_gb=found.volume_gb)

    def _find(self, reported: Notebook, session: Session | None, change: Change, by: RecordedBy) -> Notebook | None:
        """Describe the notebook of a session that begins. A stopped session keeps the volume and owner it had before.

        The state that Describe reports is ignored: its own event is on its way, and the sweep sees it too. If the
        notebook is gone or being deleted, an event still proves that it was in service, but no stopped session begins.
        """
        if not change.begins and not change.missed:
            return None
        if session and change.begins is SessionKind.STOPPED:
            return reported
        try:
            found = (
                reported
                if reported.volume_gb
                else self.notebooks.describe(reported.name, reported.region, reported.account)
            )
        except NotebookNotFoundError:
            return reported if reported.status is NotebookStatus.IN_SERVICE and by is RecordedBy.EVENT else None
        if found.status is NotebookStatus.DELETING and change.begins is SessionKind.STOPPED:
            return None
        tags = self.notebooks.tags(reported.arn, reported.scope) if reported.tags is None else reported.tags
        return replace(found, tags=tags, instance_type=reported.instance_type or found.instance_type)

    def _session(self, found: Notebook, before: Session | None, change: Change, since: datetime) -> Session:
        if before and change.begins is SessionKind.STOPPED:
            stopped_by = change.end.stopped_by if change.end else None
            rest = replace(before, kind=SessionKind.STOPPED, instance_type=None, since=since, stopped_by=stopped_by)
            volume_gb = found.volume_gb or before.volume_gb
            return replace(rest, unseen=False, stop_call=None, booked_until=None, volume_gb=volume_gb)
        in_service = change.begins is not SessionKind.STOPPED
        if in_service and found.instance_type is None:
            raise MalformedEventError(f"notebook instance {found.name}: neither the event nor Describe names its type")
        owner = tagged_owner(found.tags, self.owner_tag_keys) or role_owner(found.role_arn)
        return Session(
            arn=found.arn,
            name=found.name,
            account=found.account,
            region=found.region,
            owner=owner.name if owner else None,
            owner_source=owner.source if owner else None,
            kind=SessionKind.IN_SERVICE if in_service else SessionKind.STOPPED,
            instance_type=found.instance_type if in_service else None,
            volume_gb=found.volume_gb,
            since=since,
            unseen=before is None and not in_service,
        )

    def _apply(
        self, session: Session | None, begun: Session | None, change: Change, by: RecordedBy
    ) -> Iterator[TrackEffect]:
        """Write rows before state. After a crash a row is written twice with the same content, and none is lost."""
        if change.missed and begun:
            yield from self._close(begun, change.missed, by)
            return
        if change.end and session:
            yield from self._close(session, change.end, by)
            done = self.sessions.succeed(session, begun) if begun else self.sessions.end(session)
            if not done:
                yield TrackEffect.OVERTAKEN
                return
            yield from (TrackEffect.ENDED, *([TrackEffect.BEGAN] if begun else []))
        elif begun:
            yield TrackEffect.BEGAN if self.sessions.begin(begun) else TrackEffect.OVERTAKEN

    def _close(self, session: Session, end: End, by: RecordedBy) -> Iterator[TrackEffect]:
        rows = close(session, end, now=self.clock(), by=by, rates=self.prices.rates(session.scope))
        for row in rows:
            yield TrackEffect.RECORDED if self.ledger.put(row) else TrackEffect.RECORDED_BEFORE
