"""Write the bytecode of the modules in built layers, without what only readers of the source need."""

import ast
import marshal
import subprocess
import sys
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

_NEVER_CHECKED = (1).to_bytes(4, "little")  # PEP 552: by a hash of the source, which is not looked at
_DOCUMENTED = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef
_WITHOUT_COLUMNS = ("-X", "no_debug_ranges")  # an option of the interpreter, so one is started


def compiled(folder: Path, *, columns: bool = True) -> None:
    """Write the bytecode of every module below a folder. Raises ``SystemExit`` for one that does not compile.

    Without columns, stack traces do not mark a part of a line. Libraries need none: their lines are not shown.
    """
    options = () if columns else _WITHOUT_COLUMNS
    command = [sys.executable, "-W", "ignore", "-P", *options, __file__, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        raise SystemExit(done.stderr)


def _write(folder: Path) -> None:
    """Compile. Docstrings of modules and functions are left out: they are an eighth of the bytes that a start reads.

    Those of classes stay, as pydantic reads some and ``dataclasses`` writes one where there is none, which takes
    longer. So do asserts.
    """
    for path in sorted(folder.rglob("*.py")):
        source = path.read_bytes()
        try:
            tree = _without_docstrings(ast.parse(source))
            code = compile(tree, str(path.relative_to(folder)), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as exc:
            raise SystemExit(f"{path} does not compile: {exc}") from exc
        target = Path(cache_from_source(str(path)))
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(MAGIC_NUMBER + _NEVER_CHECKED + source_hash(source) + marshal.dumps(code))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Take the docstrings of a module and its functions out; every other line keeps its number."""
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body[:1] = [] if len(node.body) > 1 else [ast.copy_location(ast.Pass(), node.body[0])]
    return tree


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
