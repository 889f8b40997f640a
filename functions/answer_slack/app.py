"""AnswerSlack: a person pressed a button (function URL), and what it asks for (SQS)."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sagewatch.wiring.answer_slack import answer_slack


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer Slack, or do what the queue holds."""
    return answer_slack()(event, context)
