"""RecordJob: a SageMaker job changed state (EventBridge, through its queue, or one event invoked directly)."""

from typing import Any

import sagewatch.runtime.start  # noqa: F401 - first: it makes the others cheap
from sagewatch.runtime.ports import LambdaContext
from sagewatch.wiring.record_job import record_job


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Record the job of the event."""
    return record_job()(event, context)
