"""DynamoDB's request units, against the examples of its developer guide."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bench.capacity import Index, read_units, size, write_units

KEY = {"pk": {"S": "a"}}
type Indexes = Mapping[str, Sequence[Index]]
NONE: Indexes = {}
BY_OWNER: Indexes = {"ledger": [Index(("owner",))]}


def item(size_in_bytes: int, **more: str) -> dict[str, Any]:
    """An item of that size, and more attributes."""
    return {**KEY, "x": {"S": "." * (size_in_bytes - 4)}, **{name: {"S": value} for name, value in more.items()}}


def reading(operation: str, *sizes: int, consistent: bool = False) -> float:
    """The units of a read of items of these sizes."""
    asked = {"RequestItems": {"state": {"ConsistentRead": consistent}}}
    alone = {"ConsistentRead": consistent}
    read = [item(each) if each else {} for each in sizes]
    return read_units({"operation": operation, "asked": asked if operation == "BatchGetItem" else alone, "read": read})


def writing(before: Any, after: Any, operation: str = "PutItem", indexes: Indexes = NONE) -> float:
    """The units of a write."""
    return write_units({"operation": operation, "tables": ["ledger"], "before": [before], "after": [after]}, indexes)


def test_an_item_has_the_bytes_of_its_names_and_values() -> None:
    """Numbers have a byte for two digits; lists and maps three, and one for each element."""
    assert size({"name": {"S": "\u00e9t\u00e9"}}) == 4 + 5
    assert size({"n": {"N": "1234567"}}) == 1 + 4 + 1
    assert size({"n": {"N": "-0.50"}}) == 1 + 1 + 1 + 1
    assert size({"b": {"BOOL": True}, "u": {"NULL": True}}) == 4
    assert size({"s": {"SS": ["ab", "c"]}}) == 1 + 3
    assert size({"l": {"L": [{"S": "ab"}, {"BOOL": False}]}}) == 1 + 3 + 3 + 2
    assert size({"m": {"M": {"key": {"S": "ab"}}}}) == 1 + 3 + 3 + 2 + 1
    assert size(item(3500)) == 3500


@pytest.mark.parametrize(
    ("operation", "sizes", "consistent", "expected"),
    [
        ("GetItem", (3500,), True, 1),
        ("GetItem", (3500,), False, 0.5),
        ("GetItem", (10_000,), True, 3),
        ("GetItem", (0,), False, 0.5),
        ("BatchGetItem", (1536, 6656), True, 3),
        ("Query", (1536, 6656), True, 2),
        ("Query", (), False, 0.5),
        ("Query", (4000,) * 10, False, 5),
    ],
)
def test_reads_are_rounded_up_to_four_kilobytes(
    operation: str, sizes: tuple[int, ...], *, consistent: bool, expected: float
) -> None:
    """A query as a whole, other reads item by item; half of it if not consistent; nothing is the smallest item."""
    assert reading(operation, *sizes, consistent=consistent) == expected


def test_writes_are_rounded_up_to_a_kilobyte() -> None:
    """The larger of before and after; a transaction writes twice; a refused write and an absent item cost one."""
    assert writing(None, item(500)) == 1
    assert writing(item(3000), item(500)) == 3
    assert writing(item(3000), None, "DeleteItem") == 3
    assert writing(None, item(1500), "TransactWriteItems") == 4
    assert writing(None, None) == 1


def test_an_index_is_written_if_what_it_keeps_changes() -> None:
    """Once for an entry that comes, changes or goes, twice for one that moves, and not at all else."""
    ana, ben = item(100, owner="ana"), item(100, owner="ben")
    key_alone = {"ledger": [Index(("owner",), frozenset({"owner", "pk"}))]}

    assert writing(None, ana, indexes=BY_OWNER) == 2
    assert writing(ana, None, indexes=BY_OWNER) == 2
    assert writing(ana, ben, indexes=BY_OWNER) == 3
    assert writing(ana, ana, indexes=BY_OWNER) == 1
    assert writing(ana, item(200, owner="ana"), indexes=BY_OWNER) == 2
    assert writing(ana, item(200, owner="ana"), indexes=key_alone) == 1
    assert writing(None, item(100), indexes=BY_OWNER) == 1
