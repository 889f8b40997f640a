"""Live prices: from the Price List's documents through the cache into the book a job is priced from.

The Price List differs from the local one in its thousands of other rows, and in that it throttles.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from flask import Flask, Response

from local.sagemaker.price_list import pricing_app
from sagewatch.adapters.dynamodb.prices import DynamoPriceCache, DynamoPriceDates, DynamoPrices
from sagewatch.adapters.price_list import AwsPriceList
from sagewatch.clock import Clock
from sagewatch.errors import AccessDeniedError, RefreshIncompleteError, UnavailableError
from sagewatch.outcomes import EmfMetric
from sagewatch.pricing.ports import PriceBooks, PriceDates, PriceList
from sagewatch.pricing.price_list import ListedPrice, read_documents
from sagewatch.pricing.refresh import PriceRefresh, PriceRefreshReport
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.wiring.prices import make_prices
from tests.fakes.pricing import InMemoryPriceDates, InMemoryPrices
from tests.fakes.sagemaker import InMemoryRegions
from tests.unit.pricing.test_price_list import a_document
from tests.worlds.aws import Aws
from tests.worlds.builders import BOOK, NOW, enough_for, no_time_limit, timeless
from tests.worlds.servers import serving


class Lists:
    """A price list with prepared answers."""

    def __init__(self, **documents: list[str]) -> None:
        """Documents by region, with underscores for dashes."""
        self.by_region = {name.replace("_", "-"): texts for name, texts in documents.items()}

    def documents(self, region: str) -> Iterator[str]:
        """Yield a region's documents; a region without any gives no answer."""
        if region not in self.by_region:
            raise UnavailableError(f"pricing:GetProducts for {region}: EndpointConnectionError")
        yield from self.by_region[region]


def price_list(url: str) -> AwsPriceList:
    """The real client on a server."""
    client: Any = boto3.client(
        "pricing",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="1",
        aws_secret_access_key="1",
    )
    return AwsPriceList(client)


@pytest.fixture
def state(aws: Aws, tables: tuple[str, str]) -> tuple[Any, str]:
    """A client and the state's table."""
    return aws.client("dynamodb"), tables[1]


def live_prices(state: tuple[Any, str], clock: Clock, otherwise: PriceBooks | None = None) -> DynamoPrices:
    """Cached prices, without a discount."""
    return DynamoPrices(*state, otherwise=otherwise or InMemoryPrices(), discount_percent=Decimal(0), clock=clock)


def test_every_page_of_a_region_is_read_and_every_trap_passed_over() -> None:
    """Known prices of two regions; traps in the local list are cheaper, free or more expensive."""
    with serving(pricing_app()) as url:
        virginia = {
            (price.component, price.instance_type): price.usd
            for price in read_documents(price_list(url).documents("us-east-1"), "us-east-1").prices
        }
        ireland = list(read_documents(price_list(url).documents("eu-west-1"), "eu-west-1").prices)

    assert virginia["Training", "ml.m5.xlarge"] == Decimal("0.23")
    assert virginia["Hosting", "ml.p4d.24xlarge"] == Decimal("25.251288")
    assert len(virginia) > 200
    assert {price.component: price.usd for price in ireland if price.instance_type is None} == {
        "Hosting": Decimal("0.154"),
        "Notebook": Decimal("0.154"),
        "Training": Decimal("0.154"),
        "Processing": Decimal("0.11"),
    }


def test_a_list_that_is_down_is_unavailable() -> None:
    """And not empty."""
    app = Flask("down")

    @app.post("/")
    def down() -> tuple[Response, int]:
        return Response("{}"), 400

    with serving(app) as url, pytest.raises(UnavailableError, match="pricing:GetProducts for us-east-1"):
        list(price_list(url).documents("us-east-1"))


def test_a_region_without_live_prices_uses_the_shipped_ones(state: tuple[Any, str]) -> None:
    """Until the next refresh."""
    prices = live_prices(state, lambda: NOW, InMemoryPrices({"eu-west-1": BOOK}))
    found = prices.rates("eu-west-1").book.instance_hour(ResourceKind.TRAINING, "ml.m5.xlarge")

    assert found is not None
    assert found.source == "shipped table"


