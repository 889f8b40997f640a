"""The AWS Price List query API."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.pricing.ports import PriceList

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient


# The API answers in three regions only; boto3 would build a host name that does not exist for any other.
API_REGION = "us-east-1"
_PAGE = 100  # the API's most


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
