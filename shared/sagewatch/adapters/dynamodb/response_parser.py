"""Reads DynamoDB's answers without a look at each attribute value's members, which is most of botocore's time."""

from collections.abc import Mapping
from typing import Any, override

from botocore.model import Shape
from botocore.parsers import JSONParser, ResponseParser, ResponseParserFactory

_AS_SENT = frozenset({"S", "N", "BOOL", "NULL", "SS", "NS"})


class AttributeValueParser(JSONParser):
    """botocore's parser, but for attribute values that are in JSON what botocore makes of them: all but binary ones."""

    def _handle_structure(self, shape: Shape, value: Any) -> Any:
        if shape.name == "AttributeValue" and _is_as_sent(value):
            return value
        return super()._handle_structure(shape, value)  # type: ignore[misc] # the stubs leave it out


class AttributeValueParsers(ResponseParserFactory):
    """Makes that parser for services whose protocol is JSON."""

    @override
    def create_parser(self, protocol_name: str) -> ResponseParser:
        if protocol_name == "json":
            return AttributeValueParser()
        return super().create_parser(protocol_name)


def _is_as_sent(value: object) -> bool:
    """Whether botocore would return an equal value: one member that it knows, and none below that it decodes."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    [(kind, content)] = value.items()
    match kind:
        case "M":
            return isinstance(content, Mapping) and all(map(_is_as_sent, content.values()))
        case "L":
            return isinstance(content, list) and all(map(_is_as_sent, content))
        case _:
            return kind in _AS_SENT and content is not None
