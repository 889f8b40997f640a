"""DeliverAlert: one alert to Slack (SQS)."""

from typing import Any

import sagewatch.runtime.start  # noqa: F401 - first: it makes the others cheap
from sagewatch.runtime.ports import LambdaContext
from sagewatch.wiring.deliver_alert import deliver_alert


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Post what the queue holds."""
    return deliver_alert()(event, context)
