"""Block Kit's limits, as Slack's reference states them: what chat.postMessage refuses as ``invalid_blocks``."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_BLOCKS = 50
_HEADER, _SECTION, _FIELD, _CONTEXT, _IMAGE_TEXT = 150, 3000, 2000, 3000, 2000
_FIELDS, _ELEMENTS, _BUTTONS = 10, 10, 25
_BUTTON_TEXT, _ID, _VALUE, _URL = 75, 255, 2000, 3000
_CONFIRM_TITLE, _CONFIRM_TEXT, _CONFIRM_BUTTON = 100, 300, 30
_STYLES = {"primary", "danger"}
_PLAIN, _ANY = {"plain_text"}, {"plain_text", "mrkdwn"}

type Block = Mapping[str, Any]


def block_errors(blocks: Sequence[Block], *, limit: int = _BLOCKS) -> list[str]:
    """List what is wrong with a message's blocks, each fault with its place; none means that Slack would take it."""
    found = [f"more than {limit} blocks"] if len(blocks) > limit else []
    for number, block in enumerate(blocks):
        found += [f"block {number} ({block.get('type')}): {fault}" for fault in _of_block(block)]
    return found + [f"block_id {name!r} twice" for name in _twice(blocks, "block_id")]


def text_errors(text: Any, limit: int, types: set[str]) -> Iterator[str]:
    """What is wrong with a text object."""
    if not isinstance(text, Mapping) or text.get("type") not in types:
        yield f"no text of type {' or '.join(sorted(types))}"
        return
    if not 1 <= len(text.get("text", "")) <= limit:
        yield f"text not 1 to {limit} characters long"


def _of_block(block: Block) -> Iterator[str]:
    yield from _too_long(block, ("block_id", _ID))
    match block.get("type"):
        case "header":
            yield from text_errors(block.get("text"), _HEADER, _PLAIN)
        case "section":
            yield from _section(block)
        case "context":
            yield from _context(block.get("elements", []))
        case "actions":
            yield from _actions(block.get("elements", []))
        case "image":
            yield from _image(block)
        case "divider":
            pass
        case _:
            yield "unknown type"


def _section(block: Block) -> Iterator[str]:
    fields = block.get("fields", [])
    if "text" not in block and not fields:
        yield "neither text nor fields"
    if "text" in block:
        yield from text_errors(block["text"], _SECTION, _ANY)
    if len(fields) > _FIELDS:
        yield f"more than {_FIELDS} fields"
    for field in fields:
        yield from text_errors(field, _FIELD, _ANY)
    if "accessory" in block:
        yield from _accessory(block["accessory"])


def _accessory(element: Block) -> Iterator[str]:
    yield from _image(element) if element.get("type") == "image" else _button(element)


def _context(elements: Sequence[Block]) -> Iterator[str]:
    if not 1 <= len(elements) <= _ELEMENTS:
        yield f"not 1 to {_ELEMENTS} elements"
    for element in elements:
        yield from _image(element) if element.get("type") == "image" else text_errors(element, _CONTEXT, _ANY)


def _image(image: Block) -> Iterator[str]:
    if not image.get("alt_text"):
        yield "an image without alt_text"
    if bool(image.get("image_url")) == bool(image.get("slack_file")):
        yield "an image with neither or both of image_url and slack_file"
    yield from _too_long(image, ("alt_text", _IMAGE_TEXT), ("image_url", _URL))
    if "title" in image:
        yield from text_errors(image["title"], _IMAGE_TEXT, _PLAIN)


def _actions(elements: Sequence[Block]) -> Iterator[str]:
    if not 1 <= len(elements) <= _BUTTONS:
        yield f"not 1 to {_BUTTONS} elements"
    for element in elements:
        yield from _button(element)
    yield from (f"action_id {name!r} twice" for name in _twice(elements, "action_id"))


def _button(button: Block) -> Iterator[str]:
    if button.get("type") != "button":
        yield f"an element of type {button.get('type')}"
    yield from text_errors(button.get("text"), _BUTTON_TEXT, _PLAIN)
    yield from _too_long(button, ("action_id", _ID), ("value", _VALUE), ("url", _URL))
    yield from _style(button)
    if "url" in button and not str(button["url"]).startswith(("https://", "http://")):
        yield "url is no web address"
    if "confirm" in button:
        yield from (f"confirm: {fault}" for fault in _confirm(button["confirm"]))


def _confirm(confirm: Any) -> Iterator[str]:
    if not isinstance(confirm, Mapping):
        yield "no object"
        return
    parts = (
        ("title", _CONFIRM_TITLE, _PLAIN),
        ("text", _CONFIRM_TEXT, _ANY),
        ("confirm", _CONFIRM_BUTTON, _PLAIN),
        ("deny", _CONFIRM_BUTTON, _PLAIN),
    )
    for name, limit, types in parts:
        yield from (f"{name}: {fault}" for fault in text_errors(confirm.get(name), limit, types))
    yield from _style(confirm)


def _style(element: Block) -> Iterator[str]:
    if "style" in element and element["style"] not in _STYLES:
        yield f"style {element['style']!r}"


def _too_long(element: Block, *limits: tuple[str, int]) -> Iterator[str]:
    return (f"{name} longer than {limit}" for name, limit in limits if len(element.get(name) or "") > limit)


def _twice(things: Sequence[Block], name: str) -> list[str]:
    counted = Counter(thing[name] for thing in things if thing.get(name))
    return [value for value, times in counted.items() if times > 1]
