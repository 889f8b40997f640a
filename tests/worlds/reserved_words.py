"""Refuses DynamoDB's reserved words in every expression of every call a test makes, as AWS does.

moto checks some kinds of expression and MiniStack none, so a test would pass what AWS always refuses.
"""

import re
from collections.abc import Iterator
from typing import Any

import botocore.handlers
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

_WORD = re.compile(r"(?<![:#\w])([A-Za-z_]\w*)(\s*\()?")
_OPERATORS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})
_CLAUSES = frozenset({"SET", "REMOVE", "ADD", "DELETE", "AND", "OR"})
_RESERVED = frozenset(ReservedKeywords.get_reserved_keywords())


def reserved_in(expression: str, name: str = "KeyConditionExpression") -> list[str]:
    """The reserved words used as attribute names in an expression of the request's member ``name``."""
    syntax = _CLAUSES if name == "UpdateExpression" else _OPERATORS
    attributes = [word for word, call in _WORD.findall(expression) if not call and word.upper() not in syntax]
    return [word for word in attributes if word.upper() in _RESERVED]


def _expressions(params: Any) -> Iterator[tuple[str, str]]:
    """Every ``*Expression`` in a request, in those of a transaction too."""
    if isinstance(params, list):
        for each in params:
            yield from _expressions(each)
    elif isinstance(params, dict):
        for name, value in params.items():
            if name.endswith("Expression") and isinstance(value, str):
                yield name, value
            else:
                yield from _expressions(value)


def refuse_reserved_words(params: Any, **_: Any) -> None:
    """Fail the test. An ``AssertionError`` passes through code that survives AWS's errors."""
    for name, expression in _expressions(params):
        words = reserved_in(expression, name)
        assert not words, f"{name} {expression!r} uses reserved words: {words}; use ExpressionAttributeNames"


def install() -> None:
    """Add the check to the handlers with which every botocore session starts."""
    hook = ("before-parameter-build.dynamodb", refuse_reserved_words)
    if hook not in botocore.handlers.BUILTIN_HANDLERS:
        botocore.handlers.BUILTIN_HANDLERS.append(hook)
