"""AnswerSlack: what a person asked for with a button (SQS)."""

from typing import Any

import sagewatch.runtime.start  # noqa: F401 - first: it makes the others cheap
from sagewatch.runtime.ports import LambdaContext
from sagewatch.wiring.answer_slack import answer_slack


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do what the presses in the queue ask for."""
    return answer_slack()(event, context)
