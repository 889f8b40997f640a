"""Read documents of the AWS Price List for SageMaker, without trusting their form.

``GetProducts`` answers with JSON strings, one product each. Most rows are not the hourly price of an instance, some
look as if they were, and attributes are polluted; so a row is accepted only if everything about it fits. Shape and
traps: the Price List API reference, and rows quoted in public repositories (see ``prices/README.md``).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import assert_never

from pydantic import ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from sagewatch.errors import PriceListError
from sagewatch.models import LazyModel
from sagewatch.sagemaker.fields import field_errors
from sagewatch.sagemaker.kinds import KIND_FACTS, PriceComponent

# Asynchronous endpoints and some Studio apps have rows of their own. Hosting's prices stand in for those that another
# component lacks.
_PRICED = (
    PriceComponent("AsyncInf", "AsyncInf"),
    PriceComponent("Studio-CodeEditor", "Studio:CodeEditor", separator="-"),
    PriceComponent("Studio-KernelGateway", "Studio:KernelGateway", separator="-"),
    *(facts.component for facts in KIND_FACTS.values() if facts.component),
)
# Hours of a service that runs on no instance type of the account, by the end of their usage type.
_SERVICE_HOURS = {"Canvas:Session-Hrs": ("Canvas", "Session-Hrs")}
_COMPONENTS = {component.name.lower(): component for component in _PRICED}  # the list's case varies
_VOLUME_TOKENS = {f"{component.token}:VolumeUsage.{component.volume}": component.name for component in _PRICED}
_HOURS, _GB_MONTHS = "Hrs", "GB-Mo"
# A hundred times the most expensive hour, and twice as exact as the list: what is beyond that is no price, and could
# neither be stored nor calculated with.
_MOST_USD, _DECIMALS = 100_000, 20


class _Model(LazyModel):
    model_config = ConfigDict(defer_build=True, extra="ignore", frozen=True, alias_generator=to_camel)


class _Product(_Model):
    sku: str
    attributes: dict[str, str]


class _Dimension(_Model):
    unit: str
    price_per_unit: dict[str, str]


class _Term(_Model):
    price_dimensions: dict[str, _Dimension]


class _Terms(_Model):
    on_demand: dict[str, _Term] = Field({}, alias="OnDemand")


class PriceDocument(_Model):
    """One product of the Price List: its attributes and its terms."""

    product: _Product
    terms: _Terms
    publication_date: str


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """One price the list states, in USD. ``instance_type`` is ``None`` for a volume's price of a GB-month."""

    component: str
    instance_type: str | None
    usd: Decimal
    published: str


@dataclass(frozen=True, slots=True)
class NotAPrice:
    """A row that prices no instance hour and no volume, and why, in one line."""

    reason: str


def read_document(text: str, region: str) -> ListedPrice | NotAPrice:
    """Read one product document of a region.

    Raises ``PriceListError`` for a document that cannot be read: truncated, of another shape, unit or currency, or with
    more than one distinct price.
    """
    try:
        document = PriceDocument.model_validate_json(text)
    except ValidationError as exc:
        raise PriceListError(f"a price document of {len(text)} characters: {field_errors(exc)}") from exc
    attributes = document.product.attributes
    if reason := _unwanted(attributes, region):
        return NotAPrice(reason)
    return (
        _instance_price(document, attributes)
        or _service_price(document, attributes)
        or _volume_price(document, attributes)
    )


@dataclass(frozen=True, slots=True)
class PriceListing:
    """The prices of a region's documents, and one sentence for each price that could not be read."""

    prices: tuple[ListedPrice, ...]
    problems: tuple[str, ...]


def read_documents(texts: Iterable[str], region: str) -> PriceListing:
    """Read a region's documents. One that cannot be read leaves the others as they are.

    Where two documents price the same thing differently, neither price is kept: the order of a list is not stable.
    """
    found: dict[tuple[str, str | None], list[ListedPrice]] = defaultdict(list)
    problems: list[str] = []
    for text in texts:
        try:
            document = read_document(text, region)
        except PriceListError as exc:
            problems.append(str(exc))
            continue
        match document:
            case ListedPrice() as price:
                found[price.component, price.instance_type].append(price)
            case NotAPrice():
                continue
            case _:
                assert_never(document)
    contradictions = {key: prices for key, prices in found.items() if len({price.usd for price in prices}) > 1}
    problems.extend(_contradiction(prices, region) for prices in contradictions.values())
    return PriceListing(tuple(prices[0] for key, prices in found.items() if key not in contradictions), tuple(problems))


