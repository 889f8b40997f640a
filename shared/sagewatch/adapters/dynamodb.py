"""Both tables: the rows of the ledger, and the index of open jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, translated
from sagewatch.costs import Pricing
from sagewatch.errors import ThrottledError
from sagewatch.ports import Clock
from sagewatch.records import CostRecord, iso, key_time
from sagewatch.resources import InstanceGroup, Job, JobKind, job_to_describe
from sagewatch.stores import OpenJob, Put
from sagewatch.totals import Sum, sums_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize

# The longest a job can run is a tuning job's 182 days (botocore, MaxRuntimeInSeconds). An older one that is put in
# late has yet to be looked at.
_OPEN_FOR, _LOOKED_AT_WITHIN = timedelta(days=200), timedelta(days=14)


def to_item(values: Mapping[str, object]) -> dict[str, Any]:
    """Turn a row into DynamoDB's attribute values. What is ``None`` is left out: not known is not stored."""
    return {name: _serialize(_plain(value)) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Turn DynamoDB's attribute values into plain ones."""
    return {name: _deserialize(value) for name, value in item.items()}


def query(  # noqa: PLR0913 - what DynamoDB's Query takes
    client: "DynamoDBClient",
    table: str,
    partition: str,
    sk_from: str = " ",
    sk_to: str = "~",
    *,
    consistent: bool = False,
) -> list[dict[str, Any]]:
    """Read a partition of WatchState, whole or from one sort key to another; ``consistent`` as it is this moment."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk AND sk BETWEEN :from AND :to",
        ExpressionAttributeValues=to_item({":pk": partition, ":from": sk_from, ":to": sk_to}),
        ConsistentRead=consistent,
    )
    with translated("dynamodb:Query on the state"):
        return [from_item(item) for page in pages for item in page["Items"]]


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value  # boto3 refuses enums, even those that are strings


class DynamoLedger:
    """The ``Ledger`` port on the CostLedger table."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem",)

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Keep the client and the table's name."""
        self._client = client
        self._table = table

    def put(self, row: CostRecord) -> Put:
        """See ``Ledger.put``."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(resource_arn)"}
        if worse := [name for name in Pricing if row.pricing.outranks(name)]:
            places = {f":{number}": _serialize(name.value) for number, name in enumerate(worse)}
            condition["ConditionExpression"] += f" OR pricing IN ({', '.join(places)})"
            condition["ExpressionAttributeValues"] = places
        with translated("dynamodb:PutItem on the ledger"):
            try:
                item = to_item(asdict(row))
                answer = self._client.put_item(TableName=self._table, Item=item, ReturnValues="ALL_OLD", **condition)
            except self._client.exceptions.ConditionalCheckFailedException:
                return Put(written=False)
        return Put(written=True, replaced=_sums_of(from_item(answer.get("Attributes", {}))))


def _sums_of(row: Mapping[str, Any]) -> tuple[Sum, ...]:
    if not row:
        return ()
    return sums_of(JobKind(row["kind"]), row["resource_arn"], row["ended_on"], row.get("parent_arn"))


class DynamoOpenJobList:
    """The ``OpenJobList`` port: items of WatchState."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        """Keep the client and the table's name."""
        self._client = client
        self._state = state

    def of_region(self, region: str) -> Sequence[OpenJob]:
        """See ``OpenJobList.of_region``."""
        return [_open_job(item) for item in query(self._client, self._state, f"open-job#{region}")]


class DynamoOpenJobs(DynamoOpenJobList):
    """The ``OpenJobs`` port: items of WatchState, put in together with a look at the ledger."""

    PERMISSIONS = ("dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query")

    def __init__(self, client: "DynamoDBClient", *, state: str, ledger: str, clock: Clock) -> None:
        """Keep the client and both tables' names."""
        super().__init__(client, state)
        self._ledger = ledger
        self._clock = clock

    def add(self, job: Job, *, provisional: bool = False, backfilled_at: datetime | None = None) -> bool:
        """See ``OpenJobs.add``. One transaction, so that a late start can never reopen a recorded end."""
        created_at = key_time(job)
        facts = {"resource_arn": job.arn, "resource_name": job.name, "kind": job.kind, "region": job.region}
        runs = {"role_arn": job.role_arn, "groups": [asdict(group) for group in job.groups] or None}
        expires = max(datetime.fromisoformat(created_at) + _OPEN_FOR, self._clock() + _LOOKED_AT_WITHIN)
        times = {"created_at": created_at, "expires_at": int(expires.timestamp())}
        state = {"provisional": provisional, "backfilled_at": backfilled_at and iso(backfilled_at)}
        item = {**_open_key(job), **to_item({**facts, **runs, **times, **state})}
        key = to_item({"resource_arn": job.arn, "created_at": created_at})
        with translated("dynamodb:TransactWriteItems on the open jobs"):
            try:
                self._client.transact_write_items(
                    TransactItems=[
                        {
                            "ConditionCheck": {
                                "TableName": self._ledger,
                                "Key": key,
                                "ConditionExpression": "attribute_not_exists(resource_arn)",
                            }
                        },
                        {"Put": {"TableName": self._state, "Item": item}},
                    ]
                )
            except ClientError as exc:
                if code_of(exc) != "TransactionCanceledException":
                    raise
                if _condition_failed(exc):
                    return False
                raise ThrottledError(f"the open job {job.name} is being written by somebody else") from exc
        return True

    def remove(self, job: Job) -> None:
        """See ``OpenJobs.remove``."""
        with translated("dynamodb:DeleteItem on the open jobs"):
            self._client.delete_item(TableName=self._state, Key=_open_key(job))


def _open_job(item: Mapping[str, Any]) -> OpenJob:
    job = job_to_describe(
        kind=JobKind(item["kind"]),
        name=item["resource_name"],
        arn=item["resource_arn"],
        region=item["region"],
        created_at=datetime.fromisoformat(item["created_at"]),
        role_arn=item.get("role_arn"),
        groups=tuple(InstanceGroup(group["instance_type"], int(group["count"])) for group in item.get("groups", ())),
    )
    backfilled_at = item.get("backfilled_at")
    return OpenJob(job, item.get("provisional", False), backfilled_at and datetime.fromisoformat(backfilled_at))


def _open_key(job: Job) -> dict[str, Any]:
    return to_item({"pk": f"open-job#{job.region}", "sk": f"{job.arn}#{key_time(job)}"})


def _condition_failed(error: ClientError) -> bool:
    reasons = error.response.get("CancellationReasons", [])
    return any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons)
