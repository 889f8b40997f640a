"""The price of an hour of a standing resource, or the reason why there is none. Pure arithmetic, USD as ``Decimal``."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from sagewatch.pricing.book import Price, Rates
from sagewatch.pricing.job_cost import WITHOUT_VOLUMES, month_seconds
from sagewatch.standing.resources import BilledLine, BilledPart, StandingResource, Unit

_HOUR = Decimal(3600)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class HourlyPrice:
    """What an hour costs after the discount. Without ``usd`` the price is unknown, or paid before: ``reason`` says."""

    usd: Decimal | None
    reason: str | None = None
    estimated: bool = False


def hourly_price(resource: StandingResource, rates: Rates, now: datetime) -> HourlyPrice:
    """Return the price of an hour of all parts. One part without a price leaves the whole without one."""
    prices = [part_price(part, rates, now, resource.region) for part in resource.parts]
    covered = [price for price, part in zip(prices, resource.parts, strict=True) if part.covered]
    unknown = [price for price in prices if price.usd is None and price not in covered]
    if unknown:
        return unknown[0]
    if covered and len(covered) == len(prices):
        return covered[0]
    usd = sum((price.usd for price in prices if price.usd is not None), _ZERO)
    reasons = [price.reason for price in prices if price.reason]
    return HourlyPrice(usd, reasons[0] if reasons else None, any(price.estimated for price in prices))


def part_price(part: BilledPart, rates: Rates, now: datetime, region: str) -> HourlyPrice:
    """Return the price of an hour of one part. Volumes without a known price are left out where the rest has one."""
    if part.covered:
        return HourlyPrice(None, part.covered)
    if part.unpriced:
        return HourlyPrice(None, part.unpriced)
    found = [(line, price_of(line, rates)) for line in part.lines if line.quantity]
    missing = [line for line, price in found if price is None]
    known = [(line, price) for line, price in found if price]
    if missing and not (known and all(line.unit is Unit.GB_MONTH for line in missing)):
        return HourlyPrice(None, f"no price is known for {_named(missing[0])} in {region}")
    usd = sum((_hour_of(line, price, now) for line, price in known), _ZERO)
    return HourlyPrice(
        usd * rates.share_paid, WITHOUT_VOLUMES if missing else None, any(price.borrowed for _, price in known)
    )


def price_of(line: BilledLine, rates: Rates) -> Price | None:
    """Return the list price of one unit of a line, if it is known."""
    match line.unit:
        case Unit.HOUR:
            return rates.book.hour_of(line.component, line.item)
        case Unit.GB_MONTH:
            return rates.book.month_of(line.component)
        case _:
            assert_never(line.unit)


def _hour_of(line: BilledLine, price: Price, now: datetime) -> Decimal:
    share = Decimal(1) if line.unit is Unit.HOUR else _HOUR / month_seconds(now)
    return line.quantity * price.usd * share


def _named(line: BilledLine) -> str:
    return f"{line.item or 'volumes'} ({line.component})"
