"""RefreshPrices: its settings and its objects."""

from pydantic import Field

from sagewatch.adapters.dynamodb.left_out import DynamoLeftOut
from sagewatch.adapters.dynamodb.prices import DynamoPriceCache, DynamoPriceDates
from sagewatch.adapters.dynamodb.sweep_state import DynamoDailyNotices, DynamoRegionReader
from sagewatch.adapters.price_list import AwsPriceList, api_region
from sagewatch.pricing.refresh import PriceRefresh
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.runtime.settings import Settings, Text, Words
from sagewatch.wiring.clients import built_once, client, now


class RefreshPricesSettings(Settings):
    """Settings of RefreshPrices. ``home_region`` is the stack's own."""

    watch_state: Text
    regions: Words = ()
    home_region: Text = Field(alias="AWS_REGION")


@built_once
def refresh_prices() -> ScheduledHandler:
    """RefreshPrices: the price list into the cache. Raises ``SettingsError``."""
    given = RefreshPricesSettings.from_env()
    dynamodb = client("dynamodb")
    refresher = PriceRefresh(
        price_list=AwsPriceList(client("pricing", region=api_region(given.home_region))),
        cache=DynamoPriceCache(dynamodb, given.watch_state),
        dates=DynamoPriceDates(dynamodb, given.watch_state),
        regions=DynamoRegionReader(dynamodb, given.watch_state, given.regions),
        clock=now,
        home_region=given.home_region,
    )
    left_out = DynamoLeftOut(DynamoDailyNotices(dynamodb, given.watch_state, now))
    return ScheduledHandler(lambda _, more_time: refresher.refresh(more_time), left_out=left_out)
