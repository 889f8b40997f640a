"""A release holds the template, the archives it names and their checksums, and is the same twice."""

import hashlib
import os
import zipfile
from pathlib import Path

from samcli.yamlhelper import yaml_parse

from tools.layers.bytecode import compiled
from tools.release.package import archive, package

TEMPLATE = """
Globals:
  Function: { CodeUri: functions/, Runtime: python3.13 }
Resources:
  RecordJob:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: RecordJob }
    Metadata: { SamResourceId: RecordJob }
  SweepJobs:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: RecordJob }
  SharedLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: SharedLayer }
    Metadata: { BuildMethod: python3.13 }
  CostLedger:
    Type: AWS::DynamoDB::Table
"""


def built(folder: Path) -> Path:
    """What sam build would leave behind."""
    for name, text in {"RecordJob/app.py": "x = 1\n", "SharedLayer/python/lib.py": "y = 2\n"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    return folder


def test_the_template_names_the_archives(tmp_path: Path) -> None:
    """Functions that share their code share an archive."""
    package(built(tmp_path / "build"), tmp_path / "dist")
    template = yaml_parse((tmp_path / "dist" / "template.yaml").read_text(encoding="utf-8"))
    resources = template["Resources"]

    assert template["Globals"]["Function"] == {"Runtime": "python3.13"}
    assert resources["RecordJob"]["Properties"]["CodeUri"] == "functions.zip"
    assert resources["SweepJobs"]["Properties"]["CodeUri"] == "functions.zip"
    assert resources["SharedLayer"]["Properties"]["ContentUri"] == "shared-layer.zip"
    assert zipfile.ZipFile(tmp_path / "dist" / "shared-layer.zip").namelist() == ["python/lib.py"]


def test_every_file_has_its_checksum(tmp_path: Path) -> None:
    """In the form of sha256sum."""
    package(built(tmp_path / "build"), tmp_path / "dist")
    lines = (tmp_path / "dist" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}

    assert set(listed) == {"functions.zip", "shared-layer.zip", "template.yaml"}
    assert all(
        hashlib.sha256((tmp_path / "dist" / name).read_bytes()).hexdigest() == digest for name, digest in listed.items()
    )


def test_equal_files_give_equal_bytes(tmp_path: Path) -> None:
    """Whatever their times, their modes, their folder and the order in which they were written; bytecode included."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, names in ((first, ("a.py", "b.py")), (second, ("b.py", "a.py"))):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(f"name = {name!r}\n", encoding="utf-8")
    os.utime(second / "a.py", (0, 1_000_000_000))
    (second / "b.py").chmod(0o700)
    for folder in (first, second):
        compiled(folder)
    archive(first, tmp_path / "1.zip")
    archive(second, tmp_path / "2.zip")

    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_what_an_older_release_left_is_gone(tmp_path: Path) -> None:
    """So that the checksums cover all that is there."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "old.zip").write_text("old", encoding="utf-8")
    package(built(tmp_path / "build"), tmp_path / "dist")

    assert not (tmp_path / "dist" / "old.zip").exists()
