"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sagewatch.pricing.book import EMPTY_BOOK, PriceBook


@dataclass
class InMemoryPrices:
    """The ``Prices`` port on a dictionary."""

    books: Mapping[str, PriceBook] = field(default_factory=dict)

    def book(self, region: str) -> PriceBook:
        """See ``Prices.book``."""
        return self.books.get(region, EMPTY_BOOK)


@dataclass
class InMemoryPriceDates:
    """The ``PriceDates`` port on a dictionary."""

    dates: dict[str, datetime] = field(default_factory=dict)

    def refreshed_at(self, region: str) -> datetime | None:
        """See ``PriceDates.refreshed_at``."""
        return self.dates.get(region)
