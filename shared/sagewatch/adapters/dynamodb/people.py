"""The people Slack knows, remembered in WatchState: a user for a month, an unknown address for a day."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import from_item, to_item
from sagewatch.clock import Clock
from sagewatch.slack.ports import ChannelIds, UserDirectory

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_THERE_FOR, _NOT_THERE_FOR = timedelta(days=30), timedelta(days=1)
_CHANNEL_FOR = timedelta(days=365)


class DynamoUserDirectory(UserDirectory):
    """The answers that ``ask`` gave before, and ``ask`` itself where these have expired."""

    PERMISSIONS: ClassVar = ("dynamodb:GetItem", "dynamodb:PutItem")

    def __init__(self, client: "DynamoDBClient", state: str, clock: Clock, *, ask: UserDirectory) -> None:
        self._client = client
        self._state = state
        self._clock = clock
        self._ask = ask

    @override
    def id_for_email(self, email: str) -> str | None:
        key = to_item({"pk": f"person#{email.lower()}", "sk": "slack"})
        with translated("dynamodb:GetItem of a person"):
            known = from_item(self._client.get_item(TableName=self._state, Key=key).get("Item", {}))
        now = self._clock()  # DynamoDB may take days to delete what has expired
        expires, user = known.get("expires_at"), known.get("user")
        if isinstance(expires, Decimal) and expires > now.timestamp() and isinstance(user, str | None):
            return user
        found = self._ask.id_for_email(email)
        expires_at = int((now + (_THERE_FOR if found else _NOT_THERE_FOR)).timestamp())
        with translated("dynamodb:PutItem of a person"):
            item = {**key, **to_item({"user": found, "expires_at": expires_at})}
            self._client.put_item(TableName=self._state, Item=item)
        return found


class DynamoChannelIds(ChannelIds):
    """One item of WatchState for each channel's name."""

    PERMISSIONS: ClassVar = ("dynamodb:GetItem", "dynamodb:PutItem")

    def __init__(self, client: "DynamoDBClient", state: str, clock: Clock) -> None:
        self._client = client
        self._state = state
        self._clock = clock

    @override
    def find(self, name: str) -> str | None:
        with translated("dynamodb:GetItem of a channel"):
            item = self._client.get_item(TableName=self._state, Key=_channel_key(name)).get("Item", {})
        found = from_item(item).get("channel")
        return found if isinstance(found, str) else None

    @override
    def save(self, name: str, channel_id: str) -> None:
        expires_at = int((self._clock() + _CHANNEL_FOR).timestamp())
        with translated("dynamodb:PutItem of a channel"):
            item = {**_channel_key(name), **to_item({"channel": channel_id, "expires_at": expires_at})}
            self._client.put_item(TableName=self._state, Item=item)


def _channel_key(name: str) -> dict[str, Any]:
    return to_item({"pk": f"channel#{name}", "sk": "slack"})
