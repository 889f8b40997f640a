"""RecordJob: a SageMaker job changed state (EventBridge, through its queue, or one event invoked directly)."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sagewatch import wiring


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Record what the event tells."""
    return wiring.record_job()(event, context)
