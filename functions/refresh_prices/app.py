"""RefreshPrices: the price list of the regions in use (schedule)."""

from typing import Any

import sagewatch.runtime.start  # noqa: F401 - first: it makes the others cheap
from sagewatch.runtime.ports import LambdaContext
from sagewatch.wiring.refresh_prices import refresh_prices


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Refresh, whatever the schedule says."""
    return refresh_prices()(event, context)
