"""Measures the structure of the source: folders, sizes, import cycles, and what each handler loads.

    python -m tools.structure . ../sagewatch-before

prints one Markdown table with a column for each tree. All trees are measured in one run: the imports of their handlers
alternate, with bytecode, and the time is the processor's, so that a busy machine slows all of them alike.
"""

import argparse
import ast
import json
import statistics
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import grimp

from tools.prose import PRODUCT, first_lines, share

_RUNS = 7
_LOAD = """
import json, sys, time
begun = time.process_time()
import {module}
took = time.process_time() - begun
ours = sum(name.partition('.')[0] == 'sagewatch' for name in sys.modules)
print(json.dumps([len(sys.modules), ours, 'slack_sdk' in sys.modules, took * 1000]))
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What importing a handler in a fresh process loads, and how much processor time that takes."""

    modules: int
    ours: int
    slack_sdk: bool
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Sized:
    """A module or a function, by its place, with its lines that are neither blank nor comment."""

    place: str
    lines: int


def load(root: Path, function: str, bytecode: str | None = None) -> Loaded:
    """Import the handler of a function's folder in a process of its own; ``bytecode`` is a folder for its cache."""
    cache = {"PYTHONPYCACHEPREFIX": bytecode} if bytecode else {"PYTHONDONTWRITEBYTECODE": "1"}
    env = {"PYTHONPATH": f"{root / 'shared'}:{root / 'functions'}", **cache}
    command = [sys.executable, "-c", _LOAD.format(module=f"{function}.app")]
    done = subprocess.run(command, env=env, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return Loaded(*json.loads(done.stdout))


def handlers(root: Path) -> list[str]:
    """The folders of the functions."""
    return sorted(app.parent.name for app in (root / "functions").glob("*/app.py"))


def sources(root: Path, folders: Sequence[str] = PRODUCT) -> list[Path]:
    """The Python files below some folders."""
    return [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]


def code_lines(lines: Sequence[str]) -> int:
    """How many lines are neither blank nor comment."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in lines)


def modules(root: Path) -> list[Sized]:
    """The product's modules."""
    return [Sized(str(path.relative_to(root)), code_lines(_lines(path))) for path in sources(root)]


def functions(root: Path) -> Iterator[Sized]:
    """The product's functions and methods, without signature and docstring."""
    for path in sources(root):
        lines = _lines(path)
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                size = code_lines(lines[body[0].lineno - 1 : body[-1].end_lineno]) if body else 0
                yield Sized(f"{path.relative_to(root)}:{node.lineno} {node.name}", size)


def percentile(values: Sequence[int], share: float) -> int:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def in_cycles(root: Path, packages: Sequence[str]) -> set[str]:
    """The modules that import each other in a circle, or lie between two circles."""
    code = "import sys; from tools.structure import cyclic; print(' '.join(sorted(cyclic(sys.argv[1:]))))"
    env = {"PYTHONPATH": f"{root / 'shared'}:{root}:{Path(__file__).parent.parent}"}
    command = [sys.executable, "-c", code, *packages]
    done = subprocess.run(command, env=env, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return set(done.stdout.split())


def cyclic(packages: Sequence[str]) -> set[str]:
    """The modules left once all that import nothing, or are imported by nothing, are taken away again and again."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    left = set(graph.modules)
    while True:
        ends = {
            module
            for module in left
            if not left & graph.find_modules_directly_imported_by(module)
            or not left & graph.find_modules_that_directly_import(module)
        }
        if not ends:
            return left
        left -= ends


def contract_lines(root: Path) -> int:
    """The lines that the import contracts take in pyproject.toml."""
    _, _, rest = (root / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.importlinter]")
    return len([line for line in rest.splitlines() if line.strip()])


def contract_names(root: Path) -> int:
    """How many names of modules and packages the import contracts list."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    lists = [value for each in contracts["contracts"] for value in each.values() if isinstance(value, list)]
    return sum(len(name.split("|")) for names in lists for name in names)


def describe(root: Path) -> Mapping[str, str]:
    """The rows of the table that need no clock."""
    folders = Counter(path.parent for path in sources(root, ("shared/sagewatch",)))
    sizes = [module.lines for module in modules(root)]
    bodies = [function.lines for function in functions(root)]
    largest = max(folders, key=lambda folder: folders[folder])
    return {
        "Product modules": str(len(sizes)),
        "Product lines, neither blank nor comment": f"{sum(sizes):,}",
        "Largest folder": f"{folders[largest]} files (`{largest.relative_to(root)}`)",
        "Median folder": f"{statistics.median(folders.values()):g} files of {len(folders)} folders",
        "Largest module": f"{max(sizes)} lines",
        "Functions: median, p90": f"{statistics.median(bodies):g}, {percentile(bodies, 0.9)} lines",
        "Modules in import cycles, `shared/`": str(len(in_cycles(root, ["sagewatch"]))),
        "Modules in import cycles, `local/`": str(len(in_cycles(root, ["local"]))),
        "Import contracts": f"{contract_lines(root)} lines, {contract_names(root)} names",
        "Docstring first lines with hard words": share([*first_lines(root, PRODUCT)]),
    }


def loads(roots: Sequence[Path], runs: int) -> Mapping[tuple[Path, str], Loaded]:
    """Import every handler of every tree so many times, in turn; the time is the median."""
    found: dict[tuple[Path, str], list[Loaded]] = {}
    with TemporaryDirectory() as bytecode:
        for run in range(runs + 1):
            for root, function in ((tree, name) for tree in roots for name in handlers(tree)):
                loaded = load(root, function, bytecode)
                if run:  # the first one compiles
                    found.setdefault((root, function), []).append(loaded)
    return {
        key: Loaded(some[0].modules, some[0].ours, some[0].slack_sdk, statistics.median(a.milliseconds for a in some))
        for key, some in found.items()
    }


def table(roots: Sequence[Path], runs: int) -> Iterator[str]:
    """The table's lines."""
    yield "| | " + " | ".join(f"`{root.name}`" for root in roots) + " |"
    yield "|---|" + "---|" * len(roots)
    described = [describe(root) for root in roots]
    for row in described[0]:
        yield f"| {row} | " + " | ".join(each[row] for each in described) + " |"
    loaded = loads(roots, runs)
    slack = (
        f"{sum(loaded[root, name].slack_sdk for name in handlers(root))} of {len(handlers(root))}" for root in roots
    )
    yield "| Functions that load `slack_sdk` | " + " | ".join(slack) + " |"
    for function in sorted({name for root in roots for name in handlers(root)}):
        cells = (loaded.get((root, function)) for root in roots)
        yield f"| `{function}` | " + " | ".join(_cell(one) for one in cells) + " |"


def _cell(one: Loaded | None) -> str:
    return f"{one.modules} modules, {one.milliseconds:.0f} ms" if one else "none"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure the structure of source trees.")
    parser.add_argument("trees", nargs="+", type=Path, help="folders with a checkout, one column each")
    parser.add_argument("--runs", type=int, default=_RUNS, help="imports of each handler (default: %(default)s)")
    given = parser.parse_args(arguments)
    print("\n".join(table([tree.resolve() for tree in given.trees], given.runs)))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    main()
