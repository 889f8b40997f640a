"""Where prices come from and are kept, as Protocols."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from sagewatch.pricing.book import PriceBook
from sagewatch.pricing.price_list import ListedPrice


class PriceCache(Protocol):
    """The prices that were read from the list last."""

    def save(self, region: str, prices: Sequence[ListedPrice], now: datetime) -> None:
        """Keep a region's prices in place of those before. Raises what ``Ledger.put`` does."""


class PriceDates(Protocol):
    """How old the prices of the list are."""

    def refreshed_at(self, region: str) -> datetime | None:
        """When a region's prices were read last, if they ever were. Raises what ``Ledger.put`` does."""


class Prices(Protocol):
    """Where price books come from."""

    def book(self, region: str) -> PriceBook:
        """Answer with the region's book, empty for a region nothing is known of."""


class PriceList(Protocol):
    """The list AWS publishes."""

    def documents(self, region: str) -> Iterator[str]:
        """Yield a region's product documents.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``.
        """
