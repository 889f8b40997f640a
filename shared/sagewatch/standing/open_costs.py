"""Reads what open sessions of standing resources cost: an hour of each, and what no row contains yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sagewatch.clock import Clock
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.ports import RegionReader, watched_regions
from sagewatch.standing.hourly import HourlyPrice
from sagewatch.standing.ports import StandingSessionReader
from sagewatch.standing.sessions import StandingSession, accrued, hourly


@dataclass(frozen=True, slots=True)
class StandingCost:
    """An open session, the price of its next hour, and what it has cost that is in no row; ``None`` is not known."""

    session: StandingSession
    hourly: HourlyPrice
    so_far: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCosts:
    """Prices the open sessions of every region in use, in the stack's own account. It needs no call to SageMaker."""

    sessions: StandingSessionReader
    prices: Prices
    regions: RegionReader
    clock: Clock
    home_region: str

    def read(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[StandingCost]:
        """Yield every open session. ``since`` and ``until`` bound what it has cost. Raises what the ports raise."""
        now = self.clock()
        for scope in watched_regions(self.home_region, self.regions):
            rates = self.prices.rates(scope)
            for session in self.sessions.of_scope(scope):
                so_far = accrued(session, until or now, rates, since)
                yield StandingCost(session, hourly(session, rates, now), so_far)
