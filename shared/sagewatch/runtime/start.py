"""Makes a start cheap; every function imports it first.

Python compiles the methods of dataclasses, regular expressions, and annotations in quotes from text whenever a process
starts: a third of a start's CPU. So ``tools.layers`` compiles them once, into a file next to this module. What the file
does not hold, or holds for another version of Python, is compiled as always: the file only saves time.

A start also creates objects that stay, so nothing is gained by looking for garbage; ``wiring.clients.built_once``
turns the collector on again.
"""

import _sre  # type: ignore[import-not-found] # CPython's own, and typeshed's stubs lack it
import dataclasses
import gc
import marshal
import re
import typing
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("compiled.bin")
VERSION = (MAGIC_NUMBER, _sre.MAGIC)  # of bytecode, and of compiled regular expressions


def name_of(text: str) -> bytes:
    """Return the name under which the file has what is compiled from a text; some texts have 20 kB."""
    return blake2b(text.encode(), digest_size=16).digest()


def use(path: Path) -> None:
    """Take what a file holds, if it is there and of this version."""
    try:
        version, methods, patterns, annotations = marshal.loads(path.read_bytes())  # noqa: S302 - a file of this layer
    except (OSError, ValueError, EOFError, TypeError):
        return
    if version == VERSION:
        _use_methods(methods)
        _use_patterns(patterns)
        _use_annotations(annotations)


def _use_methods(methods: Mapping[bytes, bytes]) -> None:
    """``dataclasses`` puts the text of methods together, and runs it with ``exec``."""

    def run(text: str, *places: dict[str, Any]) -> None:
        code = methods.get(name_of(text))
        exec(marshal.loads(code) if code else text, *places)  # noqa: S102, S302 - what dataclasses does

    dataclasses.exec = run  # type: ignore[attr-defined] # before the built-in one


def _use_patterns(patterns: Mapping[tuple[str | bytes, int], bytes]) -> None:
    compiler: Any = re._compiler  # type: ignore[attr-defined] # noqa: SLF001 - there is no public place to put them
    plain = compiler.compile

    def compiled(pattern: Any, flags: int = 0) -> Any:
        kept = patterns.get((pattern, flags))
        return _sre.compile(pattern, *marshal.loads(kept)) if kept else plain(pattern, flags)  # noqa: S302 - as above

    compiler.compile = compiled


def _use_annotations(annotations: Mapping[bytes, bytes]) -> None:
    """``typing`` compiles each annotation of a typed dict that is a text."""

    @cache
    def compiled(text: str, name: str, mode: str) -> Any:
        kept = annotations.get(name_of(text))
        return marshal.loads(kept) if kept else compile(text, name, mode)  # noqa: S302 - as above

    typing.compile = compiled  # type: ignore[attr-defined] # before the built-in one


gc.disable()
use(FILE)
