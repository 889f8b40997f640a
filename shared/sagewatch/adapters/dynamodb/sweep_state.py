"""The state of sweeps in WatchState: regions in use, checkpoints, cursors, notices, and the totals of days."""

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import batched, groupby
from typing import TYPE_CHECKING, Any, ClassVar, override

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import between, from_item, query, readable, to_item
from sagewatch.adapters.dynamodb.stored_values import count_of, moment_of, text_of, usd_of
from sagewatch.clock import Clock, iso
from sagewatch.errors import UnreadableError
from sagewatch.jobs.ports import Checkpoint, Checkpoints, Cursor, Cursors, DailyNotices
from sagewatch.ledger.ports import TotalReader, TotalStore
from sagewatch.ledger.totals import Cell, DayTotal, Spend
from sagewatch.sagemaker.fields import REGION
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.ports import RegionReader, Regions
from sagewatch.sagemaker.scopes import Scope, account_in, region_of, stored_scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_REGIONS, _SCOPES, _CHECKPOINTS, _CURSORS, _NOTICES = "regions", "scopes", "checkpoints", "cursors", "notices"
_LONGEST_KEY = 200  # characters; a sort key has up to 1,024 bytes
_MOST_LAPS = 10**9  # a lap for each second of 30 years
_IN_USE_FOR = timedelta(days=400)  # an unused region is forgotten then
_KINDS = frozenset(ResourceKind)
_SPENT = frozenset(field.name for field in fields(Spend))
_CELLS = 250  # to an item, which may have 400 KB; owners are tag values of up to 256 characters


class DynamoRegionReader(RegionReader):
    """Reads the regions in use: those that were noted, and those that the operator named."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str, named: Iterable[str] = ()) -> None:
        self._client = client
        self._state = state
        self._named = frozenset(named)

    @override
    def in_use(self) -> AbstractSet[str]:
        return self._named | set(readable(query(self._client, self._state, _REGIONS), _region))

    def last_seen(self) -> Mapping[Scope, date]:
        """Return the day on which something was last new in each region of another account."""
        items = query(self._client, self._state, _SCOPES)
        return dict(readable(items, lambda item: (_scope(item), _noted_on(item))))

    @override
    def in_other_accounts(self) -> AbstractSet[Scope]:
        return set(readable(query(self._client, self._state, _SCOPES), _scope))


class DynamoRegions(DynamoRegionReader, Regions):
    """Reads and writes the regions in use. Each environment writes a region once a day."""

    PERMISSIONS = ("dynamodb:PutItem", "dynamodb:Query")

    def __init__(
        self,
        client: "DynamoDBClient",
        state: str,
        clock: Clock,
        named: Iterable[str] = (),
        home: str | None = None,
    ) -> None:
        super().__init__(client, state, named)
        self._clock = clock
        self._home = home
        self._noted: dict[Scope, str] = {}

    @override
    def add(self, scope: Scope) -> None:
        """Regions of other accounts are items of their own, which earlier releases do not read."""
        name, now = stored_scope(scope, self._home), self._clock()
        today = iso(now)[:10]
        if self._noted.get(name) != today:
            partition = _SCOPES if account_in(name) else _REGIONS
            item = {"pk": partition, "sk": name, "expires_at": int((now + _IN_USE_FOR).timestamp())}
            _put(self._client, self._state, item, "regions")
            self._noted[name] = today

    @override
    def has_noted(self, scope: Scope) -> bool:
        return self._noted.get(stored_scope(scope, self._home)) == iso(self._clock())[:10]


class DynamoCheckpoints(Checkpoints):
    """Keeps how far listings came."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem", "dynamodb:GetItem")

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def read(self, name: str) -> Checkpoint | None:
        with translated("dynamodb:GetItem on the checkpoints"):
            key = to_item({"pk": _CHECKPOINTS, "sk": name})
            answer = self._client.get_item(TableName=self._state, Key=key, ConsistentRead=True)
        item = from_item(answer.get("Item", {}))
        if not item:
            return None
        try:
            return Checkpoint(**{name: moment_of(item[name]) for name in ("top", "low", "floor") if name in item})
        except (ValueError, TypeError) as exc:
            raise UnreadableError(f"checkpoint {name}: {type(exc).__name__}") from exc

    @override
    def save(self, name: str, reached: Checkpoint) -> None:
        times = {name: time and iso(time) for name, time in asdict(reached).items()}
        _put(self._client, self._state, {"pk": _CHECKPOINTS, "sk": name, **times}, "checkpoints")


