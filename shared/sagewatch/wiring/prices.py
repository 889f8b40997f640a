"""Prices, for every function that needs them: live ones, and the shipped table where there are none."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from sagewatch.adapters.dynamodb.prices import DynamoPrices
from sagewatch.adapters.shipped_prices import ShippedPrices
from sagewatch.wiring.clients import now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Discounted(Protocol):
    """The settings of prices: the discount of single accounts and of all others, and the stack's own account."""

    @property
    def discount_percent(self) -> Decimal:
        """The discount of all accounts that are not named."""

    @property
    def account_discounts(self) -> Mapping[str, Decimal]:
        """The discounts of single accounts, by their IDs."""

    @property
    def account(self) -> str | None:
        """The stack's own account, if it is known."""


def make_prices(dynamodb: "DynamoDBClient", watch_state: str, given: Discounted) -> DynamoPrices:
    """Make the reader of prices, less the discount of each account."""
    own = given.account_discounts.get(given.account or "", given.discount_percent)
    return DynamoPrices(
        dynamodb,
        watch_state,
        otherwise=ShippedPrices(),
        discount_percent=given.discount_percent,
        account_discounts={"": own, **given.account_discounts},
        clock=now,
    )
