"""Package a release into dist/: the template, one archive for each layer and for the functions, and their checksums.

``sam build`` collects the code and its pinned libraries, and ``tools.layers`` makes them start faster. This module
archives the result and points the template at the archives, so that ``sam deploy --template-file dist/template.yaml``
uploads them. Equal code gives equal bytes.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_dump, yaml_parse

from sagewatch import __version__
from tools.layers.build import prepare

ROOT = Path(__file__).parent.parent.parent
_CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a ZIP archive can hold
_UNIX = 3  # ZIP specification 4.4.2.2: the mode below is Unix's
_MODE = 0o100644 << 16
_SAM_OWN = {"SamResourceId"}  # names the build, says nothing about the release


def archive(folder: Path, target: Path) -> None:
    """Archive a folder: sorted names, a fixed time and mode, so that equal files give equal bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archived:
        for path in _files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.create_system, entry.external_attr, entry.compress_type = _UNIX, _MODE, zipfile.ZIP_DEFLATED
            archived.writestr(entry, path.read_bytes())


def _files(folder: Path) -> Iterator[Path]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return iter(sorted(found, key=lambda path: path.relative_to(folder).as_posix()))


def package(built: Path, target: Path) -> None:
    """Package what ``sam build`` left in ``built`` into the folder ``target``, which is replaced."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    template = yaml_parse((built / "template.yaml").read_text(encoding="utf-8"))
    template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)  # a folder of this repository
    archives: dict[str, str] = {}
    for name, resource in template["Resources"].items():
        code = _CODE.get(resource["Type"])
        if code:
            folder = resource["Properties"][code]
            archives.setdefault(folder, "functions.zip" if code == "CodeUri" else f"{_file_name(name)}.zip")
            resource["Properties"][code] = archives[folder]
            resource["Metadata"] = _without_build_facts(resource.get("Metadata", {}))
    for folder, file_name in archives.items():
        archive(built / folder, target / file_name)
    (target / "template.yaml").write_text(yaml_dump(template), encoding="utf-8")
    (target / "SHA256SUMS").write_text(checksums(target), encoding="utf-8")


def _file_name(logical_id: str) -> str:
    """``SharedLayer`` is archived as ``shared-layer.zip``."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in logical_id).lstrip("-")


def _without_build_facts(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: fact for name, fact in metadata.items() if name in _SAM_OWN}


def checksums(folder: Path) -> str:
    """One line for each file, as ``sha256sum --check`` reads them."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def main() -> int:
    """Build and package the release, and list its files."""
    with tempfile.TemporaryDirectory(prefix="sagewatch-release-") as folder:
        built = Path(folder) / "build"
        sam = ["sam", "build", "--build-dir", str(built), "--cache-dir", f"{folder}/cache"]
        environment = {**os.environ, "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1")}
        done = subprocess.run(sam, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if done.returncode:
            sys.stderr.write(f"sam build failed:\n{done.stdout}{done.stderr}\n")
            return 1
        prepare(built)
        package(built, ROOT / "dist")
    sys.stdout.write(f"SageWatch {__version__} in dist/:\n{(ROOT / 'dist' / 'SHA256SUMS').read_text(encoding='utf-8')}")
    sys.stdout.write("Deploy it with: sam deploy --template-file dist/template.yaml --guided\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
