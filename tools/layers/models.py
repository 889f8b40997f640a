"""Keep, of botocore's data in a built layer, only the services and operations that the code calls.

There is no list to forget: an operation is kept if some line of the code mentions its name, or if the template allows
it to a function. A model keeps the shapes that its operations reach, and every exception.
"""

import ast
import gzip
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore import xform_name

_DATA = Path("botocore") / "data"
_MODEL = "service-2.json.gz"
_ACTION = re.compile(r"\b[a-z]+:([A-Z][A-Za-z0-9]+)\b")  # ``dynamodb:GetItem``
_UNUSED = ("examples-1.json", "examples-1.json.gz", "waiters-2.json", "waiters-2.json.gz")

type Model = dict[str, Any]


def trim(layer: Path, code: Path, template: Path) -> None:
    """Trim the botocore below ``layer`` to what the modules below ``code`` call and the template allows."""
    mentioned, data = set(_mentioned(code)), layer / _DATA
    names = services(code)
    for folder in [path for path in data.iterdir() if path.is_dir() and path.name not in names]:
        shutil.rmtree(folder)
    permitted = _permitted(template)
    for service in names:
        for path in (data / service).rglob("*"):
            if path.name == _MODEL:
                kept = trimmed(json.loads(gzip.decompress(path.read_bytes())), mentioned, permitted)
                path.write_bytes(gzip.compress(json.dumps(kept, separators=(",", ":")).encode(), 9, mtime=0))
            elif path.name in _UNUSED:
                path.unlink()
    _trim_endpoints(data / "endpoints.json", names)


def trimmed(model: Model, mentioned: Iterable[str], permitted: Iterable[str] = ()) -> Model:
    """The model with the operations named in ``mentioned`` (``get_item``) or ``permitted`` (``GetItem``) alone."""
    snake, exact = set(mentioned), set(permitted)
    operations = {
        name: operation for name, operation in model["operations"].items() if name in exact or xform_name(name) in snake
    }
    shapes = model["shapes"]
    exceptions = [name for name, shape in shapes.items() if shape.get("exception")]
    needed = _reached(shapes, [*_references(operations), *exceptions])
    kept = {name: shape for name, shape in shapes.items() if name in needed}
    lean: Model = _without_texts({**model, "operations": operations, "shapes": kept})
    return lean


def _reached(shapes: Mapping[str, Any], first: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(first)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_references(shapes[name]))
    return found


def _references(node: Any) -> Iterator[str]:
    match node:
        case dict():
            if isinstance(node.get("shape"), str):
                yield node["shape"]
            for value in node.values():
                yield from _references(value)
        case list():
            for value in node:
                yield from _references(value)


def _without_texts(node: Any) -> Any:
    match node:
        case dict():
            texts = {key for key in ("documentation", "documentationUrl") if isinstance(node.get(key), str)}
            return {key: _without_texts(value) for key, value in node.items() if key not in texts}
        case list():
            return [_without_texts(value) for value in node]
        case _:
            return node


def _trim_endpoints(path: Path, services: Iterable[str]) -> None:
    """Services resolve their endpoints by rule sets of their own; the old table keeps its partitions and regions."""
    table = json.loads(path.read_bytes())
    kept = {*services, "api.sagemaker", "api.pricing", "monitoring"}
    for partition in table["partitions"]:
        partition["services"] = {name: one for name, one in partition["services"].items() if name in kept}
    path.write_text(json.dumps(table, separators=(",", ":")), encoding="utf-8")


def _mentioned(code: Path) -> Iterator[str]:
    """Every attribute and every text constant: an operation is called as one, a paginator is named by the other."""
    for tree in _trees(code):
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                    yield name


def services(code: Path) -> frozenset[str]:
    """The first argument of each ``client("name", ...)``, and STS, which credentials may need."""
    found = {name for tree in _trees(code) for node in ast.walk(tree) for name in _client(node)}
    return frozenset(found | {"sts"})


def _client(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id="client"), args=[ast.Constant(value=str(name)), *_]):
            yield name


def _trees(code: Path) -> Iterator[ast.Module]:
    return (ast.parse(path.read_text(encoding="utf-8")) for path in sorted(code.rglob("*.py")))


def _permitted(template: Path) -> frozenset[str]:
    """Operations that a role allows: the code often puts their names together from a job's kind."""
    return frozenset(_ACTION.findall(template.read_text(encoding="utf-8")))
