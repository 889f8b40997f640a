"""The CostLedger table: rows read, families, roll-ups. ``ledger_writer`` writes rows."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import from_item, to_item
from sagewatch.adapters.dynamodb.ledger_query import query
from sagewatch.adapters.dynamodb.stored_rows import (
    AMOUNTS,
    COLUMNS,
    amounts_of,
    readable_rows,
    roll_up_row_of,
    row_of,
    run_of,
)
from sagewatch.adapters.dynamodb.stored_values import moment_of
from sagewatch.clock import iso
from sagewatch.errors import ThrottledError, UnreadableError
from sagewatch.ledger.families import PastRun
from sagewatch.ledger.ports import Families, LedgerKeys, LedgerRows, RecordedRun, RollUpRow, RollUps, RowFilter
from sagewatch.ledger.totals import Amounts, LedgerRow, RollUp
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sagemaker.resources import JobStatus, Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_BATCH = 100  # BatchGetItem takes no more keys
_TRIES, _BETWEEN_TRIES = 5, 0.1  # seconds, doubling


class DynamoLedgerKeys(LedgerKeys):
    """The ``LedgerKeys`` port."""

    PERMISSIONS: ClassVar = ("dynamodb:BatchGetItem", "dynamodb:Query")

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @override
    def recorded(self, jobs: Sequence[ListedJob]) -> AbstractSet[Key]:
        """A hundred jobs are one call."""
        keys = {job.key for job in jobs}
        return {key for batch in batched(sorted(keys), _BATCH, strict=False) for key in self._found(batch)}

    def _found(self, keys: Sequence[Key]) -> Iterator[Key]:
        wanted: Any = [to_item({"resource_arn": arn, "created_at": created_at}) for arn, created_at in keys]
        for number in range(_TRIES):
            request: Any = {self._table: {"Keys": wanted, "ProjectionExpression": "resource_arn, created_at"}}
            with translated("dynamodb:BatchGetItem on the ledger"):
                answer = self._client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(self._table, []):
                yield item["resource_arn"]["S"], item["created_at"]["S"]
            left: Mapping[str, Any] = answer.get("UnprocessedKeys", {})
            if self._table not in left:
                return
            wanted = left[self._table]["Keys"]
            time.sleep(_BETWEEN_TRIES * 2**number)
        raise ThrottledError("dynamodb:BatchGetItem on the ledger leaves keys unprocessed")

    @override
    def runs_of(self, arn: str) -> Sequence[RecordedRun]:
        columns = ("created_at", "ended_at", "status", "pricing")
        rows = query(self._client, self._table, None, {"resource_arn": arn}, columns, newest_first=True)
        runs = [(_moment(row.get("created_at")), _moment(row.get("ended_at")), _is_missed(row)) for row in rows]
        return [RecordedRun(created_at, ended_at, missed=missed) for created_at, ended_at, missed in runs if created_at]


def _is_missed(row: Mapping[str, Any]) -> bool:
    return (row.get("status"), row.get("pricing")) == (JobStatus.DELETING, PricingStatus.UNPRICED)


def _moment(value: object) -> datetime | None:
    """Read a stored time; ``None`` for what is none."""
    with suppress(ValueError, TypeError):
        return moment_of(value)
    return None


class DynamoLedgerRows(LedgerRows):
    """The ``LedgerRows`` port, on the ledger's indexes."""

    PERMISSIONS: ClassVar = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._unreadable: list[str] = []

    @override
    def of_day(self, day: str, only: RowFilter | None = None) -> Iterator[LedgerRow]:
        return self._each(row_of, "ByDay", {"ended_on": day}, COLUMNS, only=only)

    @override
    def amounts_of_day(self, day: str) -> Iterator[Amounts]:
        """Botocore reads a row in time that grows with its columns."""
        return self._each(amounts_of, "ByDay", {"ended_on": day}, AMOUNTS)

    @override
    def of_owner(self, owner: str, first_day: str, last_day: str, only: RowFilter | None = None) -> Iterator[LedgerRow]:
        days = (first_day, f"{last_day}~")
        return self._each(row_of, "ByOwner", {"owner": owner}, COLUMNS, between=days, only=only)

    @override
    def amounts_of_children(self, arn: str, since: str, until: str) -> Iterator[Amounts]:
        return self._each(amounts_of, "ByParent", {"parent_arn": arn}, AMOUNTS, between=(since, until))

    @override
    def take_unreadable(self) -> Sequence[str]:
        taken, self._unreadable = self._unreadable, []
        return taken

    def _each[T](  # noqa: PLR0913 - what a query takes
        self,
        read: Callable[[Mapping[str, Any]], T],
        index: str,
        key: Mapping[str, str],
        columns: Sequence[str],
        *,
        between: tuple[str, str] | None = None,
        only: RowFilter | None = None,
    ) -> Iterator[T]:
        items = query(self._client, self._table, index, key, columns, between=between, only=only)
        return readable_rows(items, read, "/".join(key.values()), self._unreadable.append)


