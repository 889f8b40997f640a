"""Makes a start cheap; every function imports it first.

Python compiles the methods of dataclasses, regular expressions, and annotations in quotes from text whenever a process
starts: a third of a start's CPU. So ``tools.layers`` compiles them once, into a file next to this module. What the file
does not hold, or holds for another version of Python, is compiled as always: the file only saves time. So is whatever a
later Python hands over in another way.

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

    def run(text: Any, *places: Any, **more: Any) -> None:
        code = methods.get(name_of(text)) if isinstance(text, str) else None
        exec(marshal.loads(code) if code else text, *places, **more)  # noqa: S102, S302 - what dataclasses does

    dataclasses.exec = run  # type: ignore[attr-defined] # before the built-in one


def _use_patterns(patterns: Mapping[tuple[str | bytes, int], bytes]) -> None:
    compiler: Any = re._compiler  # type: ignore[attr-defined] # noqa: SLF001 - there is no public place to put them
    plain = compiler.compile

    def compiled(pattern: Any, flags: int = 0, *more: Any, **named: Any) -> Any:
        kept = None if more or named else patterns.get((pattern, flags))
        if kept:
            return _sre.compile(pattern, *marshal.loads(kept))  # noqa: S302 - as above
        return plain(pattern, flags, *more, **named)

    compiler.compile = compiled


def _use_annotations(annotations: Mapping[bytes, bytes]) -> None:
    """``typing`` compiles each annotation of a typed dict that is a text."""

    @cache
    def compiled(text: Any, name: str, mode: str, *more: Any, **named: Any) -> Any:
        known = isinstance(text, str) and not (more or named)
        kept = annotations.get(name_of(text)) if known else None
        return marshal.loads(kept) if kept else compile(text, name, mode, *more, **named)  # noqa: S302 - as above

    typing.compile = compiled  # type: ignore[attr-defined] # before the built-in one


gc.disable()
use(FILE)
