"""The product stays in small pieces."""

import statistics
from pathlib import Path

from tools.structure import code_lines, functions, modules, percentile, sources

ROOT = Path(__file__).parent.parent.parent


def test_functions_are_short() -> None:
    """Half of them have at most 6 lines, nine of ten at most 25."""
    sizes = [function.lines for function in functions(ROOT)]

    assert statistics.median(sizes) <= 6
    assert percentile(sizes, 0.9) <= 25


def test_modules_fit_one_look() -> None:
    """No module has more than 250 lines that are neither blank nor comment."""
    assert [module for module in modules(ROOT) if module.lines > 250] == []


def test_handlers_only_hand_over() -> None:
    """A handler has at most 15 lines: what it does is in its package, where it can be tested."""
    handlers = sources(ROOT, ["functions"])

    assert len(handlers) == 10
    assert [path for path in handlers if code_lines(path.read_text(encoding="utf-8").splitlines()) > 15] == []
