"""The names of accounts, remembered in WatchState: a name for a week, that there is none for a day."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import from_item, to_item
from sagewatch.clock import Clock
from sagewatch.delivery.ports import AccountNames

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NAMED_FOR, _NAMELESS_FOR = timedelta(days=7), timedelta(days=1)


class DynamoAccountNames(AccountNames):
    """The answers that ``ask`` gave before, and ``ask`` itself where these have expired. Kept in memory too."""

    PERMISSIONS: ClassVar = ("dynamodb:GetItem", "dynamodb:PutItem")

    def __init__(self, client: "DynamoDBClient", state: str, clock: Clock, *, ask: AccountNames) -> None:
        self._client = client
        self._state = state
        self._clock = clock
        self._ask = ask
        self._read: dict[str, tuple[str | None, float]] = {}

    @override
    def name(self, account: str) -> str | None:
        now = self._clock().timestamp()
        name, expires = self._read.get(account) or self._stored(account)
        if expires <= now:
            name, expires = self._asked(account)
        self._read[account] = name, expires
        return name

    def _stored(self, account: str) -> tuple[str | None, float]:
        with translated("dynamodb:GetItem of an account"):
            item = from_item(self._client.get_item(TableName=self._state, Key=to_item(_key(account))).get("Item", {}))
        name, expires = item.get("name"), item.get("expires_at")
        if isinstance(expires, Decimal) and isinstance(name, str | None):
            return name, float(expires)
        return None, 0

    def _asked(self, account: str) -> tuple[str | None, float]:
        name = self._ask.name(account)
        expires = int((self._clock() + (_NAMED_FOR if name else _NAMELESS_FOR)).timestamp())
        with translated("dynamodb:PutItem of an account"):
            item = to_item({**_key(account), "name": name, "expires_at": expires})
            self._client.put_item(TableName=self._state, Item=item)
        return name, float(expires)


def _key(account: str) -> dict[str, str]:
    return {"pk": f"account#{account}", "sk": "name"}
