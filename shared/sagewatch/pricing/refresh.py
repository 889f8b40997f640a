"""Copies the AWS Price List into the cache, region by region."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import override

from sagewatch.clock import Clock, TimeBudget
from sagewatch.errors import OutOfTimeError, PriceListError, RefreshIncompleteError, SageWatchError
from sagewatch.outcomes import EmfMetric, Outcome
from sagewatch.pricing.ports import PriceCache, PriceDates, PriceList
from sagewatch.pricing.price_list import read_documents
from sagewatch.sagemaker.ports import RegionReader, priced_regions
from sagewatch.sweeps import first_few

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PriceRefreshReport(Outcome):
    """How many prices each region has that was refreshed, and the age of the oldest of all: none if one has none."""

    prices: Mapping[str, int]
    oldest: timedelta | None = None

    @override
    def to_log(self) -> Mapping[str, object]:
        return {"effect": "refreshed", "prices": dict(self.prices)}

    @override
    def metrics(self, sent_at: datetime | None = None) -> Mapping[EmfMetric, float]:
        del sent_at
        return {} if self.oldest is None else {EmfMetric.PRICES_AGE: self.oldest.total_seconds()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRefresh:
    """Refreshes the prices of the regions in use: its own, and those jobs were seen in."""

    price_list: PriceList
    cache: PriceCache
    dates: PriceDates
    regions: RegionReader
    clock: Clock
    home_region: str

    def refresh(self, more_time: TimeBudget) -> PriceRefreshReport:
        """Refresh every region, each for itself: what cannot be read keeps its prices of before.

        Raises ``RefreshIncompleteError``, after all have been tried, with what was wrong in each that failed.
        """
        prices: dict[str, int] = {}
        failures: list[str] = []
        regions = self._oldest_first(priced_regions(self.home_region, self.regions))
        for region in regions:
            try:
                if not more_time():
                    raise OutOfTimeError("no time is left in this invocation")
                prices[region] = self._refresh(region, failures)
            except SageWatchError as exc:
                failures.append(f"{region}: {exc}")
        try:
            refreshed = PriceRefreshReport(prices, self._oldest(regions))
        except SageWatchError as exc:
            refreshed = PriceRefreshReport(prices)
            failures.append(f"how old the prices are: {exc}")
        if failures:
            raise RefreshIncompleteError("; ".join(failures), outcome=refreshed)
        return refreshed

    def _oldest_first(self, regions: Collection[str]) -> list[str]:
        """Order the regions by the age of their prices, so that each gets its turn when time is short."""
        try:
            dates = {region: self.dates.refreshed_at(region) for region in regions}
        except SageWatchError:  # the refresh itself does not need them
            return sorted(regions)
        return sorted(regions, key=lambda region: (dates[region] or _NEVER, region))

    def _oldest(self, regions: Collection[str]) -> timedelta | None:
        dates = [self.dates.refreshed_at(region) for region in regions]
        known = [date for date in dates if date]
        return max(timedelta(0), self.clock() - min(known)) if len(known) == len(dates) else None

    def _refresh(self, region: str, failures: list[str]) -> int:
        listing = read_documents(self.price_list.documents(region), region)
        if not listing.prices:
            raise PriceListError("; ".join(first_few(listing.problems)) or "the list has no price at all")
        self.cache.save(region, listing.prices, self.clock())
        failures.extend(f"{region}: {problem}" for problem in first_few(listing.problems))
        return len(listing.prices)
