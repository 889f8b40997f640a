"""What a layer compiles beforehand is what Python would compile at the start."""

import _sre  # type: ignore[import-not-found] # CPython's own, and typeshed's stubs lack it
import marshal
import re
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from tests.worlds.wired import ROOT
from tools.layers.compiled import compile_texts

_PACKAGE = ROOT / "shared" / "sagewatch"
_LAB = """
import re, sys
from pathlib import Path
from sagewatch.runtime import start
start.use(Path(sys.argv[1]))
from dataclasses import dataclass
from typing import TypedDict, get_type_hints

@dataclass(frozen=True)
class Lab:
    name: str

class Labs(TypedDict):
    labs: "list[Lab]"
    names: "list[str]"

assert get_type_hints(Labs) == {"labs": list[Lab], "names": list[str]}
print(Lab("a"), re.compile("l(a)b", re.IGNORECASE).fullmatch("LAB").groups())
"""


_TEXTS = """
import marshal, sys
from pathlib import Path
from tools.layers.notes import noted
notes = noted(Path(sys.argv[1]))
from sagewatch.runtime.start import name_of
code = [{name_of(text): compile(text, "<string>", mode) for text in texts}
        for texts, mode in ((notes.methods, "exec"), (notes.annotations, "eval"))]
sys.stdout.buffer.write(marshal.dumps(code))
"""


@pytest.fixture(scope="module")
def python() -> list[dict[bytes, Any]]:
    """What Python compiles from texts of methods and annotations, by name: without columns, as they are in no file."""
    command = [sys.executable, "-X", "no_debug_ranges", "-c", _TEXTS, str(_PACKAGE)]
    env = {"PYTHONPATH": f"{ROOT}:{_PACKAGE.parent}"}
    done = subprocess.run(command, env=env, capture_output=True, check=True)  # noqa: S603 - our own interpreter
    compiled: list[dict[bytes, Any]] = _loads(done.stdout)
    return compiled


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a layer."""
    target = tmp_path_factory.mktemp("layer") / "compiled.bin"
    compile_texts(_PACKAGE, target)
    return target


def _loads(content: bytes) -> Any:
    return marshal.loads(content)  # noqa: S302 - our own output


def _in_a_process(path: Path) -> str:
    command = [sys.executable, "-c", _LAB, str(path)]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_every_pattern_is_the_one_that_python_compiles(kept: Path) -> None:
    """Two patterns are equal if their code is."""
    _, _, patterns, _ = _loads(kept.read_bytes())

    assert len(patterns) > 200
    for (pattern, flags), arguments in patterns.items():
        assert _sre.compile(pattern, *_loads(arguments)) == re.compile(pattern, flags)


def test_every_method_is_the_one_that_python_compiles(kept: Path, python: list[dict[bytes, Any]]) -> None:
    """From the same text, by the name of which the file has it."""
    _, methods, *_ = _loads(kept.read_bytes())

    assert len(methods) > 200
    assert {name: _loads(code) for name, code in methods.items()} == python[0]


def test_every_annotation_is_the_one_that_python_compiles(kept: Path, python: list[dict[bytes, Any]]) -> None:
    """As an expression: those of typed dicts, whose modules postpone them."""
    _, _, _, annotations = _loads(kept.read_bytes())

    assert len(annotations) > 100
    assert {name: _loads(code) for name, code in annotations.items()} == python[1]


def test_equal_code_is_compiled_to_equal_bytes(kept: Path, tmp_path: Path) -> None:
    """A release can be built twice and compared."""
    again = tmp_path / "compiled.bin"
    compile_texts(_PACKAGE, again)

    assert again.read_bytes() == kept.read_bytes()


def test_a_layer_of_another_processor_is_compiled_too(kept: Path, tmp_path: Path) -> None:
    """With the machine code of this one."""
    (tmp_path / "sagewatch").symlink_to(_PACKAGE)
    (tmp_path / "pydantic_core").mkdir()
    (tmp_path / "pydantic_core" / "__init__.py").write_text("from pydantic_core._pydantic_core import *")
    (tmp_path / "pydantic_core" / "_pydantic_core.cpython-313-other-linux-gnu.so").touch()
    compile_texts(tmp_path / "sagewatch", tmp_path / "compiled.bin")

    assert (tmp_path / "compiled.bin").read_bytes() == kept.read_bytes()


def test_arguments_of_a_later_python_are_handed_on(kept: Path) -> None:
    """What is compiled with them is not in the file."""
    program = """
import re, sys, typing
from pathlib import Path
from sagewatch.runtime import start
start.use(Path(sys.argv[1]))
import dataclasses
assert eval(typing.compile(b"list[str]", "<string>", "eval", 0, dont_inherit=True)) == list[str]
dataclasses.exec("found.append(there())", {"found": (found := []), "there": lambda: 1}, closure=None)
assert found == [1]
try:
    re._compiler.compile("l(a)b", 0, later=True)
except TypeError as error:
    print(error)
"""
    command = [sys.executable, "-c", program, str(kept)]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, cwd=ROOT, env={"PYTHONPATH": str(_PACKAGE.parent)}, capture_output=True, text=True, check=True
    )

    assert "'later'" in done.stdout  # Python's own answer


def test_what_the_file_holds_is_used_and_all_else_compiled(kept: Path, tmp_path: Path) -> None:
    """A file that holds another answer for a known text shows which is taken; another version's holds nothing."""
    version, methods, _, annotations = _loads(kept.read_bytes())
    other: Any = marshal.dumps((16, [int(word) for word in _code("(o)ther")], 1, {}, (None, None)))
    changed, foreign, hints = (tmp_path / f"{name}.bin" for name in ("changed", "foreign", "hints"))
    changed.write_bytes(marshal.dumps((version, methods, {("l(a)b", 2): other}, annotations)))
    hints.write_bytes(marshal.dumps((version, methods, {}, {_name("list[str]"): annotations[_name("int")]})))
    foreign.write_bytes(marshal.dumps((("another", 1), methods, {("l(a)b", 2): other}, annotations)))

    assert _in_a_process(kept) == "Lab(name='a') ('A',)"
    assert _in_a_process(foreign) == "Lab(name='a') ('A',)"
    assert _in_a_process(tmp_path / "none.bin") == "Lab(name='a') ('A',)"
    for path in (changed, hints):  # "LAB" is not "other", and a list is no number
        with pytest.raises(subprocess.CalledProcessError):
            _in_a_process(path)


def _name(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def _code(pattern: str) -> list[int]:
    compiler: Any = re._compiler  # type: ignore[attr-defined] # noqa: SLF001 - what the file holds
    return list(compiler._code(compiler._parser.parse(pattern, 0), 0))  # noqa: SLF001 - as above


def test_a_package_that_cannot_be_imported_ends_the_build(tmp_path: Path) -> None:
    """Rather than at the first event."""
    package = tmp_path / "sagewatch"
    package.mkdir()
    (package / "broken.py").write_text("import nothing_of_that_name\n", encoding="utf-8")

    with pytest.raises(SystemExit, match="nothing_of_that_name"):
        compile_texts(package, tmp_path / "compiled.bin")
