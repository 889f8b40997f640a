"""Decides what a reading of standing resources changes in their sessions: begin, change, end. Pure, without I/O."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sagewatch.notebooks.session import SessionEnd, whole_second
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.standing.resources import BilledPart, StandingResource
from sagewatch.standing.sessions import StandingSession, has_sessions, part_arn, session_of


@dataclass(frozen=True, slots=True)
class Begin:
    """A part bills that had no session. Its owner is still to be read."""

    resource: StandingResource
    part: BilledPart
    since: datetime
    unseen: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A part bills other quantities: one session ends, and the next one begins."""

    before: StandingSession
    after: StandingSession
    sampled: timedelta | None


@dataclass(frozen=True, slots=True)
class Finish:
    """A part bills nothing any more, or is gone. ``sampled`` is how exactly the time is known."""

    session: StandingSession
    at: datetime
    how: SessionEnd
    sampled: timedelta | None


SessionChange = Begin | Change | Finish


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionReading:
    """What a sweep read in a region. ``whole`` are the kinds that were listed: only of those is a resource gone that
    was not found, unless its name is ``unread``. ``last`` is when a sweep before read a kind without any error.
    """

    found: Sequence[StandingResource]
    whole: AbstractSet[ResourceKind]
    now: datetime
    last: Mapping[ResourceKind, datetime] = field(default_factory=dict)
    unread: AbstractSet[str] = frozenset()

    def interval(self, kind: ResourceKind) -> timedelta | None:
        """How long ago a kind was read before."""
        return self.now - self.last[kind] if kind in self.last else None

    def gone(self, session: StandingSession) -> bool:
        """Whether what was not found is deleted: its name, without those of its parts, could be read."""
        return session.kind in self.whole and self.unread.isdisjoint(session.name.split("/"))


def changes(sessions: Mapping[str, StandingSession], reading: RegionReading) -> Iterator[SessionChange]:
    """Yield what the reading changes. A part whose bill is as before changes nothing."""
    seen: set[str] = set()
    for resource in reading.found:
        for part in resource.parts if has_sessions(resource.kind) else ():
            arn = part_arn(resource, part)
            seen.add(arn)
            change = _of_part(sessions.get(arn), resource, part, reading)
            if change:
                yield change
    for arn, session in sessions.items():
        if arn not in seen and reading.gone(session):
            yield Finish(session, reading.now, SessionEnd.DELETED, reading.interval(session.kind))


def _of_part(
    session: StandingSession | None, resource: StandingResource, part: BilledPart, reading: RegionReading
) -> SessionChange | None:
    if session is None:
        return _begin(resource, part, reading) if part.bills else None
    if part.bills and _same(session, part):
        return None
    at = _within(resource.changed_at, resource.kind, reading)
    sampled = None if at else reading.interval(resource.kind)
    moment = max(whole_second(at or reading.now), session.unbooked_since)
    if not part.bills:
        return Finish(session, moment, SessionEnd.STOPPED, sampled)
    after = session_of(resource, part, None, moment, unseen=False)
    return Change(session, _owned_as(after, session), sampled)


def _begin(resource: StandingResource, part: BilledPart, reading: RegionReading) -> Begin:
    """What was created or changed since the last sweep began then; what nothing dates begins now."""
    kind = resource.kind
    created = _within(resource.since, kind, reading) or _within(resource.changed_at, kind, reading)
    return Begin(resource, part, created or reading.now, unseen=created is None)


def _within(moment: datetime | None, kind: ResourceKind, reading: RegionReading) -> datetime | None:
    last = reading.last.get(kind)
    return moment if moment and last and last <= moment <= reading.now else None


def _same(session: StandingSession, part: BilledPart) -> bool:
    return (session.lines, session.unpriced, session.covered) == (part.lines, part.unpriced, part.covered)


def _owned_as(after: StandingSession, before: StandingSession) -> StandingSession:
    return replace(
        after,
        owner=before.owner,
        owner_source=before.owner_source,
        use=before.use,
        last_use=before.last_use,
        judged_at=before.judged_at,
    )
