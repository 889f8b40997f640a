"""Prepare the layers of a ``sam build`` folder for deployment: fewer models to parse, and nothing to compile."""

from pathlib import Path

from tools.layers.bytecode import compiled
from tools.layers.compiled import compile_texts
from tools.layers.lean import lean
from tools.layers.models import trim
from tools.layers.prune import prune, without_sources

_PYTHON = "python"  # the folder in a layer's archive that Lambda puts on the path


def prepare(built: Path) -> None:
    """Trim both layers and compile every function and layer. Raises ``SystemExit`` if a module does not compile.

    Bytecode is not checked against its source: archives give every file one time, and Lambda's file system is
    read-only. So each start saves compiling, and looking.
    """
    layer, charts = built / "SharedLayer" / _PYTHON, built / "ChartLayer" / _PYTHON
    trim(layer, layer / "sagewatch", built / "template.yaml")
    prune(layer)
    prune(charts)
    lean(layer)
    compile_texts(layer / "sagewatch", layer / "sagewatch" / "runtime" / "compiled.bin")
    for folder in sorted(path for path in built.iterdir() if path.is_dir()):
        compiled(folder, columns=folder not in {layer.parent, charts.parent})
    compiled(layer / "sagewatch")  # once more: stack traces show its lines
    without_sources(layer)
    without_sources(charts)