class DynamoRollUps(RollUps):
    """The ``RollUps`` port."""

    PERMISSIONS: ClassVar = ("dynamodb:Query", "dynamodb:UpdateItem")

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @override
    def of(self, arn: str) -> Sequence[RollUpRow | UnreadableError]:
        columns = ("created_at", "ended_at", "parent_arn")
        rows = query(self._client, self._table, None, {"resource_arn": arn}, columns, newest_first=True)
        return [roll_up_row_of(arn, row) for row in rows]

    @override
    def save(self, row: RollUpRow, total: RollUp) -> None:
        """What is not known is taken out."""
        known = {":jobs": total.jobs, ":unpriced": total.unpriced_jobs, ":usd": total.cost_usd}
        amount = ", rollup_usd = :usd" if total.cost_usd is not None else " REMOVE rollup_usd"
        with translated("dynamodb:UpdateItem on the ledger"):
            self._client.update_item(
                TableName=self._table,
                Key=to_item({"resource_arn": row.arn, "created_at": row.created_at}),
                UpdateExpression=f"SET rollup_jobs = :jobs, rollup_unpriced_jobs = :unpriced{amount}",
                ConditionExpression="attribute_exists(resource_arn)",
                ExpressionAttributeValues=to_item(known),
            )


class DynamoFamilies(Families):
    """The ``Families`` port: one query, of as many items as are asked for or a megabyte of them (some 3,000)."""

    PERMISSIONS: ClassVar = ("dynamodb:Query", "dynamodb:BatchGetItem")

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @override
    def recent(self, family: str, since: datetime, most: int) -> Sequence[PastRun]:
        with translated("dynamodb:Query on the ledger ByFamily"):
            answer = self._client.query(
                TableName=self._table,
                IndexName="ByFamily",
                KeyConditionExpression="#family = :family AND ended_at >= :since",
                ExpressionAttributeNames={"#family": "family"},  # a reserved word
                ExpressionAttributeValues=to_item({":family": family, ":since": iso(since)}),
                ScanIndexForward=False,
                Limit=most,
            )
        items = (from_item(item) for item in answer["Items"])
        return list(readable_rows(items, run_of, family, _ignore))

    @override
    def instances(self, keys: Sequence[Key]) -> Sequence[str]:
        """The index of families does not hold what a job ran on, so the rows themselves are read."""
        if not keys:
            return []
        wanted = [to_item({"resource_arn": arn, "created_at": created_at}) for arn, created_at in keys[:_BATCH]]
        request: Any = {self._table: {"Keys": wanted, "ProjectionExpression": "instances"}}
        with translated("dynamodb:BatchGetItem on the ledger"):
            answer = self._client.batch_get_item(RequestItems=request)
        rows = map(from_item, answer["Responses"].get(self._table, []))
        return [row["instances"] for row in rows if row.get("instances")]


def _ignore(sentence: str) -> None:
    """A family's history only adds to a message; the log names the row."""
    del sentence
