"""What is left of the libraries in a layer imports every module of SageWatch, and draws a chart."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.worlds.wired import ROOT
from tools.layers.bytecode import compiled
from tools.layers.lean import lean
from tools.layers.prune import prune, without_sources

_INSTALLED = Path(sysconfig.get_path("purelib"))
_LIBRARIES = (
    *("annotated_types", "aws_lambda_powertools", "botocore", "dateutil", "jmespath", "pydantic", "pydantic_core"),
    *("slack_sdk", "typing_inspection", "tzdata", "urllib3", "six.py", "typing_extensions.py"),
)
_CHART_LIBRARIES = ("resvg_py",)
_EVERYTHING = """
import sys
from importlib import import_module
from pathlib import Path
for root in map(Path, sys.path[1:3]):  # the shared layer's own code, and the functions
    for path in root.rglob("*.py"):
        import_module(".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"))
print(sum(str(getattr(module, "__file__", "")).endswith(".pyc") for module in sys.modules.values()))
"""
_CHART = """
from datetime import date
from sagewatch.adapters.chart import ResvgChart
from sagewatch.digest.periods import DateRange, DigestPeriod
from sagewatch.digest.summary import chart_of
week = DateRange(DigestPeriod.WEEKLY, date(2026, 11, 16), date(2026, 11, 22))
print(ResvgChart().draw(chart_of(week, []))[1:4].decode())
"""


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The installed libraries, as layers hold them after a build: without those of botocore's services."""
    shared, charts = tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("charts")
    for layer, names in ((shared, _LIBRARIES), (charts, _CHART_LIBRARIES)):
        for name in names:
            _copy(_INSTALLED / name, layer / name)
        prune(layer)
        lean(layer)
        compiled(layer)
        without_sources(layer)
    return shared, charts


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "data", "tests"))
    else:
        shutil.copy(source, target)


def _run(program: str, *path: Path) -> str:
    command = [sys.executable, "-S", "-c", program]
    env = {"PYTHONPATH": ":".join(map(str, (ROOT / "shared", ROOT / "functions", *path)))}
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-1500:]
    return done.stdout.strip()


def test_every_module_can_be_imported(layers: tuple[Path, Path]) -> None:
    """And libraries come from bytecode alone."""
    assert int(_run(_EVERYTHING, layers[0])) > 200


def test_a_chart_is_drawn(layers: tuple[Path, Path]) -> None:
    """By the two layers together."""
    assert _run(_CHART, *layers) == "PNG"


def test_licences_stay_and_metadata_goes(tmp_path: Path) -> None:
    """Each library asks for the former."""
    info = tmp_path / "lab-1.0.dist-info"
    (info / "licenses").mkdir(parents=True)
    for name in ("METADATA", "RECORD", "licenses/LICENSE"):
        (info / name).write_text("lab", encoding="utf-8")
    prune(tmp_path)

    assert [path.name for path in info.rglob("*") if path.is_file()] == ["LICENSE"]
