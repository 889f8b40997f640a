"""Print what Python compiles from text while SageWatch is imported: ``python notes.py FOLDER``.

It imports every module below the folder, as the functions do, and notes the methods of dataclasses and the regular
expressions and annotations, those of libraries too. ``sagewatch.runtime.start`` reads the output.
"""

import _sre  # type: ignore[import-not-found] # CPython's own, and typeshed's stubs lack it
import dataclasses
import gc
import marshal
import re
import sys
import typing
from importlib import import_module
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any

_START = "sagewatch.runtime.start"
_compiler: Any = re._compiler  # type: ignore[attr-defined] # noqa: SLF001 - there is no public place to listen at


class Notes:
    """Compiles as Python does, and keeps the results."""

    def __init__(self) -> None:
        self.methods: dict[str, bytes] = {}
        self.patterns: dict[tuple[str | bytes, int], bytes] = {}
        self.annotations: dict[str, bytes] = {}
        self._plain = _compiler.compile
        self._given: tuple[Any, ...] = ()

    def run(self, text: str, *places: dict[str, Any]) -> None:
        """What ``exec`` is to ``dataclasses``."""
        code = compile(text, "<string>", "exec")
        self.methods[text] = marshal.dumps(code)
        exec(code, *places)  # noqa: S102 - what dataclasses does

    def pattern(self, pattern: Any, flags: int = 0) -> Any:
        """What ``re._compiler.compile`` is to ``re``."""
        made = self._plain(pattern, flags)
        if isinstance(pattern, str | bytes):
            flag, code, groups, names, indexes = self._given
            kept = (int(flag), [int(word) for word in code], groups, dict(names), indexes)
            self.patterns[pattern, int(flags)] = marshal.dumps(kept)
        return made

    def annotation(self, text: str, name: str, mode: str) -> Any:
        """What ``compile`` is to ``typing``."""
        code = compile(text, name, mode)
        self.annotations[text] = marshal.dumps(code)
        return code

    def __getattr__(self, name: str) -> Any:
        """Stand in for ``_sre``."""
        return getattr(_sre, name)

    def compile(self, pattern: Any, *arguments: Any) -> Any:
        """What ``_sre.compile`` is to the compiler of patterns."""
        self._given = arguments
        return _sre.compile(pattern, *arguments)


def noted(package: Path) -> Notes:
    """Import every module, and note."""
    notes = Notes()
    dataclasses.exec = notes.run  # type: ignore[attr-defined] # before the built-in one
    typing.compile = notes.annotation  # type: ignore[attr-defined] # before the built-in one
    _compiler.compile, _compiler._sre = notes.pattern, notes  # noqa: SLF001 - as above
    for path in sorted(package.rglob("*.py")):
        name = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
        if name != _START:
            import_module(name)
    lazy = import_module("sagewatch.patterns").LazyPattern
    for found in gc.get_objects():
        if isinstance(found, lazy):
            found.flags  # noqa: B018 - it compiles
    return notes


def main(package: Path) -> None:
    """Print what was noted."""
    notes = noted(package)
    name_of = import_module(_START).name_of
    version = MAGIC_NUMBER, _sre.MAGIC
    patterns = dict(sorted(notes.patterns.items(), key=repr))
    methods, annotations = (
        {name_of(text): code for text, code in sorted(texts.items())} for texts in (notes.methods, notes.annotations)
    )
    sys.stdout.buffer.write(marshal.dumps((version, methods, patterns, annotations)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
