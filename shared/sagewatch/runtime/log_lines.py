"""Log lines of the functions: JSON, with secrets masked in what errors and foreign services say."""

import json
import sys
from collections.abc import Mapping
from typing import IO

from aws_lambda_powertools import Logger

from sagewatch.redaction import mask

_FOREIGN = frozenset({"message", "exception", "stack_trace", "reason", "trouble", "error"})  # keys of a line


def make_logger(service: str = "sagewatch", stream: IO[str] = sys.stdout) -> Logger:
    """Make a logger. An exception's text may quote what a job wrote, so it is masked as that is."""
    return Logger(service=service, stream=stream, json_serializer=_to_json)


def _to_json(line: Mapping[str, object]) -> str:
    masked = {key: _masked(value) if key in _FOREIGN else value for key, value in line.items()}
    return json.dumps(masked, default=str)


def _masked(value: object) -> object:
    """Mask each text by itself, because quoting hides where a value ends."""
    match value:
        case int() | float() | None:
            return value
        case Mapping():
            return {key: _masked(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_masked(inner) for inner in value]
        case _:  # a stack trace holds the error itself
            return mask(str(value))
