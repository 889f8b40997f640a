"""The index of open jobs: items of WatchState, with their milestones and snoozes."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched
from typing import TYPE_CHECKING, Any, ClassVar, override

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, translated
from sagewatch.adapters.dynamodb.items import from_item, pages, read_keys, to_item
from sagewatch.adapters.dynamodb.leases import lease_item, read_lease
from sagewatch.adapters.dynamodb.stored_values import count_of, moment_of, text_of
from sagewatch.alerts.ports import Lease
from sagewatch.clock import Clock, iso
from sagewatch.errors import SageWatchError, ThrottledError, UnreadableError
from sagewatch.jobs.ports import OpenJob, OpenJobReader, OpenJobs, Snoozes, TrackedJobs
from sagewatch.ledger.records import key_time
from sagewatch.pricing.job_cost import unbilled_as
from sagewatch.sagemaker.fields import REGION
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sagemaker.resources import InstanceGroup, Job, Key, job_to_describe
from sagewatch.sagemaker.scopes import Scope, stored_scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


# The longest a job can run is a tuning job's 182 days (botocore, MaxRuntimeInSeconds). An older one that is put in
# late has yet to be looked at.
_OPEN_FOR, _LOOKED_AT_WITHIN = timedelta(days=200), timedelta(days=14)

_TOGETHER = 50  # jobs: a transaction has a hundred parts at most
_ADDING = "dynamodb:TransactWriteItems on the open jobs"


class DynamoOpenJobReader(OpenJobReader):
    """Reads the index of open jobs from WatchState."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str, home: str | None = None) -> None:
        self._client = client
        self._state = state
        self._home = home

    @override
    def of_region(self, region: str) -> Iterator[OpenJob]:
        return (entry for _, entry in self._after(region, None) if not isinstance(entry, UnreadableError))

    def _after(self, region: str, key: str | None) -> Iterator[tuple[str, OpenJob | UnreadableError]]:
        partition = _pk(region, self._home)
        start = {"ExclusiveStartKey": to_item({"pk": partition, "sk": key})} if key else {}
        for item in pages(self._client, self._state, partition, **start):
            try:
                yield item["sk"], _open_job(item)
            except UnreadableError as exc:
                yield item["sk"], exc


class DynamoOpenJobs(DynamoOpenJobReader, OpenJobs):
    """The index of open jobs in WatchState. A job is put in together with a check of the ledger."""

    PERMISSIONS = (
        "dynamodb:ConditionCheckItem",
        "dynamodb:UpdateItem",
        "dynamodb:GetItem",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
    )

    def __init__(
        self, client: "DynamoDBClient", *, state: str, ledger: str, clock: Clock, home: str | None = None
    ) -> None:
        super().__init__(client, state, home)
        self._ledger = ledger
        self._clock = clock

    @override
    def after(self, region: str, key: str | None) -> Iterator[tuple[str, OpenJob | UnreadableError]]:
        return self._after(region, key)

    @override
    def add(self, job: Job, *, provisional: bool = False, backfilled_at: datetime | None = None) -> bool:
        """Put a job in with one transaction, so that a late start can never reopen a recorded end."""
        parts = self._adding(job, provisional=provisional, backfilled_at=backfilled_at)
        with translated(_ADDING):
            try:
                self._client.transact_write_items(TransactItems=parts)
            except ClientError as exc:
                if code_of(exc) != "TransactionCanceledException":
                    raise
                if _condition_failed(exc):
                    return False
                raise ThrottledError(f"the open job {job.name} is being written by another invocation") from exc
        return True

    @override
    def add_all(self, jobs: Sequence[Job], *, backfilled_at: datetime | None = None) -> None:
        """Fifty jobs are one transaction. If it fails, each of them has its own."""
        for batch in batched(jobs, _TOGETHER, strict=False):
            parts = [part for job in batch for part in self._adding(job, backfilled_at=backfilled_at)]
            with translated(_ADDING):
                try:
                    self._client.transact_write_items(TransactItems=parts)
                except ClientError:
                    for job in batch:
                        self.add(job, backfilled_at=backfilled_at)

    def _adding(self, job: Job, *, backfilled_at: datetime | None, provisional: bool = False) -> list[Any]:
        """The parts of a transaction: the ledger has no end of the job, and its item."""
        created_at = key_time(job)
        facts = {"resource_arn": job.arn, "resource_name": job.name, "kind": job.kind, "region": job.region}
        runs = {"role_arn": job.role_arn, "groups": [asdict(group) for group in job.groups] or None}
        expires = max(datetime.fromisoformat(created_at) + _OPEN_FOR, self._clock() + _LOOKED_AT_WITHIN)
        times = {"created_at": created_at, "expires_at": int(expires.timestamp())}
        state = {"provisional": provisional, "backfilled_at": backfilled_at and iso(backfilled_at)}
        billed = {"unbilled": unbilled} if (unbilled := unbilled_as(job)) else {}  # a listing does not know: keep it
        changed = _setting({**facts, **runs, **times, **state, **billed})
        change = {"TableName": self._state, "Key": _open_key(job, self._home), **changed}
        key = to_item({"resource_arn": job.arn, "created_at": created_at})
        absent = {"TableName": self._ledger, "Key": key, "ConditionExpression": "attribute_not_exists(resource_arn)"}
        return [{"ConditionCheck": absent}, {"Update": change}]

    @override
    def mark_provisional(self, job: Job) -> bool:
        change = _setting({"provisional": True, "warm_pool_seconds": job.warm_pool_seconds or 0})
        return _update(self._client, self._state, _open_key(job, self._home), change)

    @override
    def mark_alerted(self, job: Job, milestones: Collection[str]) -> bool:
        change = {
            "UpdateExpression": "ADD told :milestones",
            "ExpressionAttributeValues": to_item({":milestones": set(milestones)}),
        }
        return _update(self._client, self._state, _open_key(job, self._home), change)

    @override
    def find(self, job: Job) -> OpenJob | None:
        return _find(self._client, self._state, _open_key(job, self._home))

    @override
    def remove(self, job: Job) -> None:
        with translated("dynamodb:DeleteItem on the open jobs"):
            self._client.delete_item(TableName=self._state, Key=_open_key(job, self._home))


