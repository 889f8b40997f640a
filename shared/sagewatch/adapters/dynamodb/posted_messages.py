"""Find in WatchState where an alert was posted."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import from_item, to_item
from sagewatch.alerts.ports import MessageRef, PostedMessages

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoPostedMessages(PostedMessages):
    """The ``PostedMessages`` port: the items of ``DynamoDeliveries``, read."""

    PERMISSIONS: ClassVar = ("dynamodb:GetItem",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def find(self, alert_id: str) -> MessageRef | None:
        item = self._read(alert_id)
        if "group" in item:
            item = self._read(item["group"])
        return message_ref(item)

    def _read(self, alert_id: str) -> dict[str, Any]:
        with translated("dynamodb:GetItem of a delivery"):
            answer = self._client.get_item(TableName=self._state, Key=delivery_key(alert_id), ConsistentRead=True)
        return from_item(answer.get("Item", {}))


def message_ref(item: Mapping[str, Any]) -> MessageRef | None:
    """Return the message that an item names. Without ``posted_at``, as in earlier releases, its ID is the time."""
    if "ts" not in item:
        return None
    posted_at = item.get("posted_at")
    at = datetime.fromisoformat(posted_at) if posted_at else datetime.fromtimestamp(float(item["ts"]), UTC)
    return MessageRef(item["channel"], item["ts"], at)


def delivery_key(alert_id: str) -> dict[str, Any]:
    """Return the key of an alert's item."""
    return to_item({"pk": f"alert#{alert_id}", "sk": "delivery"})
