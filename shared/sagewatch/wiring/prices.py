"""Prices, for every function that needs them: live ones, and the shipped table where there are none."""

from decimal import Decimal
from typing import TYPE_CHECKING

from sagewatch.adapters.dynamodb.prices import DynamoPrices
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.wiring.clients import now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def make_prices(dynamodb: "DynamoDBClient", watch_state: str, discount_percent: Decimal) -> DynamoPrices:
    """Make the reader of prices, less the account's discount."""
    return DynamoPrices(dynamodb, watch_state, otherwise=ShippedPrices(), discount_percent=discount_percent, clock=now)
