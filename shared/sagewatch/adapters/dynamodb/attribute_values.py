"""DynamoDB's attribute values, as boto3 writes and reads them, without loading boto3."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from typing import Any

# What a number of DynamoDB can hold; another one raises instead of being rounded.
_NUMBER = Context(Emin=-128, Emax=126, prec=38, traps=[Clamped, Overflow, Inexact, Rounded, Underflow])

type AttributeValue = dict[str, Any]


def serialize(value: object) -> AttributeValue:
    """Write a value. Raises ``TypeError`` for a type that has no attribute value, such as ``float``."""
    match value:
        case str():
            return {"S": str(value)}  # an enum that is a string, too
        case bool() | None:
            return {"NULL": True} if value is None else {"BOOL": value}
        case int() | Decimal():
            return {"N": _number(value)}
        case Mapping():
            return {"M": {name: serialize(inner) for name, inner in value.items()}}
        case list() | tuple():
            return {"L": [serialize(inner) for inner in value]}
        case _:
            return _set(value)


def deserialize(value: Mapping[str, Any]) -> Any:
    """Read an attribute value. Binary ones, which SageWatch does not write, stay bytes."""
    [(kind, content)] = value.items()
    return _READ[kind](content)


def _number(value: int | Decimal) -> str:
    number = str(_NUMBER.create_decimal(value))
    if number in {"Infinity", "NaN"}:
        raise TypeError(f"{number} has no attribute value")
    return number


def _set(values: object) -> AttributeValue:
    if isinstance(values, AbstractSet) and values and all(isinstance(value, str) for value in values):
        return {"SS": [str(value) for value in values]}
    if isinstance(values, AbstractSet) and values and all(isinstance(value, int | Decimal) for value in values):
        return {"NS": [_number(value) for value in values]}
    raise TypeError(f"{type(values).__name__} has no attribute value, or holds others than strings or numbers")


_READ: Mapping[str, Callable[[Any], Any]] = {
    "S": str,
    "N": _NUMBER.create_decimal,
    "B": bytes,
    "BOOL": bool,
    "NULL": lambda _: None,
    "M": lambda content: {name: deserialize(inner) for name, inner in content.items()},
    "L": lambda content: [deserialize(inner) for inner in content],
    "SS": set,
    "BS": set,
    "NS": lambda content: {_NUMBER.create_decimal(number) for number in content},
}
