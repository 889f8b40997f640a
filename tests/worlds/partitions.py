"""The partitions of WatchState, read from the source of its adapters, so that a new one cannot be forgotten."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ADAPTERS = Path(__file__).parent.parent.parent / "shared" / "sagewatch" / "adapters" / "dynamodb"


def partitions() -> frozenset[str]:
    """What comes before the ``#`` of each partition key that an adapter writes.

    Raises ``AssertionError`` for a key that cannot be read from the source.
    """
    modules = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ADAPTERS.glob("*.py"))}
    return frozenset(
        name.partition("#")[0]
        for module, tree in modules.items()
        for key in _keys(tree)
        for name in _names(key, tree, module)
    )


def _keys(tree: ast.Module) -> Iterator[ast.expr]:
    """The values of ``pk`` in every dictionary of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "pk")


def _names(key: ast.expr, tree: ast.Module, module: str) -> Iterator[str]:
    """The texts a key may begin with."""
    match key:
        case ast.Constant(value=str(text)) | ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield text
        case ast.JoinedStr(values=[ast.FormattedValue(value=ast.Name()), *_]):
            yield from _public_texts(tree, module)
        case ast.IfExp():
            yield from _names(key.body, tree, module)
            yield from _names(key.orelse, tree, module)
        case ast.Name(id=name):
            yield from _assigned(name, tree, module)
        case ast.Call(func=ast.Name(id=name)):
            yield from _returned(name, tree.body, tree, module)
        case ast.Call(func=ast.Attribute(attr=name)):
            methods = (node for one in tree.body if isinstance(one, ast.ClassDef) for node in one.body)
            yield from _returned(name, methods, tree, module)
        case _:
            raise AssertionError(f"{module}:{key.lineno}: which partition is {ast.unparse(key)}?")


def _public_texts(tree: ast.Module, module: str) -> Iterator[str]:
    """A key that begins with a parameter: callers pass one of the module's public constants."""
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    names = {one.id for node in assigned for one in ast.walk(node.targets[0]) if isinstance(one, ast.Name)}
    public = sorted(name for name in names if name.isupper() and not name.startswith("_"))
    assert public, f"{module}: which partitions are there?"
    for name in public:
        yield from _assigned(name, tree, module)


def _assigned(name: str, tree: ast.Module, module: str) -> Iterator[str]:
    found = [value for node in ast.walk(tree) if isinstance(node, ast.Assign) for value in _values(name, node)]
    assert found, f"{module}: where is {name} assigned?"
    for value in found:
        yield from _names(value, tree, module)


def _values(name: str, node: ast.Assign) -> Iterator[ast.expr]:
    [target] = node.targets
    pairs = [(target, node.value)]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = list(zip(target.elts, node.value.elts, strict=True))
    yield from (value for one, value in pairs if isinstance(one, ast.Name) and one.id == name)


def _returned(name: str, among: Iterable[ast.stmt], tree: ast.Module, module: str) -> Iterator[str]:
    functions = [node for node in among if isinstance(node, ast.FunctionDef) and node.name == name]
    returns = (node for function in functions for node in ast.walk(function) if isinstance(node, ast.Return))
    found = [node.value for node in returns if node.value]
    assert found, f"{module}: where is {name}() defined?"
    for value in found:
        yield from _names(value, tree, module)
