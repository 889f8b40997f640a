"""RefreshPrices' work: the price list into the cache, region by region."""

from collections.abc import Mapping
from dataclasses import dataclass

from sagewatch.errors import OutOfTimeError, PriceListError, SageWatchError
from sagewatch.ports import Clock, MoreTime, PriceList
from sagewatch.pricelist import read_documents
from sagewatch.stores import PriceCache, Regions


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many prices each region has now."""

    prices: Mapping[str, int]

    def answer(self) -> Mapping[str, object]:
        """The outcome as JSON, for logs and for whoever invoked the function by hand."""
        return {"effect": "refreshed", "prices": dict(self.prices)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresher:
    """Refreshes the prices of the regions in use: its own, and those jobs were seen in."""

    price_list: PriceList
    cache: PriceCache
    regions: Regions
    clock: Clock
    home_region: str

    def refresh(self, more_time: MoreTime) -> Refreshed:
        """Refresh every region, each for itself: what cannot be read keeps its prices of before.

        Raises ``PriceListError``, after all have been tried, with what was wrong in each that failed.
        """
        prices: dict[str, int] = {}
        failures: list[str] = []
        for region in sorted({self.home_region, *self.regions.in_use()}):
            try:
                if not more_time():
                    raise OutOfTimeError("no time is left in this invocation")
                prices[region] = self._refresh(region)
            except SageWatchError as exc:
                failures.append(f"{region}: {exc}")
        if failures:
            raise PriceListError("; ".join(failures))
        return Refreshed(prices)

    def _refresh(self, region: str) -> int:
        prices = list(read_documents(self.price_list.documents(region), region))
        if not prices:
            raise PriceListError("the list has no price at all")
        self.cache.keep(region, prices, self.clock())
        return len(prices)
