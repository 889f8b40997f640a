"""The import contracts hold for every module, and each function loads only what it uses."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tools.structure import handlers, load

ROOT = Path(__file__).parent.parent.parent
NEED_SLACKS_SDK = {"receive_press", "deliver_alert"}  # it verifies every request, and writes every message
_FOLDERS = ("shared/sagewatch", "functions", "local", "tools", "bench")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the source to spoil."""
    for folder in _FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(root: Path) -> tuple[int, str]:
    """Hold a tree to its own import contracts, as ``make check`` does."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": f"{root / 'shared'}:{root / 'functions'}:{root}", "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def core(*apart: str) -> Iterator[Path]:
    """The product's modules that lie in none of these packages, from the root of the tree."""
    for folder in ("shared", "functions"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not any(path.is_relative_to(ROOT / "shared" / "sagewatch" / package) for package in apart):
                yield path.relative_to(ROOT)


def dotted(path: Path) -> str:
    """The name a module is imported by."""
    return ".".join(path.with_suffix("").parts[1:]).removesuffix(".__init__")


def spoil(copy: Path, modules: Sequence[Path], imported: str) -> None:
    """Put an import at the end of each module."""
    for path in modules:
        with (copy / path).open("a", encoding="utf-8") as module:
            module.write(f"\nimport {imported}\n")


def broken_by(report: str, imported: str) -> set[str]:
    """The modules that the report names for an import they may not make."""
    return set(re.findall(rf"- (\S+) -> {imported} ", report))


@pytest.mark.parametrize(
    ("imported", "allowed"),
    [
        ("boto3", ("adapters", "wiring")),
        ("botocore", ("adapters", "wiring")),
        ("slack_sdk", ("slack", "adapters", "wiring")),
        ("sagewatch.adapters.sqs", ("adapters", "wiring")),
    ],
)
def test_no_core_module_can_import_what_belongs_to_the_edges(
    copy: Path, imported: str, allowed: tuple[str, ...]
) -> None:
    """Each core module that gets the import is reported, one by one: not a single one escapes the contract."""
    modules = list(core(*allowed))
    spoil(copy, modules, imported)
    code, report = lint(copy)

    assert code == 1
    assert broken_by(report, imported) == {dotted(path) for path in modules}


def test_the_contracts_hold_as_the_source_is(copy: Path) -> None:
    """So that the failures above are due to the added imports alone."""
    code, report = lint(copy)

    assert code == 0, report


@pytest.mark.parametrize("place", ["newcomer.py", "newcomer/__init__.py"])
def test_a_module_or_package_without_a_place_fails(copy: Path, place: str) -> None:
    """The order of packages is exhaustive."""
    path = copy / "shared" / "sagewatch" / place
    path.parent.mkdir(exist_ok=True)
    path.write_text('"""New."""\n', encoding="utf-8")
    code, report = lint(copy)

    assert code == 1
    assert "newcomer" in report


def test_a_package_that_imports_upwards_fails(copy: Path) -> None:
    """The lowest package that knows of the one above it."""
    spoil(copy, [Path("shared/sagewatch/sagemaker/tags.py")], "sagewatch.pricing.book")
    code, report = lint(copy)

    assert code == 1
    assert "sagewatch.sagemaker is not allowed to import sagewatch.pricing" in report


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("local/demo/metrics.py", "local.demo.player"),
        ("local/slack/workspace.py", "local.slack.files"),
        ("tools/operator/cli.py", "tools.operator.costs"),
    ],
)
def test_an_import_cycle_fails(copy: Path, one: str, other: str) -> None:
    """In the product, the local cloud and the tools alike."""
    spoil(copy, [Path(one)], other)
    code, report = lint(copy)

    assert code == 1
    assert "No cycles are allowed" in report


@pytest.mark.parametrize("folder", ["shared", "functions", "local", "tools"])
def test_only_measurements_borrow_from_the_tests(folder: str) -> None:
    """The product, the local cloud and the tools run without the folder of the tests."""
    modules = [path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts]
    borrowing = re.compile(r"^\s*(from|import) tests\b", re.MULTILINE)

    assert [str(path) for path in modules if borrowing.search(path.read_text(encoding="utf-8"))] == []


def test_every_function_is_under_contract() -> None:
    """A folder of a function that the linter does not read would be held to nothing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    roots = set(project["tool"]["importlinter"]["root_packages"])

    assert set(handlers(ROOT)) == roots - {"sagewatch", "local", "tools", "bench"}


@pytest.mark.parametrize("function", handlers(ROOT))
def test_only_functions_that_need_slacks_sdk_for_each_event_load_it(function: str) -> None:
    """Measured on the real handler in a process of its own: every cold start pays for what it loads."""
    assert load(ROOT, function).slack_sdk == (function in NEED_SLACKS_SDK)
