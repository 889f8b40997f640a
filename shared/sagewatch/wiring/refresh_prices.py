"""RefreshPrices: its settings, and what it is given."""

from dataclasses import dataclass
from functools import cache
from typing import Self

import boto3

from sagewatch.adapters.dynamodb.prices import DynamoPriceCache, DynamoPriceDates
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions
from sagewatch.adapters.price_list import API_REGION, AwsPriceList
from sagewatch.pricing.refresh import PriceRefresh
from sagewatch.runtime.handlers import ScheduledHandler
from sagewatch.runtime.settings import FromEnvironment
from sagewatch.runtime.variables import Variables
from sagewatch.wiring.clients import QUICK, now


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPricesSettings(FromEnvironment):
    """What RefreshPrices needs. ``home_region`` is the stack's own."""

    watch_state: str
    home_region: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(watch_state=env.text("WATCH_STATE"), home_region=env.text("AWS_REGION"))


@cache
def refresh_prices(settings: RefreshPricesSettings | None = None) -> ScheduledHandler:
    """RefreshPrices: the price list into the cache. Raises ``SettingsError``."""
    given = settings or RefreshPricesSettings.from_env()
    dynamodb = boto3.client("dynamodb", config=QUICK)
    refresher = PriceRefresh(
        price_list=AwsPriceList(boto3.client("pricing", region_name=API_REGION, config=QUICK)),
        cache=DynamoPriceCache(dynamodb, given.watch_state),
        dates=DynamoPriceDates(dynamodb, given.watch_state),
        regions=DynamoRegions(dynamodb, given.watch_state, now),
        clock=now,
        home_region=given.home_region,
    )
    return ScheduledHandler(refresher.refresh)
