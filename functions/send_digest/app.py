"""SendDigest: what a day or a week cost (schedule)."""

from typing import Any

import sagewatch.runtime.start  # noqa: F401 - first: it makes the others cheap
from sagewatch.runtime.ports import LambdaContext
from sagewatch.wiring.send_digest import send_digest


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Write the digest that the schedule or an operator asks for."""
    return send_digest()(event, context)
