"""Live prices in WatchState: one item per region and component, and one per region that is in use."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import query, readable, to_item
from sagewatch.clock import Clock, iso
from sagewatch.errors import UnreadableError
from sagewatch.pricing.book import EMPTY_BOOK, STALE_AFTER, Price, PriceBook, Rates
from sagewatch.pricing.ports import PriceBooks, PriceCache, PriceDates, Prices
from sagewatch.sagemaker.scopes import Scope, account_in, region_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from sagewatch.pricing.price_list import ListedPrice


# Prices that could not be refreshed for long are still better than none.
_KEPT_FOR = timedelta(days=400)
_READ_EVERY = timedelta(hours=1)


class DynamoPriceCache(PriceCache):
    """The ``PriceCache`` port."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def save(self, region: str, prices: Sequence["ListedPrice"], now: datetime) -> None:
        for component, item in _items(prices).items():
            key = {"pk": f"prices#{region}", "sk": component, "expires_at": _expiry(now)}
            with translated("dynamodb:PutItem on the prices"):
                self._client.put_item(TableName=self._state, Item=to_item({**key, **item, "fetched_at": iso(now)}))


class DynamoPrices(Prices):
    """The ``Prices`` port: live prices first, another source's where there are none. A region is read once an hour.

    ``account_discounts`` has the discount of the stack's own account under an empty name.
    """

    PERMISSIONS: ClassVar = ("dynamodb:Query",)

    def __init__(  # noqa: PLR0913 - what prices come from, and what is deducted
        self,
        client: "DynamoDBClient",
        state: str,
        *,
        otherwise: PriceBooks,
        discount_percent: Decimal,
        clock: Clock,
        account_discounts: Mapping[str, Decimal] | None = None,
    ) -> None:
        self._client = client
        self._state = state
        self._otherwise = otherwise
        self._discount_percent = discount_percent
        self._account_discounts = account_discounts or {}
        self._clock = clock
        self._books: dict[str, tuple[PriceBook, datetime]] = {}

    @override
    def rates(self, scope: Scope) -> Rates:
        discount = self._account_discounts.get(account_in(scope) or "", self._discount_percent)
        return Rates(self._book(region_of(scope)), discount)

    def _book(self, region: str) -> PriceBook:
        now = self._clock()
        book, read_at = self._books.get(region, (EMPTY_BOOK, None))
        if read_at is None or now - read_at >= _READ_EVERY:
            book = self._read(region, now).over(self._otherwise.book(region))
            self._books[region] = (book, now)
        return book

    def _read(self, region: str, now: datetime) -> PriceBook:
        """Read item by item: what cannot be read falls back on the other source."""
        items = query(self._client, self._state, f"prices#{region}")
        parts = list(readable(items, lambda item: (item["sk"], _hourly(item, region, now), _volume(item, region, now))))
        return PriceBook(
            hourly={name: hourly for name, hourly, _ in parts},
            volumes={name: volume for name, _, volume in parts if volume},
        )


class DynamoPriceDates(PriceDates):
    """The ``PriceDates`` port. One run writes all components of a region, and none that the list no longer has."""

    PERMISSIONS: ClassVar = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def refreshed_at(self, region: str) -> datetime | None:
        items = query(self._client, self._state, f"prices#{region}")
        return max(readable(items, lambda item: _utc(item["fetched_at"])), default=None)


def _items(prices: Sequence["ListedPrice"]) -> Mapping[str, dict[str, Any]]:
    items: dict[str, dict[str, Any]] = defaultdict(lambda: {"hourly": {}})
    for price in prices:
        item = items[price.component]
        item["published"] = price.published
        if price.instance_type is None:
            item["gb_month"] = price.usd
        else:
            item["hourly"][price.instance_type] = price.usd
    return items


def _hourly(item: Mapping[str, Any], region: str, now: datetime) -> Mapping[str, Price]:
    return {name: _price(item, usd, region, now) for name, usd in item["hourly"].items()}


def _volume(item: Mapping[str, Any], region: str, now: datetime) -> Price | None:
    return _price(item, item["gb_month"], region, now) if "gb_month" in item else None


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise UnreadableError(f"{text!r} has no time zone")
    return moment


def _price(item: Mapping[str, Any], usd: object, region: str, now: datetime) -> Price:
    if not isinstance(usd, Decimal) or not usd.is_finite() or usd <= 0:
        raise UnreadableError("a price is no amount above 0")
    stale = now - _utc(item["fetched_at"]) > STALE_AFTER
    source = f"Price List, stale since {item['fetched_at'][:10]}," if stale else "Price List"
    return Price(usd, item["sk"], region, item["published"][:10], source)


def _expiry(now: datetime) -> int:
    return int((now + _KEPT_FOR).timestamp())
