"""TrackNotebook: a notebook instance changed state (EventBridge, through its queue, or one event invoked directly)."""

from typing import Any

import sagewatch.runtime.start  # noqa: F401 - first: it makes the others cheap
from sagewatch.runtime.ports import LambdaContext
from sagewatch.wiring.track_notebook import track_notebook


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Update the notebook's sessions from the event."""
    return track_notebook()(event, context)
