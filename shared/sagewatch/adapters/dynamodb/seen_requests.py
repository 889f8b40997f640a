"""Slack's requests that have been answered: items of WatchState."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import to_item
from sagewatch.slack.interactions.ports import SeenRequests

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PRESSES_FOR = timedelta(days=1)  # Slack's signatures are good for five minutes


class DynamoSeenRequests(SeenRequests):
    """One short-lived item for each request."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def first(self, digest: str, now: datetime) -> bool:
        item = {"pk": f"press#{digest}", "sk": "press", "expires_at": int((now + _PRESSES_FOR).timestamp())}
        with translated("dynamodb:PutItem of a press"):
            try:
                self._client.put_item(
                    TableName=self._state, Item=to_item(item), ConditionExpression="attribute_not_exists(pk)"
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True