def test_a_live_price_goes_before_the_shipped_one_which_fills_the_gaps(state: tuple[Any, str]) -> None:
    """With the list's own date."""
    listed = [
        ListedPrice("Training", "ml.m5.xlarge", Decimal("0.25"), "2026-11-19T22:00:00Z"),
        ListedPrice("Training", None, Decimal("0.13"), "2026-11-19T22:00:00Z"),
    ]
    DynamoPriceCache(*state).save("us-east-1", listed, NOW)
    book = live_prices(state, lambda: NOW, InMemoryPrices({"us-east-1": BOOK})).rates("us-east-1").book
    live, shipped = (book.instance_hour(ResourceKind.TRAINING, name) for name in ("ml.m5.xlarge", "ml.g5.xlarge"))
    volume = book.gb_month(ResourceKind.TRAINING)

    assert live is not None
    assert shipped is not None
    assert volume is not None
    assert (live.usd, live.source, live.as_of) == (Decimal("0.25"), "Price List", "2026-11-19")
    assert (shipped.usd, shipped.source) == (Decimal("1.408"), "shipped table")
    assert (volume.usd, volume.borrowed) == (Decimal("0.13"), False)


def test_a_price_that_changes_is_used_within_the_hour(state: tuple[Any, str]) -> None:
    """Prices are not read again for every job."""
    moments = [NOW]
    cache = DynamoPriceCache(*state)
    prices = live_prices(state, lambda: moments[-1])
    seen: list[Decimal] = []
    for minutes, usd in ((0, "0.23"), (59, "0.25"), (60, "0.25")):
        cache.save("us-east-1", [ListedPrice("Training", "ml.m5.xlarge", Decimal(usd), "2026-11-19")], NOW)
        moments.append(NOW + timedelta(minutes=minutes))
        found = prices.rates("us-east-1").book.instance_hour(ResourceKind.TRAINING, "ml.m5.xlarge")
        assert found is not None
        seen.append(found.usd)

    assert seen == [Decimal("0.23"), Decimal("0.23"), Decimal("0.25")]


def test_prices_that_were_not_refreshed_for_a_week_are_used_and_said_to_be_stale(state: tuple[Any, str]) -> None:
    """A stale price is better than none."""
    DynamoPriceCache(*state).save(
        "us-east-1", [ListedPrice("Training", "ml.m5.xlarge", Decimal("0.23"), "2026-11-12")], NOW
    )
    later = NOW + timedelta(days=7)
    found = (
        live_prices(state, lambda: later).rates("us-east-1").book.instance_hour(ResourceKind.TRAINING, "ml.m5.xlarge")
    )

    assert found is not None
    assert (found.usd, found.source) == (Decimal("0.23"), "Price List, stale since 2026-11-20,")


def a_refresher(
    lists: PriceList, cache: DynamoPriceCache, *regions: str, dates: PriceDates | None = None
) -> PriceRefresh:
    """At home in us-east-1, with other regions in use."""
    return PriceRefresh(
        price_list=lists,
        cache=cache,
        dates=dates or InMemoryPriceDates(),
        regions=InMemoryRegions(set(regions)),
        clock=lambda: NOW,
        home_region="us-east-1",
    )


def test_a_refresh_that_runs_out_of_time_says_so(state: tuple[Any, str]) -> None:
    """And does not begin what it cannot end."""
    refresher = a_refresher(Lists(us_east_1=[a_document()]), DynamoPriceCache(*state))

    with pytest.raises(RefreshIncompleteError, match="us-east-1: no time is left"):
        refresher.refresh(timeless)


def test_every_region_in_use_is_refreshed_and_a_broken_one_hinders_no_other(state: tuple[Any, str]) -> None:
    """What cannot be read keeps its prices of before; the failure names its region."""
    cache = DynamoPriceCache(*state)
    lists = Lists(us_east_1=[a_document()], eu_west_1=["{", a_document(regionCode="eu-west-1")])
    refresher = a_refresher(lists, cache, "eu-west-1", "ap-south-1")

    with pytest.raises(
        RefreshIncompleteError, match=r"^ap-south-1: .*; eu-west-1: a price document of 1 characters"
    ) as failure:
        refresher.refresh(no_time_limit)
    assert "us-east-1" not in str(failure.value)
    prices = live_prices(state, lambda: NOW)
    for region in ("us-east-1", "eu-west-1"):  # one broken document leaves the others of its region readable
        assert prices.rates(region).book.instance_hour(ResourceKind.TRAINING, "ml.m5.xlarge") is not None


