"""Books the open sessions of notebooks at month ends, so that the totals of closed months do not change later."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sagewatch.clock import Clock
from sagewatch.ledger.ports import Ledger
from sagewatch.ledger.records import RecordedBy
from sagewatch.notebooks.ports import Sessions
from sagewatch.notebooks.session import End, Session, SessionEnd, close, month_start
from sagewatch.pricing.ports import Prices

# The last events of a month have arrived by then. The total of its last day is formed later: see ``rollups``.
_EVENTS_ARRIVE_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthEnds:
    """Writes the rows of open sessions for the months that are over. A session ends later without them."""

    sessions: Sessions
    ledger: Ledger
    prices: Prices
    clock: Clock

    def due(self, sessions: Mapping[str, Session]) -> list[Session]:
        """Return the sessions with a part in a month that is over and not booked."""
        over = month_start(self.clock() - _EVENTS_ARRIVE_WITHIN)
        return [session for session in sessions.values() if session.unbooked_since < over]

    def book(self, session: Session) -> Session:
        """Write a session's rows up to the end of the last month, then note it in the session. It can be repeated.

        Raises what the ports raise.
        """
        over = month_start(self.clock() - _EVENTS_ARRIVE_WITHIN)
        end, rates = End(at=over, how=SessionEnd.CONTINUED), self.prices.rates(session.scope)
        for row in close(session, end, now=self.clock(), by=RecordedBy.SWEEP, rates=rates):
            self.ledger.put(row)
        there = self.sessions.get(session.arn, session.region)  # a stop call may have been noted since it was read
        if there is None or there.since != session.since:
            return session
        booked = replace(there, booked_until=over)
        self.sessions.amend(booked)
        return booked
