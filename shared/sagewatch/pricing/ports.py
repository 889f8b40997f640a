"""Define the ports of pricing: the sources of prices and their cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sagewatch.pricing.book import PriceBook, Rates
    from sagewatch.pricing.price_list import ListedPrice
    from sagewatch.sagemaker.scopes import Scope


class PriceCache(Protocol):
    """Caches the prices last read from the AWS Price List."""

    def save(self, region: str, prices: Sequence[ListedPrice], now: datetime) -> None:
        """Replace a region's cached prices. Raises what ``Ledger.put`` does."""


class PriceDates(Protocol):
    """Reads the age of the cached prices."""

    def refreshed_at(self, region: str) -> datetime | None:
        """Return when a region's prices were last read, if ever. Raises what ``Ledger.put`` does."""


class PriceBooks(Protocol):
    """Reads list prices."""

    def book(self, region: str) -> PriceBook:
        """Return the region's book, empty if the region has no known prices."""


class Prices(Protocol):
    """Reads what the account pays: list prices and its discount."""

    def rates(self, scope: Scope) -> Rates:
        """Return the rates of a region, with an empty book if the region has no known prices.

        Raises what ``Ledger.put`` does.
        """


class PriceList(Protocol):
    """Reads the AWS Price List."""

    def documents(self, region: str) -> Iterator[str]:
        """Yield a region's product documents.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """
