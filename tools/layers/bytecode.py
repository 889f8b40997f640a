"""Write the bytecode of the modules in built layers, without what only readers of the source need."""

import ast
import marshal
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

_NEVER_CHECKED = (1).to_bytes(4, "little")  # PEP 552: by a hash of the source, which is not looked at
_DOCUMENTED = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


def compiled(folder: Path) -> None:
    """Write the bytecode of every module below a folder. Raises ``SystemExit`` for one that does not compile.

    Docstrings of modules and functions are left out: they are a sixth of the bytes that a start reads. Those of classes
    stay, as pydantic reads some and ``dataclasses`` writes one where there is none, which takes longer. So do asserts.
    """
    for path in sorted(folder.rglob("*.py")):
        source = path.read_bytes()
        try:
            tree = without_docstrings(ast.parse(source))
            code = compile(tree, str(path.relative_to(folder)), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as exc:
            raise SystemExit(f"{path} does not compile: {exc}") from exc
        target = Path(cache_from_source(str(path)))
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(MAGIC_NUMBER + _NEVER_CHECKED + source_hash(source) + marshal.dumps(code))


def without_docstrings(tree: ast.Module) -> ast.Module:
    """Take the docstrings of a module and its functions out; every other line keeps its number."""
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body[:1] = [] if len(node.body) > 1 else [ast.copy_location(ast.Pass(), node.body[0])]
    return tree