def _contradiction(prices: Sequence[ListedPrice], region: str) -> str:
    subject = f"{prices[0].component} {prices[0].instance_type or 'volumes'} in {region}"
    return f"{subject}: the list has {' and '.join(str(usd) for usd in sorted({price.usd for price in prices}))} USD"


def _unwanted(attributes: Mapping[str, str], region: str) -> str | None:
    usagetype = attributes.get("usagetype", "")
    plato = attributes.get("platoinstancetype", "")
    checks = (
        (attributes.get("servicecode") != "AmazonSageMaker", f"of the service {attributes.get('servicecode')}"),
        (attributes.get("regionCode") != region, f"of the region {attributes.get('regionCode')}, not {region}"),
        (attributes.get("locationType") != "AWS Region", f"of a {attributes.get('locationType')}, not of a region"),
        ("UpfrontFee" in usagetype, f"{usagetype} is a one-off fee, not an hour"),
        ("free" in plato.lower(), f"{plato} is the free tier"),
        ("TrSpt" in usagetype, f"{usagetype} is a spot token: spot is in the billed seconds already"),
    )
    return next((reason for unwanted, reason in checks if unwanted), None)


def _instance_price(document: PriceDocument, attributes: Mapping[str, str]) -> ListedPrice | NotAPrice | None:
    """``instanceType`` is polluted and ``usagetype``'s prefix is no region code: name and ending have to agree."""
    instance_type, usagetype = attributes.get("instanceName", ""), attributes.get("usagetype", "")
    component = _COMPONENTS.get(attributes.get("component", "").lower())
    if not instance_type.startswith("ml.") or component is None:
        return None
    if not usagetype.endswith(f"-{component.token}{component.separator}{instance_type}"):
        return NotAPrice(f"{usagetype} is not {component.name} of {instance_type}")
    return _priced(document, component.name, instance_type, _HOURS)


def _service_price(document: PriceDocument, attributes: Mapping[str, str]) -> ListedPrice | NotAPrice | None:
    priced = _SERVICE_HOURS.get(attributes.get("usagetype", "").partition("-")[2])
    return _priced(document, *priced, _HOURS) if priced else None


def _volume_price(document: PriceDocument, attributes: Mapping[str, str]) -> ListedPrice | NotAPrice:
    usagetype = attributes.get("usagetype", "")
    component = _VOLUME_TOKENS.get(usagetype.partition("-")[2])
    if component is None:
        return NotAPrice(f"{usagetype or 'a row without usagetype'} is neither an instance hour nor a volume")
    return _priced(document, component, None, _GB_MONTHS)


def _priced(document: PriceDocument, component: str, instance_type: str | None, unit: str) -> ListedPrice | NotAPrice:
    sku = document.product.sku
    terms = document.terms.on_demand.values()
    dimensions = [dimension for term in terms for dimension in term.price_dimensions.values()]
    if units := sorted({dimension.unit for dimension in dimensions} - {unit}):
        raise PriceListError(f"{sku}: the unit is {', '.join(units)}, not {unit}")
    prices = {_usd(sku, dimension) for dimension in dimensions}
    if len(prices) != 1:
        said = " and ".join(str(price) for price in sorted(prices)) or "none"
        raise PriceListError(f"{sku}: not one price but {said}")
    [usd] = prices
    if usd == 0:
        return NotAPrice(f"{sku} costs 0, which is the free tier")
    return ListedPrice(component, instance_type, usd, document.publication_date)


def _usd(sku: str, dimension: _Dimension) -> Decimal:
    if set(dimension.price_per_unit) != {"USD"}:
        raise PriceListError(f"{sku}: the currency is {', '.join(sorted(dimension.price_per_unit)) or 'none'}, not USD")
    listed = dimension.price_per_unit["USD"]
    try:
        usd = Decimal(listed)
    except InvalidOperation as exc:
        raise PriceListError(f"{sku}: {listed[:40]!r} is no amount") from exc
    if not usd.is_finite() or usd < 0 or usd > _MOST_USD or usd != round(usd, _DECIMALS):
        raise PriceListError(f"{sku}: {listed[:40]} is no price")
    return usd
