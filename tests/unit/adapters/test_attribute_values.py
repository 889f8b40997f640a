"""Attribute values are written and read as boto3 does."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given, settings
from hypothesis import strategies as st

from sagewatch.adapters.dynamodb.attribute_values import deserialize, serialize

_NUMBERS = st.integers(-(10**37), 10**37) | st.decimals(-(10**9), 10**9, places=9)
_LEAVES = st.none() | st.booleans() | st.text() | _NUMBERS
_SETS = st.sets(st.text(), min_size=1) | st.sets(st.integers(-99, 99), min_size=1)
_VALUES = st.recursive(_LEAVES | _SETS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@settings(max_examples=40)
@given(_VALUES)
def test_a_value_is_written_and_read_as_boto3_does(value: Any) -> None:
    """Whatever boto3 takes."""
    written = serialize(value)

    assert written == TypeSerializer().serialize(value)
    assert deserialize(written) == TypeDeserializer().deserialize(written)


@pytest.mark.parametrize("value", [1.5, Decimal("1e200"), Decimal(f"1.{'1' * 40}"), Decimal("NaN"), b"1", set()])
def test_a_value_that_would_be_changed_is_refused(value: Any) -> None:
    """A number is never rounded, and a float never is one."""
    with pytest.raises((TypeError, ArithmeticError)):
        serialize(value)


def test_an_enum_is_its_text() -> None:
    """boto3 refuses it."""
    lab = StrEnum("lab", ["OPEN"])

    assert serialize(lab.OPEN) == {"S": "open"}
    assert type(serialize(lab.OPEN)["S"]) is str


def test_a_binary_attribute_of_another_program_harms_nothing() -> None:
    """The item that holds it is still read."""
    assert deserialize({"B": b"1"}) == b"1"
    assert deserialize({"BS": [b"1"]}) == {b"1"}
