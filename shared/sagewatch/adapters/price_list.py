"""The AWS Price List query API."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.errors import SettingsError
from sagewatch.pricing.ports import PriceList
from sagewatch.sagemaker.resources import partition_of

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient


# A region of each partition whose Price List is in US dollars; for most, boto3 would build a host name without a host.
# GovCloud has no Price List API, and China's is in yuan: there, SageWatch uses the prices that it ships, if any.
API_REGIONS: Mapping[str, str] = {"aws": "us-east-1"}
_PAGE = 100  # the API's most


def has_price_list(home_region: str) -> bool:
    """Whether a region's partition has a Price List in US dollars."""
    return partition_of(home_region) in API_REGIONS


def api_region(home_region: str) -> str:
    """The region whose Price List API serves a region. Raises ``SettingsError`` where there is none in US dollars."""
    partition = partition_of(home_region)
    if not has_price_list(home_region):
        raise SettingsError(f"the partition {partition} has no Price List in US dollars")
    return API_REGIONS[partition]


class AwsPriceList(PriceList):
    """The ``PriceList`` port on GetProducts."""

    PERMISSIONS: ClassVar = ("pricing:GetProducts",)

    def __init__(self, client: "PricingClient") -> None:
        self._client = client

    @override
    def documents(self, region: str) -> Iterator[str]:
        pages = self._client.get_paginator("get_products").paginate(
            ServiceCode="AmazonSageMaker",
            Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
            FormatVersion="aws_v1",
            PaginationConfig={"PageSize": _PAGE},
        )
        with translated(f"pricing:GetProducts for {region}"):
            for page in pages:
                yield from page["PriceList"]