class DynamoTrackedJobs(TrackedJobs):
    """Looks up which listed jobs the index of open jobs in WatchState has. A hundred jobs are one call."""

    PERMISSIONS: ClassVar = ("dynamodb:BatchGetItem",)

    def __init__(self, client: "DynamoDBClient", state: str, home: str | None = None) -> None:
        self._client = client
        self._state = state
        self._home = home

    @override
    def tracked(self, region: str, jobs: Sequence[ListedJob]) -> AbstractSet[Key]:
        keys = {f"{arn}#{created_at}": (arn, created_at) for arn, created_at in (job.key for job in jobs)}
        partition = _pk(region, self._home)
        found = read_keys(self._client, self._state, [{"pk": partition, "sk": name} for name in sorted(keys)])
        return {keys[key["sk"]] for key in found}


class DynamoSnoozes(Snoozes):
    """Reads and writes the snoozes of open jobs in WatchState."""

    PERMISSIONS: ClassVar = ("dynamodb:GetItem", "dynamodb:UpdateItem")

    def __init__(self, client: "DynamoDBClient", state: str, home: str | None = None) -> None:
        self._client = client
        self._state = state
        self._home = home

    @override
    def find(self, job: Job) -> OpenJob | None:
        return _find(self._client, self._state, _open_key(job, self._home))

    @override
    def snooze(self, job: Job, lease: Lease) -> bool:
        return _update(self._client, self._state, _open_key(job, self._home), _setting({"snooze": lease_item(lease)}))


def _find(client: "DynamoDBClient", table: str, key: Mapping[str, Any]) -> OpenJob | None:
    with translated("dynamodb:GetItem on the open jobs"):
        answer = client.get_item(TableName=table, Key=key, ConsistentRead=True)
    return _open_job(from_item(answer["Item"])) if "Item" in answer else None


def _setting(facts: Mapping[str, object]) -> dict[str, Any]:
    """Build an update that sets known facts and removes unknown ones; other attributes stay."""
    names = {f"#{number}": name for number, name in enumerate(facts)}
    known = [place for place, name in names.items() if facts[name] is not None]
    unknown = [place for place in names if place not in known]
    change = "SET " + ", ".join(f"{place} = :{place[1:]}" for place in known)
    return {
        "UpdateExpression": f"{change} REMOVE {', '.join(unknown)}" if unknown else change,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": to_item({f":{place[1:]}": facts[names[place]] for place in known}),
    }


def _update(client: "DynamoDBClient", table: str, key: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
    """Change a job's item, if it is there: a job that has ended meanwhile is not put in again."""
    with translated("dynamodb:UpdateItem on the open jobs"):
        try:
            client.update_item(TableName=table, Key=key, ConditionExpression="attribute_exists(pk)", **change)
        except client.exceptions.ConditionalCheckFailedException:
            return False
    return True


def _open_job(item: Mapping[str, Any]) -> OpenJob:
    """Read an item; attributes it does not know are ignored. Raises ``UnreadableError``, which names the item."""
    try:
        return _read(item)
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, SageWatchError) as exc:
        raise UnreadableError(f"open job {item['pk']} {item['sk']}: {type(exc).__name__}") from exc


def _read(item: Mapping[str, Any]) -> OpenJob:
    kind, region = ResourceKind(item["kind"]), text_of(item["region"])
    if not KIND_FACTS[kind].is_job or not re.fullmatch(REGION, region):
        raise ValueError("not a job of a region")
    job = job_to_describe(
        kind=kind,
        name=text_of(item["resource_name"]),
        arn=item["resource_arn"],
        region=region,
        created_at=moment_of(item["created_at"]),
        role_arn=item.get("role_arn"),
        groups=tuple(
            InstanceGroup(text_of(group["instance_type"]), count_of(group["count"])) for group in item.get("groups", ())
        ),
    )
    backfilled_at = item.get("backfilled_at")
    return OpenJob(
        job,
        item.get("provisional", False),
        None if backfilled_at is None else moment_of(backfilled_at),
        frozenset(item.get("told", ())),
        read_lease(item["snooze"]) if "snooze" in item else None,
        item.get("unbilled"),
        count_of(item.get("warm_pool_seconds", Decimal(0))),
    )


def _pk(scope: Scope, home: str | None) -> str:
    return f"open-job#{stored_scope(scope, home)}"


def _open_key(job: Job, home: str | None) -> dict[str, Any]:
    return to_item({"pk": _pk(job.scope, home), "sk": f"{job.arn}#{key_time(job)}"})


def _condition_failed(error: ClientError) -> bool:
    reasons = error.response.get("CancellationReasons", [])
    return any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons)
