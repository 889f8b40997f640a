"""Leases and stop calls exclude each other: each is written in one transaction that checks the other's item."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, translated
from sagewatch.adapters.dynamodb.idle_state import NOTEBOOKS, RESOURCES, claim_key, lease_key
from sagewatch.adapters.dynamodb.items import to_item
from sagewatch.adapters.dynamodb.leases import lease_expiry, lease_item
from sagewatch.adapters.dynamodb.sessions import session_item, session_key
from sagewatch.alerts.ports import Lease
from sagewatch.errors import ThrottledError
from sagewatch.idle.ports import LeaseGrant, Leases
from sagewatch.idle.state import CLAIMED_FOR
from sagewatch.notebooks.session import Session, StopCall
from sagewatch.standing.idling.ports import ResourceLeases

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FAILED = "ConditionalCheckFailed"
# Of two buttons pressed within one second the later one counts; earlier releases stored no more than the second.
_NOT_NEWER = (
    "attribute_not_exists(pk) OR written_at < :written_at OR (written_at = :written_at AND "
    "(attribute_not_exists(pressed_at) OR pressed_at <= :pressed_at))"
)
_UNCLAIMED = "attribute_not_exists(stop_call) OR stop_call.#at <= :stale"


class _Exclusion:
    """Writes leases, each in one transaction with a check of who is ending what it keeps."""

    def __init__(self, client: "DynamoDBClient", state: str, home: str | None = None) -> None:
        self._client = client
        self._state = state
        self._home = home

    def _grant(self, key: dict[str, str], claims: dict[str, Any], lease: Lease, now: datetime) -> LeaseGrant:
        put = {
            "Item": to_item({**key, **lease_item(lease), "expires_at": lease_expiry(lease)}),
            "ConditionExpression": _NOT_NEWER,
            "ExpressionAttributeValues": to_item(
                {f":{name}": lease_item(lease)[name] for name in ("written_at", "pressed_at")}
            ),
        }
        unclaimed = {
            "Key": claims,
            "ConditionExpression": f"attribute_not_exists(pk) OR {_UNCLAIMED}",
            "ExpressionAttributeNames": {"#at": "at"},
            "ExpressionAttributeValues": to_item({":stale": _stale(now)}),
        }
        overtaken, claimed = self._write({"Put": put}, {"ConditionCheck": unclaimed})
        if claimed:
            return LeaseGrant.STOPPING
        return LeaseGrant.OVERTAKEN if overtaken else LeaseGrant.GRANTED

    def _write(self, *parts: dict[str, dict[str, Any]]) -> tuple[bool, ...]:
        """Write all parts or none; say of each whether its condition failed."""
        items: Any = [{kind: {"TableName": self._state, **part} for kind, part in each.items()} for each in parts]
        with translated("dynamodb:TransactWriteItems on a lease and a session"):
            try:
                self._client.transact_write_items(TransactItems=items)
            except ClientError as exc:
                if code_of(exc) != "TransactionCanceledException":
                    raise
                failed = _failed(exc)
                if not any(failed):  # two transactions met
                    raise ThrottledError("dynamodb:TransactWriteItems: conflict", retry_after=1) from exc
                return failed
        return (False,) * len(parts)


class DynamoLeases(_Exclusion, Leases):
    """Writes the leases and stop calls of notebooks into WatchState."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:PutItem", "dynamodb:ConditionCheckItem")

    @override
    def grant(self, arn: str, region: str, lease: Lease, now: datetime) -> LeaseGrant:
        key = lease_key(arn, region, self._home, NOTEBOOKS)
        return self._grant(key, session_key(arn, region, self._home), lease, now)

    @override
    def claim_stop(self, session: Session, call: StopCall, seen: Lease | None) -> bool:
        put = {
            "Item": session_item(replace(session, stop_call=call), self._home),
            "ConditionExpression": f"#since = :since AND ({_UNCLAIMED} OR stop_call.#by = :by)",
            "ExpressionAttributeNames": {"#since": "since", "#at": "at", "#by": "by"},
            "ExpressionAttributeValues": to_item(
                {":since": session.since.isoformat(), ":stale": _stale(call.at), ":by": call.by}
            ),
        }
        check = {"Key": to_item(lease_key(session.arn, session.region, self._home)), **_unchanged(seen)}
        return not any(self._write({"Put": put}, {"ConditionCheck": check}))


class DynamoResourceLeases(_Exclusion, ResourceLeases):
    """Writes the leases of standing resources, and who is ending one, into WatchState."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = (
        "dynamodb:PutItem",
        "dynamodb:DeleteItem",
        "dynamodb:ConditionCheckItem",
    )

    @override
    def grant(self, arn: str, region: str, lease: Lease, now: datetime) -> LeaseGrant:
        key = lease_key(arn, region, self._home, RESOURCES)
        return self._grant(key, to_item(claim_key(arn, region, self._home)), lease, now)

    @override
    def claim(self, arn: str, region: str, by: str, now: datetime, seen: Lease | None) -> bool:
        key = claim_key(arn, region, self._home)
        call = {"stop_call": {"by": by, "at": now.isoformat()}}
        put = {
            "Item": to_item({**key, **call, "expires_at": int((now + CLAIMED_FOR).timestamp())}),
            "ConditionExpression": f"{_UNCLAIMED} OR stop_call.#by = :by",
            "ExpressionAttributeNames": {"#at": "at", "#by": "by"},
            "ExpressionAttributeValues": to_item({":stale": _stale(now), ":by": by}),
        }
        check = {"Key": to_item(lease_key(arn, region, self._home, RESOURCES)), **_unchanged(seen)}
        return not any(self._write({"Put": put}, {"ConditionCheck": check}))

    @override
    def release(self, arn: str, region: str, by: str) -> None:
        with translated("dynamodb:DeleteItem on a claim"):
            try:
                self._client.delete_item(
                    TableName=self._state,
                    Key=to_item(claim_key(arn, region, self._home)),
                    ConditionExpression="attribute_not_exists(pk) OR stop_call.#by = :by",
                    ExpressionAttributeNames={"#by": "by"},
                    ExpressionAttributeValues=to_item({":by": by}),
                )
            except ClientError as exc:
                if code_of(exc) != "ConditionalCheckFailedException":
                    raise


def _unchanged(seen: Lease | None) -> dict[str, Any]:
    """Build the condition that the stored lease is the one that was seen, or that there is none."""
    if seen is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    facts = {name: value for name, value in lease_item(seen).items() if name != "pressed_at"}
    return {
        "ConditionExpression": " AND ".join(f"#{name} = :{name}" for name in facts),
        "ExpressionAttributeNames": {f"#{name}": name for name in facts},
        "ExpressionAttributeValues": to_item({f":{name}": value for name, value in facts.items()}),
    }


def _stale(now: datetime) -> str:
    return (now - CLAIMED_FOR).isoformat()


def _failed(error: ClientError) -> tuple[bool, ...]:
    reasons: Any = error.response.get("CancellationReasons", [])
    return tuple(reason.get("Code") == _FAILED for reason in reasons)
