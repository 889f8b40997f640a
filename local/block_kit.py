"""Block Kit's limits, as Slack's reference states them: what chat.postMessage refuses as ``invalid_blocks``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_BLOCKS = 50
_HEADER, _SECTION, _FIELD, _CONTEXT = 150, 3000, 2000, 3000
_FIELDS, _ELEMENTS, _BUTTONS = 10, 10, 25
_BUTTON_TEXT, _ACTION_ID, _VALUE, _URL = 75, 255, 2000, 3000


def faults(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    """List what is wrong with a message's blocks, each fault with its place; none means that Slack would take it."""
    found = [f"more than {_BLOCKS} blocks"] if len(blocks) > _BLOCKS else []
    for number, block in enumerate(blocks):
        found += [f"block {number} ({block.get('type')}): {fault}" for fault in _of_block(block)]
    return found


def _of_block(block: Mapping[str, Any]) -> Iterator[str]:
    match block.get("type"):
        case "header":
            yield from _text(block.get("text"), _HEADER, {"plain_text"})
        case "section":
            yield from _section(block)
        case "context":
            yield from _context(block.get("elements", []))
        case "actions":
            yield from _actions(block.get("elements", []))
        case "image" | "divider":
            yield from ["an image without alt_text"] if block["type"] == "image" and not block.get("alt_text") else []
        case _:
            yield "unknown type"


def _section(block: Mapping[str, Any]) -> Iterator[str]:
    fields = block.get("fields", [])
    if "text" not in block and not fields:
        yield "neither text nor fields"
    if "text" in block:
        yield from _text(block["text"], _SECTION, {"plain_text", "mrkdwn"})
    if len(fields) > _FIELDS:
        yield f"more than {_FIELDS} fields"
    for field in fields:
        yield from _text(field, _FIELD, {"plain_text", "mrkdwn"})


def _context(elements: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not 1 <= len(elements) <= _ELEMENTS:
        yield f"not 1 to {_ELEMENTS} elements"
    for element in elements:
        if element.get("type") != "image":
            yield from _text(element, _CONTEXT, {"plain_text", "mrkdwn"})


def _actions(elements: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not 1 <= len(elements) <= _BUTTONS:
        yield f"not 1 to {_BUTTONS} elements"
    for element in elements:
        yield from _text(element.get("text"), _BUTTON_TEXT, {"plain_text"})
        for name, limit in (("action_id", _ACTION_ID), ("value", _VALUE), ("url", _URL)):
            if len(element.get(name, "")) > limit:
                yield f"{name} longer than {limit}"


def _text(text: Mapping[str, Any] | None, limit: int, types: set[str]) -> Iterator[str]:
    if not isinstance(text, Mapping) or text.get("type") not in types:
        yield f"no text of type {' or '.join(sorted(types))}"
        return
    if not 1 <= len(text.get("text", "")) <= limit:
        yield f"text not 1 to {limit} characters long"