class DynamoCursors(Cursors):
    """Keeps how far sweeps have inspected the open jobs."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem", "dynamodb:GetItem")

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def read(self, name: str) -> Cursor:
        """Read a cursor; one that cannot be read is as good as none."""
        with translated("dynamodb:GetItem on the cursors"):
            key = to_item({"pk": _CURSORS, "sk": name})
            item = from_item(self._client.get_item(TableName=self._state, Key=key, ConsistentRead=True).get("Item", {}))
        after, lap = item.get("after"), item.get("lap")
        counted = int(lap) if isinstance(lap, Decimal) and 0 <= lap < _MOST_LAPS else 0
        return Cursor(after if isinstance(after, str) and after else None, counted)

    @override
    def save(self, name: str, cursor: Cursor) -> None:
        _put(self._client, self._state, {"pk": _CURSORS, "sk": name, **asdict(cursor)}, "cursors")


class DynamoDailyNotices(DailyNotices):
    """Keeps which problems were reported today."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem",)

    def __init__(self, client: "DynamoDBClient", state: str, clock: Clock) -> None:
        self._client = client
        self._state = state
        self._clock = clock

    @override
    def first_today(self, subject: str) -> bool:
        now = self._clock()
        key = {"pk": _NOTICES, "sk": subject[:_LONGEST_KEY]}
        item = {**key, "noticed_on": iso(now)[:10], "expires_at": int((now + timedelta(days=2)).timestamp())}
        with translated("dynamodb:PutItem on the notices"):
            try:
                self._client.put_item(
                    TableName=self._state,
                    Item=to_item(item),
                    ConditionExpression="attribute_not_exists(pk) OR noticed_on <> :today",
                    ExpressionAttributeValues=to_item({":today": item["noticed_on"]}),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


class DynamoTotalReader(TotalReader):
    """Reads the totals of closed days: some items per day, one for every 250 pairs of kind and owner."""

    PERMISSIONS: ClassVar[tuple[str, ...]] = ("dynamodb:Query",)

    def __init__(self, client: "DynamoDBClient", state: str) -> None:
        self._client = client
        self._state = state

    @override
    def between(self, first_day: str, last_day: str) -> Mapping[str, DayTotal]:
        """A day's items are converted before the next day's are read: a thousand owners have four in each."""
        items = (
            item
            for month in _months(first_day, last_day)
            for item in between(self._client, self._state, f"totals#{month}", first_day, f"{last_day}~")
        )
        by_day = groupby(items, key=lambda item: item["sk"].partition("#")[0])
        days = ({"pk": "totals", "sk": day, "items": list(found)} for day, found in by_day)
        totals = readable(days, lambda day: _total(day["sk"], day["items"]))
        return {total.day: total for total in totals if total}


class DynamoTotalStore(DynamoTotalReader, TotalStore):
    """Reads and writes the totals of closed days."""

    PERMISSIONS = ("dynamodb:PutItem", "dynamodb:Query")

    @override
    def save(self, total: DayTotal) -> None:
        """Write the first item last, because it says how many items there are."""
        cells = [{**_plain(asdict(cell)), **asdict(spend)} for cell, spend in total.cells.items()]
        split = [{"account": account, **asdict(spend)} for account, spend in total.accounts.items()]
        accounts = {"accounts": split} if split else {}
        parts = list(batched(cells, _CELLS, strict=False)) or [()]
        for number, part in reversed(list(enumerate(parts))):
            key = {"pk": f"totals#{total.day[:7]}", "sk": f"{total.day}#{number:03}"}
            item = {**key, "day": total.day, "part": number, "parts": len(parts), "cells": list(part)}
            _put(self._client, self._state, item | (accounts if number == 0 else {}), "totals")


def _put(client: "DynamoDBClient", table: str, item: Mapping[str, object], what: str) -> None:
    with translated(f"dynamodb:PutItem on the {what}"):
        client.put_item(TableName=table, Item=to_item(item))


def _region(item: Mapping[str, Any]) -> str:
    name: str = item["sk"]
    if not re.fullmatch(REGION, name):
        raise UnreadableError(f"{name!r} is not a region")
    return name


def _scope(item: Mapping[str, Any]) -> Scope:
    name: Scope = item["sk"]
    if not re.fullmatch(r"\d{12}", account_in(name) or "") or not re.fullmatch(REGION, region_of(name)):
        raise UnreadableError(f"{name!r} is not a region of an account")
    return name


def _noted_on(item: Mapping[str, Any]) -> date:
    return (datetime.fromtimestamp(int(item["expires_at"]), UTC) - _IN_USE_FOR).date()


def _plain(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) for name, value in cell.items() if value is not None}


def _months(first_day: str, last_day: str) -> Sequence[str]:
    years = range(int(first_day[:4]), int(last_day[:4]) + 1)
    months = (f"{year}-{month:02}" for year in years for month in range(1, 13))
    return [month for month in months if first_day[:7] <= month <= last_day[:7]]


def _total(day: str, items: Sequence[Mapping[str, Any]]) -> DayTotal | None:
    """Items beyond the number the first one names are of an older, longer total; without the first it is being kept."""
    parts = next((item["parts"] for item in items if item["part"] == 0), None)
    if parts is None:
        return None
    cells = [cell for item in items if item["part"] < parts for cell in item["cells"]]
    if any(_SPENT - cell.keys() or cell["kind"] not in _KINDS for cell in cells):  # written by another version
        return None
    split = {part["account"]: _spend(part) for item in items if item["part"] == 0 for part in item.get("accounts", [])}
    return DayTotal(day, {_cell(cell): _spend(cell) for cell in cells}, split)


def _cell(cell: Mapping[str, Any]) -> Cell:
    owner = cell.get("owner")
    return Cell(ResourceKind(cell["kind"]), None if owner is None else text_of(owner))


def _spend(cell: Mapping[str, Any]) -> Spend:
    amounts: dict[str, Any] = {
        name: usd_of(value) if name.endswith("_usd") else count_of(value)
        for name, value in cell.items()
        if name in _SPENT  # a later version may write more amounts
    }
    return Spend(**amounts)