def test_the_region_with_the_oldest_prices_comes_first(state: tuple[Any, str]) -> None:
    """Time that is enough for one region a day still reaches them all."""
    lists = Lists(us_east_1=[a_document()], eu_west_1=[a_document()])
    dates = InMemoryPriceDates({"eu-west-1": NOW, "us-east-1": NOW - timedelta(days=1)})
    refresher = a_refresher(lists, DynamoPriceCache(*state), "eu-west-1", dates=dates)

    with pytest.raises(RefreshIncompleteError, match=r"^eu-west-1: no time is left"):
        refresher.refresh(enough_for(1))


def test_a_refresh_says_how_many_prices_each_region_has(state: tuple[Any, str]) -> None:
    """For the log."""
    lists = Lists(us_east_1=[a_document()])
    refresher = a_refresher(lists, DynamoPriceCache(*state))

    assert refresher.refresh(no_time_limit).to_log() == {"effect": "refreshed", "prices": {"us-east-1": 1}}


def test_a_region_the_list_has_nothing_of_is_a_failure(state: tuple[Any, str]) -> None:
    """It would empty the cache."""
    lists = Lists(us_east_1=[a_document(component="Cluster")])
    refresher = a_refresher(lists, DynamoPriceCache(*state))

    with pytest.raises(RefreshIncompleteError, match="us-east-1: the list has no price at all"):
        refresher.refresh(no_time_limit)


def test_a_region_is_as_old_as_its_last_refresh(state: tuple[Any, str]) -> None:
    """A component the list no longer has does not age it; a region that was never read has no date."""
    cache, dates = DynamoPriceCache(*state), DynamoPriceDates(*state)
    cache.save("us-east-1", [ListedPrice("Training", "ml.m5.xlarge", Decimal("0.23"), "2026-11-12")], NOW)
    later = NOW + timedelta(days=2)
    cache.save("us-east-1", [ListedPrice("Hosting", "ml.m5.xlarge", Decimal("0.23"), "2026-11-12")], later)

    assert (dates.refreshed_at("us-east-1"), dates.refreshed_at("eu-west-1")) == (later, None)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({"us-east-1": 0, "eu-west-1": 2}, {EmfMetric.PRICES_AGE: 172_800}),
        ({"us-east-1": 0, "eu-west-1": 0}, {EmfMetric.PRICES_AGE: 0}),
        ({"us-east-1": 0}, {}),
    ],
)
def test_a_refresh_measures_the_oldest_prices_also_when_it_fails(
    state: tuple[Any, str], days: dict[str, int], expected: dict[EmfMetric, float]
) -> None:
    """A region without prices has no age, which is not 0."""
    dates = InMemoryPriceDates({region: NOW - timedelta(days=count) for region, count in days.items()})
    refresher = a_refresher(Lists(us_east_1=[a_document()]), DynamoPriceCache(*state), "eu-west-1", dates=dates)

    with pytest.raises(RefreshIncompleteError, match=r"^eu-west-1: ") as failure:
        refresher.refresh(no_time_limit)
    assert isinstance(failure.value.outcome, PriceRefreshReport)
    assert failure.value.outcome.metrics() == expected


class NoDates:
    """The ``PriceDates`` port behind a missing permission."""

    def refreshed_at(self, region: str) -> datetime | None:
        """Refuse."""
        raise AccessDeniedError(f"dynamodb:Query for {region}")


def test_a_refresh_that_cannot_tell_how_old_prices_are_says_so(state: tuple[Any, str]) -> None:
    """What was refreshed is."""
    refresher = a_refresher(Lists(us_east_1=[a_document()]), DynamoPriceCache(*state), dates=NoDates())

    with pytest.raises(RefreshIncompleteError, match="how old the prices are: dynamodb:Query for us-east-1"):
        refresher.refresh(no_time_limit)


def test_an_account_has_its_own_discount_and_all_others_that_of_the_stack(state: tuple[Any, str]) -> None:
    """The stack's own account may be named too: a region alone is one of that account."""
    named = {"111122223333": Decimal(20), "222233334444": Decimal(50)}
    for discounts, own in ((named, Decimal(20)), ({"222233334444": Decimal(50)}, Decimal(10))):
        given = SimpleNamespace(discount_percent=Decimal(10), account_discounts=discounts, account="111122223333")
        prices = make_prices(*state, given)
        found = [
            prices.rates(scope).discount_percent
            for scope in ("us-east-1", *(f"{account}/us-east-1" for account in (given.account, *named, "333344445555")))
        ]
        assert found == [own, own, own, Decimal(50), Decimal(10)]
