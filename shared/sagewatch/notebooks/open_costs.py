"""Reads what open notebook sessions have cost so far, which no row contains yet."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from sagewatch.clock import Clock
from sagewatch.notebooks.ports import SessionReader
from sagewatch.notebooks.session import Session, accrued, whole_second
from sagewatch.pricing.job_cost import Cost
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.ports import RegionReader, watched_scopes

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SessionCost:
    """An open session, what it has cost that no row contains, and what the next hour will cost."""

    session: Session
    cost: Cost
    hourly: Cost

    @property
    def usd(self) -> Decimal:
        """What it has cost, as far as that is known."""
        return self.cost.usd or Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSessionCosts:
    """Prices the open sessions of every region in use."""

    sessions: SessionReader
    prices: Prices
    regions: RegionReader
    clock: Clock
    home_region: str

    def read(self) -> list[SessionCost]:
        """Return the cost of every open session, the most expensive first. Raises what the ports raise."""
        readings = (reading for region in self.all_regions() for reading in self._of_region(region))
        return sorted(readings, key=lambda reading: reading.usd, reverse=True)

    def all_regions(self) -> list[str]:
        """The regions in use, and the stack's own, of every account. Raises what ``Ledger.put`` does."""
        return watched_scopes(self.home_region, self.regions)

    def _of_region(self, region: str) -> Iterator[SessionCost]:
        rates, now = self.prices.rates(region), whole_second(self.clock())
        for session in self.sessions.open_sessions(region):
            hour = accrued(replace(session, since=now), now + _HOUR, rates)
            yield SessionCost(session, accrued(session, now, rates), hour)
