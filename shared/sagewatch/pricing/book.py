"""Define prices as values, each with its source, and the book that looks them up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.resources import InstanceGroup, Job

# Families whose instances bring NVMe disks get no ML volume, whatever VolumeSizeInGB says (DescribeTrainingJob,
# ResourceConfig). Families: EC2's list of instance store volumes; other families have them where a "d" says so.
_NVME_FAMILIES = frozenset(
    {"g4ad", "g4dn", "g5", "g6", "g6e", "g7", "g7e", "gr6", "p3dn", "p4d", "p4de", "p5", "p5e", "p5en"}
    | {"p6-b200", "p6-b300", "p6e-gb200", "trn1", "trn1n", "trn2"}
)
_HOUR = Decimal(3600)
_HOSTING = "Hosting"
STALE_AFTER = timedelta(days=3)  # the refresh is daily
# The one bill we have charges these volumes alike, and Processing's lower (prices/README.md, "Storage").
_ALIKE_VOLUMES = frozenset({"Training", "Notebook", _HOSTING})


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one unit in USD, and its source. The unit is an instance hour or a GB-month.

    ``as_of`` is the date of the list, as exact as its source states it. ``component`` is the price list component it
    was found under, which ``borrowed`` says is not the one that was asked for.
    """

    usd: Decimal
    component: str
    region: str
    as_of: str
    source: str
    borrowed: bool = False


@dataclass(frozen=True, slots=True)
class PriceBook:
    """The prices of one region. ``hourly`` and ``volumes`` are keyed by component, then by type."""

    hourly: Mapping[str, Mapping[str, Price]]
    volumes: Mapping[str, Price]

    def over(self, older: "PriceBook") -> "PriceBook":
        """Return this book's prices, completed with those that only the older book has."""
        components = self.hourly.keys() | older.hourly.keys()
        hourly = {name: {**older.hourly.get(name, {}), **self.hourly.get(name, {})} for name in components}
        return PriceBook(hourly=hourly, volumes={**older.volumes, **self.volumes})

    def instance_hour(self, kind: ResourceKind, instance_type: str) -> Price | None:
        """Return the price of an instance hour for a kind of job, as ``hour_of`` its component."""
        return self.hour_of(component_of(kind), instance_type)

    def hour_of(self, component: str, instance_type: str) -> Price | None:
        """Return the price of an instance hour: of that component, else of Hosting, else none.

        Hosting equals the other components to within 0.5 % where both exist (prices/README.md, "Component rule").
        """
        own = self.hourly.get(component, {}).get(instance_type)
        if own or component == _HOSTING:
            return own
        return _borrow(self.hourly.get(_HOSTING, {}).get(instance_type))

    def gb_month(self, kind: ResourceKind) -> Price | None:
        """Return the price of one GB of ML volume for one month, for a kind of job, if known."""
        return self.month_of(component_of(kind))

    def month_of(self, component: str) -> Price | None:
        """Return the price of one GB of a component's volumes for one month, if known."""
        own = self.volumes.get(component)
        return own or (_borrow(self.volumes.get(_HOSTING)) if component in _ALIKE_VOLUMES else None)


EMPTY_BOOK = PriceBook(hourly={}, volumes={})


@dataclass(frozen=True, slots=True)
class Rates:
    """Hourly prices in USD, after the discount. ``None`` means that no price is known."""

    book: PriceBook
    discount_percent: Decimal

    @property
    def share_paid(self) -> Decimal:
        """The part of a list price that the account pays."""
        return share_paid(self.discount_percent)

    def of_type(self, kind: ResourceKind, instance_type: str | None) -> Decimal | None:
        """Return the hourly price of one instance."""
        price = self.book.instance_hour(kind, instance_type) if instance_type else None
        return price.usd * self.share_paid if price else None

    def of_job(self, job: Job) -> Decimal | None:
        """Return the hourly price of all instances of a job."""
        rates = [(self.of_type(job.kind, group.instance_type), group.count) for group in job.groups]
        known = [rate * count for rate, count in rates if rate is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(rates) else None


def share_paid(discount_percent: Decimal) -> Decimal:
    """Return the part of a list price that is paid after a discount."""
    return (100 - discount_percent) / 100


def component_of(kind: ResourceKind) -> str:
    """Return the price list's component of a kind; empty for kinds that have no price."""
    component = KIND_FACTS[kind].component
    return component.name if component else ""


def _borrow(price: Price | None) -> Price | None:
    return price and Price(price.usd, price.component, price.region, price.as_of, price.source, borrowed=True)


def for_time(hourly: Decimal, time: timedelta) -> Decimal:
    """Return the cost of a time at an hourly price, by whole seconds, unrounded."""
    return hourly * (time // timedelta(seconds=1)) / _HOUR


def has_ml_volume(group: InstanceGroup) -> bool:
    """Whether the instances of this group get an ML storage volume."""
    family = group.instance_type.removeprefix("ml.").rsplit(".", 1)[0]
    generation = family.lstrip("abcdefghijklmnopqrstuvwxyz")
    return family not in _NVME_FAMILIES and "d" not in generation
