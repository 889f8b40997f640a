"""SweepNotebooks: notebook instances that idle (schedule)."""

from typing import Any

import sagewatch.runtime.start  # noqa: F401 - first: it makes the others cheap
from sagewatch.runtime.ports import LambdaContext
from sagewatch.wiring.sweep_notebooks import sweep_notebooks


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Sweep, whatever the schedule says."""
    return sweep_notebooks()(event, context)
