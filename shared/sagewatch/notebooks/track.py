"""TrackNotebook's work, which sweeps and buttons share: see how a notebook stands, and keep its sessions in order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import override

from sagewatch.clock import Clock
from sagewatch.errors import MalformedEventError, NotebookNotFoundError
from sagewatch.ledger.ports import Ledger, StaleTotals
from sagewatch.ledger.records import CostRecord, RecordedBy
from sagewatch.ledger.totals import sums_with
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import End, Session, SessionKind, close, whole_second
from sagewatch.notebooks.transitions import Change, change_of
from sagewatch.outcomes import Outcome
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.events import read_body
from sagewatch.sagemaker.notebook_models import read_notebook_event
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import Notebooks, Regions
from sagewatch.sagemaker.tags import role_owner, tagged_owner


class TrackEffect(StrEnum):
    """What became of a session or of a row of it."""

    RECORDED = "recorded"
    RECORDED_BEFORE = "recorded before"
    ENDED = "session ended"
    BEGAN = "session began"
    OVERTAKEN = "somebody else was faster"


@dataclass(frozen=True, slots=True)
class TrackOutcome(Outcome):
    """Why something was done to a notebook's sessions, and what was, in order."""

    reason: str
    effects: tuple[TrackEffect, ...] = ()

    @override
    def to_log(self) -> Mapping[str, object]:
        return {"reason": self.reason, "effects": list(self.effects)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookTracker:
    """Keeps the sessions of notebook instances. Everything it needs is given to it."""

    notebooks: Notebooks
    sessions: Sessions
    ledger: Ledger
    marks: StaleTotals
    prices: Prices
    regions: Regions
    clock: Clock
    owner_tag_keys: tuple[str, ...]
    discount_percent: Decimal

    def on_message(self, body: str) -> TrackOutcome:
        """Handle the event in a queue message. Raises what ``on_event`` does."""
        return self.on_event(read_body(body))

    def on_event(self, event: object) -> TrackOutcome:
        """Handle one EventBridge event. Raises ``MalformedEventError`` and what the ports raise."""
        told = read_notebook_event(event)
        self.regions.add(told.region)
        return self.observe(told, by=RecordedBy.EVENT)

    def observe(self, notebook: Notebook, *, by: RecordedBy, at: datetime | None = None) -> TrackOutcome:
        """Keep sessions in order with how a notebook stands now, whoever saw it. Twice the same is once.

        ``at`` is when it came to stand so, if that is not its last modification. Raises what the ports raise; what was
        not finished then, the same call finishes.
        """
        since = whole_second(at or notebook.modified_at or notebook.created_at or self.clock())
        session = self.sessions.get(notebook.arn, notebook.region)
        change = change_of(session, notebook, since, by)
        found = self._find(notebook, session, change, by)
        begun = self._session(found, session, change, since) if found else None
        effects = tuple(self._apply(session, begun, change, by))
        return TrackOutcome(f"{notebook.name}: {change.reason}", effects)

    def _find(self, told: Notebook, session: Session | None, change: Change, by: RecordedBy) -> Notebook | None:
        """Complete what was told for a session that begins; what stops has the volume and the owner it had before.

        What Describe says of its state is left to the event of that, which is on its way, and to the sweep. One that is
        gone or going was in service nevertheless, if an event says so; as stopped, nothing begins any more.
        """
        if not change.begins and not change.missed:
            return None
        if session and change.begins is SessionKind.STOPPED:
            return told
        try:
            found = told if told.volume_gb else self.notebooks.describe(told.name, told.region, told.account)
        except NotebookNotFoundError:
            return told if told.status is NotebookStatus.IN_SERVICE and by is RecordedBy.EVENT else None
        if found.status is NotebookStatus.DELETING and change.begins is SessionKind.STOPPED:
            return None
        tags = self.notebooks.tags(told.arn, told.region) if told.tags is None else told.tags
        return replace(found, tags=tags, instance_type=told.instance_type or found.instance_type)

    def _session(self, found: Notebook, before: Session | None, change: Change, since: datetime) -> Session:
        if before and change.begins is SessionKind.STOPPED:
            stopped_by = change.end.stopped_by if change.end else None
            rest = replace(before, kind=SessionKind.STOPPED, instance_type=None, since=since, stopped_by=stopped_by)
            return replace(rest, unseen=False, stop_call=None)
        in_service = change.begins is not SessionKind.STOPPED
        if in_service and found.instance_type is None:
            raise MalformedEventError(f"notebook instance {found.name}: nothing says of which type it is")
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
        """Rows come before state: a crash repeats a row that is there already, and loses none."""
        if change.missed and begun:
            yield from self._close(begun, change.missed, by)
            return
        if change.end and session:
            yield from self._close(session, change.end, by)
            if not self.sessions.end(session):
                yield TrackEffect.OVERTAKEN
                return
            yield TrackEffect.ENDED
        if begun:
            yield TrackEffect.BEGAN if self.sessions.begin(begun) else TrackEffect.OVERTAKEN

    def _close(self, session: Session, end: End, by: RecordedBy) -> Iterator[TrackEffect]:
        book = self.prices.book(session.region)
        rows = close(session, end, now=self.clock(), by=by, book=book, discount_percent=self.discount_percent)
        for row in rows:
            yield self._record(row)

    def _record(self, row: CostRecord) -> TrackEffect:
        """A row that took another's place may have taken it out of another day."""
        put = self.ledger.put(row)
        for changed in (*put.replaced, *sums_with(row)):
            self.marks.add(changed)
        return TrackEffect.RECORDED if put.written else TrackEffect.RECORDED_BEFORE
