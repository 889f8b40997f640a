"""Write rows to the CostLedger table, each in one transaction with the marks of the totals that it changes."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, translated
from sagewatch.adapters.dynamodb.items import from_item, to_item
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.errors import RequestRefusedError, ThrottledError
from sagewatch.ledger.ports import Ledger
from sagewatch.ledger.records import CostRecord
from sagewatch.ledger.totals import Sum, sums_of, sums_with
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES, _BETWEEN_TRIES = 6, 0.05  # seconds, doubling: other children of one parent mark the same roll-up
_ABSENT: Mapping[str, Any] = {"ConditionExpression": "attribute_not_exists(resource_arn)"}
# ``supersedes``, as a condition. A warm pool that is not known has no attribute.
_LESS_IS_KNOWN = "pricing = :provisional AND (attribute_not_exists(warm_pool_seconds) OR warm_pool_seconds < :pool)"


class DynamoLedger(Ledger):
    """Writes rows. A row, its marks and those of the row that it replaces are one transaction.

    The mark of today is not part of it, because all writers of a day would write that one item. Each process sets it
    before its first row of the day, and it stays until the day is over.
    """

    PERMISSIONS: ClassVar = ("dynamodb:PutItem",)

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        marks: DynamoStaleTotals,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._marks = marks
        self._sleep = sleep

    @override
    def put(self, row: CostRecord) -> bool:
        there = self._write(row, _ABSENT, sums_with(row))
        for _ in range(_RACES):
            if there is None:
                return True
            condition = _worse(row, there)
            if not condition:
                return False
            before, there = there, self._write(row, condition, (*sums_with(row), *_sums_of(there)))
            if there == before:
                return False
        return there is None

    def _write(self, row: CostRecord, condition: Mapping[str, Any], sums: tuple[Sum, ...]) -> dict[str, Any] | None:
        """Write a row on a condition. Return the row that is there, if the condition refuses it."""
        item, answers = to_item(asdict(row)), {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        put: Any = {"TableName": self._table, "Item": item, **condition, **answers}
        marks = [self._marks.put_request(changed) for changed in self._not_yet_marked(sums)]
        return self._try(row, [put, *marks])

    def _try(self, row: CostRecord, puts: Sequence[Any]) -> dict[str, Any] | None:
        for number in range(_TRIES):
            with translated("dynamodb:PutItem on the ledger"):
                try:
                    self._send(puts)
                except ClientError as exc:
                    refused = _refused(exc)
                    if refused is not None:
                        return refused
                else:
                    return None
            self._sleep(_BETWEEN_TRIES * 2**number * random.uniform(0.5, 1))  # noqa: S311 - jitter
        raise ThrottledError(f"dynamodb:PutItem on the ledger: others write the totals of {row.resource_arn}")

    def _send(self, puts: Sequence[Any]) -> None:
        """Write all or nothing. A transaction costs twice the write units of a put, so a single put is none."""
        if len(puts) == 1:
            self._client.put_item(**puts[0])
        else:
            self._client.transact_write_items(TransactItems=[{"Put": put} for put in puts])

    def _not_yet_marked(self, sums: tuple[Sum, ...]) -> Iterator[Sum]:
        for changed in dict.fromkeys(sums):
            if self._marks.is_today(changed):
                self._marks.add(changed)
            else:
                yield changed


_RACES = 3  # with other writers of one row


def _refused(error: ClientError) -> dict[str, Any] | None:
    """Return the row that a condition found, or ``None`` if another writer was in the way. Raises all other errors."""
    if code_of(error) == "ConditionalCheckFailedException":
        there: Any = error.response
        return from_item(there.get("Item", {}))
    if code_of(error) != "TransactionCanceledException":
        raise error
    reasons: list[Any] = error.response.get("CancellationReasons", [])
    if reasons and reasons[0].get("Code") == "ConditionalCheckFailed":
        return from_item(reasons[0].get("Item", {}))
    if any(reason.get("Code") == "ValidationError" for reason in reasons):
        raise RequestRefusedError("dynamodb:PutItem on the ledger: a part of the transaction is invalid") from error
    return None


def _worse(row: CostRecord, there: Mapping[str, Any]) -> dict[str, Any]:
    """The condition that the row supersedes the one that is there; none if it supersedes no row at all.

    The day and the parent must be those that were read: their totals are marked with the row.
    """
    places = {f":{number}": name for number, name in enumerate(PricingStatus) if row.pricing.outranks(name)}
    conditions = [f"pricing IN ({', '.join(places)})"] if places else []
    values: dict[str, object] = {**places}
    if row.pricing is PricingStatus.PROVISIONAL and row.warm_pool_seconds:
        conditions.append(f"({_LESS_IS_KNOWN})")
        values |= {":provisional": row.pricing, ":pool": row.warm_pool_seconds}
    if not conditions:
        return {}
    same, same_values = _unchanged(there)
    return {
        "ConditionExpression": f"({' OR '.join(conditions)}) AND {same}",
        "ExpressionAttributeValues": to_item(values | same_values),
    }


def _unchanged(there: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    values = {f":{name}": there[name] for name in ("ended_on", "parent_arn") if name in there}
    clauses = (
        f"{name} = :{name}" if name in there else f"attribute_not_exists({name})" for name in ("ended_on", "parent_arn")
    )
    return " AND ".join(clauses), values


def _sums_of(row: Mapping[str, Any]) -> tuple[Sum, ...]:
    """The totals a stored row is in; none for a row whose kind or day a later version wrote."""
    kind, ended_on, parent = row.get("kind"), row.get("ended_on"), row.get("parent_arn")
    if not isinstance(kind, str) or kind not in set(ResourceKind) or not isinstance(ended_on, str):
        return ()
    return sums_of(ResourceKind(kind), row["resource_arn"], ended_on, parent if isinstance(parent, str) else None)
