"""ReceivePress: a person pressed a button in Slack (HTTP API)."""

from typing import Any

import sagewatch.runtime.start  # noqa: F401 - first: it makes the others cheap
from sagewatch.runtime.ports import LambdaContext
from sagewatch.wiring.receive_press import receive_press


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer Slack."""
    return receive_press()(event, context)
