"""Libraries in a layer import less; a library that has changed is not touched blindly."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from botocore.session import get_session
from botocore.utils import EVENT_ALIASES, hyphenize_service_id

from tests.worlds.wired import ROOT
from tools.layers.lean import ALIASES, CHANGES, lean
from tools.layers.models import services

_INSTALLED = Path(sysconfig.get_path("purelib"))
_USE = """
import sys
from pydantic import BaseModel
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web import WebClient
from botocore.session import get_session

class Lab(BaseModel):
    name: str

print(Lab(name="a"), sorted({"asyncio", "importlib.metadata", "botocore.docs.service"} & set(sys.modules)))
"""


def _imported(*path: Path) -> str:
    command = [sys.executable, "-S", "-c", _USE]
    env = {"PYTHONPATH": ":".join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_what_no_function_needs_is_not_imported(tmp_path: Path) -> None:
    """Seen on the libraries themselves, before and after."""
    for name in sorted({change.module.partition("/")[0] for change in CHANGES}):
        shutil.copytree(_INSTALLED / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
    before = _imported(tmp_path, _INSTALLED)
    lean(tmp_path)

    assert before == "name='a' ['asyncio', 'botocore.docs.service', 'importlib.metadata']"
    assert _imported(tmp_path, _INSTALLED) == "name='a' []"


def test_events_of_a_layers_services_keep_their_older_names() -> None:
    """All services that the code makes clients of."""
    session = get_session()
    used = {
        hyphenize_service_id(session.get_service_model(name).service_id)
        for name in services(ROOT / "shared" / "sagewatch")
    }

    assert {old: new for old, new in EVENT_ALIASES.items() if new in used} == ALIASES


def test_a_library_that_has_changed_ends_the_build(tmp_path: Path) -> None:
    """It may import something else now."""
    (tmp_path / "slack_sdk").mkdir()
    (tmp_path / "slack_sdk" / "__init__.py").write_text("from .web import WebClient, Other\n", encoding="utf-8")

    with pytest.raises(SystemExit, match=r"slack_sdk/__init__\.py has changed"):
        lean(tmp_path)
