"""A start reads bytecode, never the source; only docstrings of modules and functions are missing from it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.layers.bytecode import compiled

_LAB = '''"""A lab."""
import dataclasses

@dataclasses.dataclass
class Sample:
    """A sample."""
    name: str

    def weigh(self):
        """Weigh it."""

    def spoil(self):
        """Spoil it."""
        assert self.name == "old", "an assert"
'''
_LOOK = """
import lab, traceback
print(lab.__doc__, lab.Sample.__doc__, lab.Sample.weigh.__doc__, lab.Sample("new").weigh())
try:
    lab.Sample("new").spoil()
except AssertionError as exc:
    print(exc, traceback.extract_tb(exc.__traceback__)[-1].lineno)
"""
_LINES = """
import lab
code = lab.Sample.spoil.__code__
print([line for _, _, line in code.co_lines()])
print(any(place[2] for place in code.co_positions()))
"""


def _run(program: str, folder: Path) -> str:
    command = [sys.executable, "-c", program]
    env = {"PYTHONPATH": str(folder)}
    return subprocess.run(  # noqa: S603 - our own interpreter
        command, env=env, capture_output=True, text=True, check=True
    ).stdout


def test_a_start_uses_the_bytecode_and_does_not_look_at_the_source(tmp_path: Path) -> None:
    """The archive's times mean nothing, and nothing is written on Lambda's read-only file system."""
    source = tmp_path / "lab.py"
    source.write_text("print('compiled')\n", encoding="utf-8")
    compiled(tmp_path)
    source.write_text("print('read again')\n", encoding="utf-8")

    assert _run("import lab", tmp_path) == "compiled\n"


def test_docstrings_of_modules_and_functions_are_left_out_and_nothing_else(tmp_path: Path) -> None:
    """Classes keep theirs, asserts stay, and each line has its number."""
    (tmp_path / "lab.py").write_text(_LAB, encoding="utf-8")
    compiled(tmp_path)

    line = _LAB.splitlines().index('        assert self.name == "old", "an assert"') + 1
    assert _run(_LOOK, tmp_path) == f"None A sample. None None\nan assert {line}\n"


def test_without_columns_each_line_has_its_number_and_bytecode_is_smaller(tmp_path: Path) -> None:
    """Stack traces of such code mark no part of a line."""
    (tmp_path / "lab.py").write_text(_LAB, encoding="utf-8")
    lines, sizes = [], []
    for columns in (True, False):
        compiled(tmp_path, columns=columns)
        lines.append(_run(_LINES, tmp_path).splitlines())
        sizes.append(next(tmp_path.rglob("*.pyc")).stat().st_size)

    assert lines[0][0] == lines[1][0]
    assert [each[1] for each in lines] == ["True", "False"]
    assert sizes[1] < sizes[0]


def test_equal_sources_are_compiled_to_equal_bytes(tmp_path: Path) -> None:
    """A release can be built twice and compared; the folder's name is not in it."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lab.py").write_text(_LAB, encoding="utf-8")
        compiled(tmp_path / name)
    one, other = sorted(tmp_path.rglob("*.pyc"))

    assert one.read_bytes() == other.read_bytes()


def test_a_module_that_does_not_compile_ends_the_build(tmp_path: Path) -> None:
    """Rather than at the first event."""
    (tmp_path / "broken.py").write_text("def\n", encoding="utf-8")

    with pytest.raises(SystemExit, match="does not compile"):
        compiled(tmp_path)
