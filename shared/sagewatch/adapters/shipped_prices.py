"""The price table that ships with the code, made from ``prices/`` by ``make prices``; one file per region."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import ClassVar, override

from sagewatch.pricing.book import EMPTY_BOOK, Price, PriceBook
from sagewatch.pricing.ports import PriceBooks

_SOURCE = "shipped table"
_FOLDER = Path(__file__).parent.parent / "prices"


class ShippedPrices(PriceBooks):
    """The shipped table. A region's file is read when it is first asked for."""

    PERMISSIONS: ClassVar = ()

    @override
    def book(self, region: str) -> PriceBook:
        return _load(region)


@cache
def _load(region: str) -> PriceBook:
    table = _FOLDER / f"{region}.json"
    if not table.is_file():
        return EMPTY_BOOK
    content = json.loads(table.read_text(encoding="utf-8"))
    hourly = {
        component: {name: _price(cell, component, region) for name, cell in types.items()}
        for component, types in content["hourly"].items()
    }
    volumes = {component: _price(cell, component, region) for component, cell in content["gb_month"].items()}
    return PriceBook(hourly=hourly, volumes=volumes)


def _price(cell: Mapping[str, str], component: str, region: str) -> Price:
    return Price(Decimal(cell["usd"]), component, region, cell["as_of"], _SOURCE)
