"""Leases and stop calls in memory: held to the same contract as the table."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import override

from sagewatch.alerts.ports import Lease
from sagewatch.idle.ports import LeaseGrant, Leases
from sagewatch.idle.state import CLAIMED_FOR
from sagewatch.notebooks.session import Session, StopCall
from sagewatch.standing.idling.ports import ResourceLeases
from tests.fakes.idle import InMemoryNotebookStates
from tests.fakes.notebooks import InMemorySessions


@dataclass
class InMemoryLeases(Leases):
    """The leases of states, and the stop calls of sessions."""

    states: InMemoryNotebookStates
    sessions: InMemorySessions

    @override
    def grant(self, arn: str, region: str, lease: Lease, now: datetime) -> LeaseGrant:
        del region
        session, before = self.sessions.kept.get(arn), self.states.leases.get(arn)
        call = session.stop_call if session else None
        if call and call.at > now - CLAIMED_FOR:
            return LeaseGrant.STOPPING
        if before and before.written_at > lease.written_at:
            return LeaseGrant.OVERTAKEN
        self.states.leases[arn] = lease
        return LeaseGrant.GRANTED

    @override
    def claim_stop(self, session: Session, call: StopCall, seen: Lease | None) -> bool:
        there = self.sessions.kept.get(session.arn)
        if there is None or there.since != session.since or self.states.leases.get(session.arn) != seen:
            return False
        claimed = there.stop_call
        if claimed and claimed.by != call.by and claimed.at > call.at - CLAIMED_FOR:
            return False
        self.sessions.kept[session.arn] = replace(session, stop_call=call)
        return True


@dataclass
class InMemoryResourceLeases(ResourceLeases):
    """The leases of states, and who is ending what."""

    states: InMemoryNotebookStates
    claims: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    @override
    def grant(self, arn: str, region: str, lease: Lease, now: datetime) -> LeaseGrant:
        del region
        claimed, before = self.claims.get(arn), self.states.leases.get(arn)
        if claimed and claimed[1] > now - CLAIMED_FOR:
            return LeaseGrant.STOPPING
        if before and before.written_at > lease.written_at:
            return LeaseGrant.OVERTAKEN
        self.states.leases[arn] = lease
        return LeaseGrant.GRANTED

    @override
    def claim(self, arn: str, region: str, by: str, now: datetime, seen: Lease | None) -> bool:
        del region
        claimed = self.claims.get(arn)
        if self.states.leases.get(arn) != seen:
            return False
        if claimed and claimed[0] != by and claimed[1] > now - CLAIMED_FOR:
            return False
        self.claims[arn] = (by, now)
        return True

    @override
    def release(self, arn: str, region: str, by: str) -> None:
        del region
        if arn in self.claims and self.claims[arn][0] == by:
            del self.claims[arn]
