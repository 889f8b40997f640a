"""Store deliveries in WatchState: where each alert was posted, and the count and cost of each group."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, translated
from sagewatch.adapters.dynamodb.items import from_item, to_item
from sagewatch.adapters.dynamodb.posted_messages import delivery_key, message_ref
from sagewatch.alerts.base import GroupMember
from sagewatch.alerts.grouping import GroupSummary
from sagewatch.alerts.ports import MessageRef
from sagewatch.clock import iso
from sagewatch.delivery.ports import CLAIMED_FOR, NAMED, AlertGroups, Claim, Deliveries, Membership
from sagewatch.errors import DeliveryInFlightError, ThrottledError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


# EventBridge retries for a day and SQS keeps for 14: after 90 days nothing can ask for the same alert again.
_REMEMBERED_FOR = timedelta(days=90)
_TRIES = 3  # of two deliveries that count into the same group
_LABEL = "label#"


class DynamoDeliveries(Deliveries):
    """The ``Deliveries`` port: one item of WatchState per alert, first claimed, then delivered.

    ``tried_at`` is set while the outcome of an attempt is unknown: it began, and was neither finished nor released.
    """

    PERMISSIONS: ClassVar = ("dynamodb:PutItem", "dynamodb:UpdateItem")

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def claim(self, alert_id: str, now: datetime) -> Claim:
        seconds = int(now.timestamp())
        times = {":now": seconds, ":until": seconds + int(CLAIMED_FOR.total_seconds()), ":expires": _expiry(now)}
        with translated("dynamodb:UpdateItem on the deliveries"):
            try:
                answer = self._client.update_item(
                    TableName=self._state,
                    Key=delivery_key(alert_id),
                    UpdateExpression="SET claimed_until = :until, tried_at = if_not_exists(tried_at, :now),"
                    " first_at = if_not_exists(first_at, :now), expires_at = :expires",
                    ConditionExpression="attribute_not_exists(pk)"
                    " OR (claimed_until <= :now AND attribute_not_exists(ts) AND attribute_not_exists(#group))",
                    ExpressionAttributeNames={"#group": "group"},
                    ExpressionAttributeValues=to_item(times),
                    ReturnValues="ALL_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as exc:
                return _delivered(alert_id, from_item(_old_item(exc)), seconds, exc)
        before = from_item(answer.get("Attributes", {}))
        return Claim(unsure_since=_time(before, "tried_at"), waiting_since=_time(before, "first_at"))

    @override
    def confirm_in_group(self, alert_id: str, group: str, now: datetime) -> None:
        self._put(alert_id, now, group=group)

    @override
    def confirm(self, alert_id: str, posted: MessageRef, now: datetime) -> None:
        self._put(alert_id, now, channel=posted.channel, ts=posted.ts, posted_at=posted.posted_at.isoformat())

    @override
    def looked(self, alert_id: str, now: datetime) -> None:
        with translated("dynamodb:UpdateItem on the deliveries"):
            self._client.update_item(
                TableName=self._state,
                Key=delivery_key(alert_id),
                UpdateExpression="SET tried_at = :now",
                ExpressionAttributeValues=to_item({":now": int(now.timestamp())}),
            )

    @override
    def release(self, alert_id: str, now: datetime, *, unsure: bool = False) -> None:
        del now
        with translated("dynamodb:UpdateItem on the deliveries"):
            self._client.update_item(
                TableName=self._state,
                Key=delivery_key(alert_id),
                UpdateExpression="SET claimed_until = :never" + ("" if unsure else " REMOVE tried_at"),
                ExpressionAttributeValues=to_item({":never": 0}),
            )

    def _put(self, alert_id: str, now: datetime, **facts: object) -> None:
        with translated("dynamodb:PutItem on the deliveries"):
            item = {**delivery_key(alert_id), **to_item({"expires_at": _expiry(now), **facts})}
            self._client.put_item(TableName=self._state, Item=item)


class DynamoAlertGroups(AlertGroups):
    """The ``AlertGroups`` port: an item for each group, and one for each member, which keeps it from counting twice."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:UpdateItem")

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def add(self, group: str, alert_id: str, member: GroupMember, now: datetime) -> Membership:
        """Both items are written in one transaction."""
        for _ in range(_TRIES):
            known, head = self._read(group, alert_id), self._read(group)
            if known:
                return Membership(int(known["number"]), bool(head.get("asked")))
            if self._count(group, alert_id, member, int(head.get("count", 0)), now):
                return Membership(int(head.get("count", 0)) + 1, bool(head.get("asked")))
        raise ThrottledError(f"{group} is being counted by another invocation", retry_after=1)

    def _count(self, group: str, alert_id: str, member: GroupMember, before: int, now: datetime) -> bool:
        """Count a member. Return False if another call changed the group since ``before`` was read."""
        item = {**_member_key(group, alert_id), **to_item({"number": before + 1, "expires_at": _expiry(now)})}
        put = {"TableName": self._state, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
        head = {"TableName": self._state, "Key": _member_key(group), **_adding(member, before, now)}
        with translated("dynamodb:TransactWriteItems on a group"):
            try:
                self._client.transact_write_items(TransactItems=[{"Put": put}, {"Update": head}])  # type: ignore[typeddict-item] # the stubs want literals
            except ClientError as exc:
                if code_of(exc) != "TransactionCanceledException":
                    raise
                return False
        return True

    @override
    def read(self, group: str) -> GroupSummary:
        head = self._read(group)
        return GroupSummary(
            count=int(head.get("count", 0)),
            by_label={name[len(_LABEL) :]: int(count) for name, count in head.items() if name.startswith(_LABEL)},
            usd=head.get("usd", Decimal(0)),
            unpriced=int(head.get("unpriced", 0)),
            names=tuple(head.get("names", ())),
        )

    @override
    def request_update(self, group: str, now: datetime) -> None:
        self._set(group, asked=True, expires_at=_expiry(now))

    @override
    def mark_updated(self, group: str, now: datetime) -> None:
        self._set(group, asked=False, edited_at=iso(now))

    @override
    def updated_at(self, group: str) -> datetime | None:
        at = self._read(group).get("edited_at")
        return datetime.fromisoformat(at) if at else None

    def _set(self, group: str, **values: object) -> None:
        with translated("dynamodb:UpdateItem on a group"):
            self._client.update_item(
                TableName=self._state,
                Key=_member_key(group),
                UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
                ExpressionAttributeValues=to_item({f":{name}": value for name, value in values.items()}),
            )

    def _read(self, group: str, alert_id: str | None = None) -> dict[str, Any]:
        with translated("dynamodb:GetItem of a group"):
            key = _member_key(group, alert_id)
            return from_item(self._client.get_item(TableName=self._state, Key=key, ConsistentRead=True).get("Item", {}))


def _adding(member: GroupMember, before: int, now: datetime) -> dict[str, Any]:
    """How one member more changes its group's item."""
    known = member.usd is not None
    named = ", #names = list_append(if_not_exists(#names, :none), :name)" if before < NAMED else ""
    values = {":one": 1, ":before": before, ":usd": member.usd or Decimal(0), ":unpriced": int(not known)}
    values |= {":expires": _expiry(now)}
    names = {"#count": "count", "#label": f"{_LABEL}{member.label}", **({"#names": "names"} if named else {})}
    return {
        "UpdateExpression": f"SET expires_at = :expires{named}"
        " ADD #count :one, #label :one, usd :usd, unpriced :unpriced",
        "ConditionExpression": "attribute_not_exists(#count) OR #count = :before",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": to_item(values | ({":none": [], ":name": [member.name]} if named else {})),
    }


def _time(item: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromtimestamp(int(item[name]), UTC) if name in item else None


def _member_key(group: str, alert_id: str | None = None) -> dict[str, Any]:
    return to_item({"pk": f"group#{group}", "sk": f"member#{alert_id}" if alert_id else "all"})


def _expiry(now: datetime) -> int:
    return int((now + _REMEMBERED_FOR).timestamp())


def _old_item(error: ClientError) -> Mapping[str, Any]:
    item: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment] # the stubs do not know it
    return item


def _delivered(alert_id: str, item: Mapping[str, Any], now: int, cause: Exception) -> Claim:
    if "ts" in item or "group" in item:
        return Claim(delivered=True, posted=message_ref(item))
    left = max(1, int(item.get("claimed_until", now)) - now)
    raise DeliveryInFlightError(f"alert {alert_id} is being posted", retry_after=left) from cause
