"""The ports in memory, for tests and for dry runs: real implementations, held to the same contract as the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import override

from sagewatch.pricing.book import EMPTY_BOOK, PriceBook, Rates
from sagewatch.pricing.ports import PriceBooks, PriceDates, Prices
from sagewatch.sagemaker.scopes import Scope, region_of


@dataclass
class InMemoryPrices(PriceBooks, Prices):
    """Price books in a dictionary, without a discount."""

    books: Mapping[str, PriceBook] = field(default_factory=dict)

    @override
    def book(self, region: str) -> PriceBook:
        return self.books.get(region, EMPTY_BOOK)

    @override
    def rates(self, scope: Scope) -> Rates:
        return Rates(self.book(region_of(scope)), Decimal(0))


@dataclass
class InMemoryPriceDates(PriceDates):
    """The ``PriceDates`` port on a dictionary."""

    dates: dict[str, datetime] = field(default_factory=dict)

    @override
    def refreshed_at(self, region: str) -> datetime | None:
        return self.dates.get(region)
