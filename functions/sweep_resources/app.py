"""SweepResources: what bills until a person ends it (schedule)."""

from typing import Any

import sagewatch.runtime.start  # noqa: F401 - first: it makes the others cheap
from sagewatch.runtime.ports import LambdaContext
from sagewatch.wiring.sweep_resources import sweep_resources


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Sweep, whatever the schedule says."""
    return sweep_resources()(event, context)
