"""Rows that are read by kind and by amount, in memory and by DynamoDB's own filter, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagewatch.adapters.dynamodb.ledger import DynamoLedgerRows
from sagewatch.adapters.dynamodb.ledger_writer import DynamoLedger
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.ledger.largest import LargestRows
from sagewatch.ledger.ports import Ledger, LedgerRows, RowFilter
from sagewatch.ledger.totals import LedgerRow
from sagewatch.sagemaker.kinds import ResourceKind
from tests.fakes.ledger import InMemoryLedger
from tests.worlds.aws import Aws
from tests.worlds.builders import NOW, a_row

DAY = "2026-11-20"
NOTEBOOK = ResourceKind.NOTEBOOK


class SmallPages:
    """A client whose pages hold one row each."""

    def __init__(self, client: Any) -> None:
        """Send what it sends."""
        self._client = client
        self.asked: list[dict[str, Any]] = []

    def query(self, **request: Any) -> Any:
        """Answer with the next row."""
        self.asked.append(request)
        return self._client.query(**request, Limit=1)


@dataclass
class Rows:
    """A ledger and its reader."""

    ledger: Ledger
    read: LedgerRows

    def add(self, name: str, usd: str | None, **changes: Any) -> None:
        """Write the row of a job that ended on the day, a minute after the one before."""
        self.ledger.put(a_row(resource_arn=f"arn:{name}", cost_usd=usd and Decimal(usd), **changes))

    def names(self, only: RowFilter) -> list[str]:
        """The names of what is read of the day."""
        return [row.resource_arn[4:] for row in self.read.of_day(DAY, only)]


def of_dynamodb(aws: Aws, tables: tuple[str, str]) -> tuple[Rows, SmallPages]:
    """Rows in pages of one."""
    client, (table, state) = aws.client("dynamodb"), tables
    pages: Any = SmallPages(client)
    marks = DynamoStaleTotals(client, state, lambda: NOW)
    return Rows(DynamoLedger(client, table, marks), DynamoLedgerRows(pages, table)), pages


@pytest.fixture(params=["in_memory", "dynamodb"])
def rows(request: pytest.FixtureRequest) -> Rows:
    """The same rows, twice."""
    if request.param == "in_memory":
        ledger = InMemoryLedger()
        return Rows(ledger, ledger)
    return of_dynamodb(request.getfixturevalue("aws"), request.getfixturevalue("tables"))[0]


def minute(number: int) -> dict[str, str]:
    """The end of a job, so many minutes past eleven."""
    return {"ended_at": f"{DAY}T11:{number:02}:00Z", "ended_on": DAY}


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (RowFilter(), "abcd"),
        (RowFilter(kind=NOTEBOOK), "bd"),
        (RowFilter(kind=NOTEBOOK, above=lambda: Decimal("1.99")), "abd"),
        (RowFilter(above=lambda: Decimal(2)), "d"),
        (RowFilter(above=lambda: None), "abcd"),
        (RowFilter(column="spot_savings_usd", above=lambda: Decimal(0)), "c"),
        (RowFilter(above=lambda: Decimal(-1)), "acd"),
    ],
    ids=["all", "a kind", "a kind or an amount", "an amount", "no limit yet", "what spot saved", "every known cost"],
)
def test_rows_are_read_by_kind_or_amount(rows: Rows, only: RowFilter, names: str) -> None:
    """By the time of their end. An unknown amount is above no limit, for it is not 0."""
    rows.add("a", "2", **minute(1))
    rows.add("b", None, kind=NOTEBOOK, **minute(2))
    rows.add("c", "0.5", spot_savings_usd=Decimal(1), **minute(3))
    rows.add("d", "2.01", kind=NOTEBOOK, **minute(4))

    assert rows.names(only) == list(names)


def test_an_owners_rows_are_read_by_amount_too(rows: Rows) -> None:
    """Through the owner's index."""
    rows.add("a", "2", **minute(1))
    rows.add("b", "3", **minute(2))
    found = rows.read.of_owner("ana@example.com", DAY, DAY, RowFilter(above=lambda: Decimal(2)))

    assert [row.resource_arn for row in found] == ["arn:b"]


def test_the_limit_rises_from_page_to_page(aws: Aws, tables: tuple[str, str]) -> None:
    """So less is sent, the more is known."""
    rows, pages = of_dynamodb(aws, tables)
    for number, usd in enumerate(("1", "3", "2", "4")):
        rows.add(usd, usd, **minute(number))
    largest = LargestRows(1, cost)
    largest.add(rows.read.of_day(DAY, RowFilter(above=largest.least)))

    limits = [asked["ExpressionAttributeValues"].get(":limit", {}).get("N") for asked in pages.asked]
    assert limits[:4] == [None, "1", "3", "3"]
    assert [row.resource_arn for row in largest.rows()] == ["arn:4"]


@pytest.mark.parametrize("odd", [{"NULL": True}, {"S": "7"}, {"L": []}], ids=str)
def test_a_row_whose_amount_is_no_number_hinders_no_other(
    aws: Aws, tables: tuple[str, str], odd: dict[str, Any]
) -> None:
    """Another version wrote it."""
    rows, _ = of_dynamodb(aws, tables)
    rows.add("a", "1", **minute(1))
    rows.add("b", "2", **minute(2))
    aws.client("dynamodb").update_item(
        TableName=tables[0],
        Key={"resource_arn": {"S": "arn:a"}, "created_at": {"S": a_row().created_at}},
        UpdateExpression="SET cost_usd = :odd",
        ExpressionAttributeValues={":odd": odd},
    )

    assert rows.names(RowFilter(above=lambda: Decimal(0))) == ["b"]


CENTS = st.lists(st.none() | st.integers(0, 3) | st.integers(0, 10**9), max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=CENTS, count=st.integers(1, 4))
def test_the_largest_rows_are_those_of_a_plain_sort(
    aws: Aws, tables: tuple[str, str], amounts: list[int | None], count: int
) -> None:
    """To the cent; of equal amounts the first ones, and unknown ones last."""
    rows, _ = of_dynamodb(aws, tables)
    for key in keys(aws, tables[0]):
        aws.client("dynamodb").delete_item(TableName=tables[0], Key=key)
    for number, cents in enumerate(amounts):
        rows.add(f"{number}", None if cents is None else f"{Decimal(cents) / 100}", **minute(number))
    largest = LargestRows(count, cost)
    largest.add(rows.read.of_day(DAY, RowFilter(above=largest.least)))

    found = [(int(row.resource_arn[4:]), row.cost_usd) for row in largest.rows()]
    plain = sorted(enumerate(amounts), key=lambda entry: (entry[1] is None, -(entry[1] or 0)))[:count]
    assert found == [(number, None if cents is None else Decimal(cents) / 100) for number, cents in plain]


def cost(row: LedgerRow) -> Decimal:
    """Unknown ones last."""
    return Decimal(-1) if row.cost_usd is None else row.cost_usd


def keys(aws: Aws, table: str) -> Iterator[dict[str, Any]]:
    """The keys of every row."""
    for item in aws.client("dynamodb").scan(TableName=table)["Items"]:
        yield {name: item[name] for name in ("resource_arn", "created_at")}
