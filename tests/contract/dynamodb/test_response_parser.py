"""Answers are read as botocore reads them, whatever an attribute holds."""

from typing import Any

import pytest
from botocore.parsers import JSONParser
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from sagewatch.adapters.dynamodb.response_parser import AttributeValueParser, AttributeValueParsers
from sagewatch.wiring.clients import client

QUERY = get_session().get_service_model("dynamodb").operation_model("Query").output_shape
TEXTS = st.text(max_size=3)
PLAIN = st.one_of(
    st.fixed_dictionaries({"S": TEXTS}),
    st.fixed_dictionaries({"N": st.integers().map(str)}),
    st.fixed_dictionaries({"BOOL": st.booleans()}),
    st.fixed_dictionaries({"NULL": st.booleans()}),
    st.fixed_dictionaries({"B": st.just("Pz8=")}),
    st.fixed_dictionaries({"SS": st.lists(TEXTS)}),
    st.fixed_dictionaries({"NS": st.lists(st.integers().map(str))}),
    st.fixed_dictionaries({"BS": st.lists(st.just("Pz8="))}),
    st.sampled_from([{}, {"S": None}, {"L": None}, {"M": None}, {"S": "a", "N": "1"}, {"new": "x"}, None]),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"L": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"M": st.dictionaries(TEXTS, inner, max_size=3)}),
    ),
    max_leaves=6,
)


def read(parser: JSONParser, items: Any) -> Any:
    """An answer's items, or the error's type."""
    try:
        answer = {"Items": items, "Count": 1, "new": 1}
        return parser._parse_shape(QUERY, answer)  # type: ignore[attr-defined] # noqa: SLF001 - a part of it is replaced
    except Exception as exc:  # noqa: BLE001 - whatever it is, both raise it
        return type(exc)


@given(st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=3))
def test_answers_are_read_as_botocore_reads_them(items: list[Any]) -> None:
    """Binary values are decoded, and members that botocore does not know are left out, at any depth."""
    assert read(AttributeValueParser(), items) == read(JSONParser(), items)


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "sns"])
def test_clients_have_the_parser_of_their_protocol(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only JSON has attribute values."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    protocol = client(service).meta.service_model.resolved_protocol
    made = AttributeValueParsers().create_parser(protocol)

    assert isinstance(made, AttributeValueParser) is (protocol == "json")
    if service == "dynamodb":
        assert isinstance(client(service)._endpoint._response_parser_factory, AttributeValueParsers)  # noqa: SLF001 - as above
