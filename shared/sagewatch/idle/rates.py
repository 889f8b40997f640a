"""Looks up the price of an hour, after the discount."""

from dataclasses import dataclass
from decimal import Decimal

from sagewatch.pricing.book import Rates
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.notebooks import Notebook


@dataclass(frozen=True, slots=True)
class HourlyRates:
    """Reads hourly prices from the price book of a region."""

    prices: Prices

    def of_region(self, region: str) -> Rates:
        """Return the rates of a region."""
        return self.prices.rates(region)

    def of_notebook(self, notebook: Notebook) -> Decimal | None:
        """Return the price of an hour in USD; ``None`` where it is not known."""
        return self.of_region(notebook.scope).of_type(ResourceKind.NOTEBOOK, notebook.instance_type)
