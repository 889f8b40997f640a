"""DynamoDB's request units of a call, by AWS's published rules; the emulated tables only count items.

Developer guide: "DynamoDB read and write operations", "DynamoDB Item sizes and formats", "Managing complex workflows
with DynamoDB transactions", and "Provisioned throughput considerations for Global Secondary Indexes".
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_READ, _WRITE = 4096, 1024
_LEAST = 1  # byte: what is not there is billed as the smallest item

type Item = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Index:
    """A global secondary index: the attributes of its key, and those it keeps; ``None`` is all."""

    key: Sequence[str]
    keeps: frozenset[str] | None = None

    def entry(self, item: Item | None) -> Item | None:
        """What the index keeps of an item; ``None`` if the item lacks a part of the key."""
        if not item or not all(name in item for name in self.key):
            return None
        return {name: value for name, value in item.items() if self.keeps is None or name in self.keeps}


def size(item: Item) -> int:
    """Bytes of an item: those of its names and of its values."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: Mapping[str, Any]) -> int:
    kind: str
    inner: Any
    [(kind, inner)] = value.items()
    match kind:
        case "S":
            return len(inner.encode())
        case "N":  # a byte for two significant digits, and one
            digits = inner.lstrip("-").replace(".", "").strip("0")
            return math.ceil(len(digits) / 2) + 1 + int(inner.startswith("-"))
        case "SS" | "NS":
            return sum(_value({kind[0]: each}) for each in inner)
        case "L":
            return 3 + sum(_value(each) + 1 for each in inner)
        case "M":
            return 3 + sum(len(name.encode()) + _value(each) + 1 for name, each in inner.items())
        case _:  # true, false or null
            return 1


def read_units(call: Mapping[str, Any]) -> float:
    """Units of a read: a query is rounded up as a whole, other reads item by item."""
    items, asked = call["read"], call["asked"]
    if call["operation"] == "Query":
        sizes = [max(_LEAST, sum(map(size, items)))]
        consistent = asked.get("ConsistentRead", False)
    else:
        sizes = [max(_LEAST, size(item)) for item in items]
        tables = asked.get("RequestItems", {"": asked}).values()
        consistent = any(table.get("ConsistentRead", False) for table in tables)
    return sum(math.ceil(each / _READ) for each in sizes) * (1 if consistent else 0.5)


def write_units(call: Mapping[str, Any], indexes: Mapping[str, Sequence[Index]]) -> float:
    """Units of a write: the larger of the item before and after, twice in a transaction, and those of its indexes."""
    twice = 2 if call["operation"] == "TransactWriteItems" else 1
    changes = zip(call["tables"], call["before"], call["after"], strict=True)
    return sum(
        twice * _written(before, after) + sum(_of_indexes(indexes.get(table, ()), before, after))
        for table, before, after in changes
    )


def _written(*items: Item | None) -> int:
    return math.ceil(max(size(item) if item else _LEAST for item in items) / _WRITE)


def _of_indexes(indexes: Sequence[Index], before: Item | None, after: Item | None) -> Iterator[int]:
    for index in indexes:
        was, now = index.entry(before), index.entry(after)
        if was == now:
            continue
        moved = was and now and any(was[name] != now[name] for name in index.key)
        yield _written(was) + _written(now) if moved else _written(was, now)
