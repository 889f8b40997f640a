"""Take out of libraries in a layer what each start would import for nothing.

Each change is one text that is replaced, with the reason. A library that no longer has the text fails the build, so
that a new version is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from botocore.utils import EVENT_ALIASES

# botocore compares every event's name with the older names of 65 services, 540 times in a start. These have older names
# and are in layers.
RENAMED = frozenset(
    {
        "application-auto-scaling",
        "cloudwatch",
        "cloudwatch-logs",
        "pricing",
        "resource-groups-tagging-api",
        "sagemaker",
    }
)
ALIASES = {old: new for old, new in EVENT_ALIASES.items() if new in RENAMED}


@dataclass(frozen=True, slots=True)
class Change:
    """One text in a library's module; ``without`` replaces it."""

    module: str
    text: str
    without: str = ""


CHANGES: Sequence[Change] = (
    # Re-exports of clients that read SageWatch imports by the names of their own modules, or not at all.
    Change("slack_sdk/__init__.py", "from .web import WebClient\nfrom .webhook import WebhookClient\n"),
    # Only legacy clients answer with a future, and layers have none of them. The import loads asyncio, sockets and TLS.
    Change("slack_sdk/web/internal_utils.py", "from asyncio import Future\n", "class Future: ...\n"),
    # The generator of botocore's own reference; clients write their docstrings without it.
    Change("botocore/docs/__init__.py", "from botocore.docs.service import ServiceDocumenter\n"),
    Change(
        "botocore/hooks.py",
        "from botocore.utils import EVENT_ALIASES\n",
        f"from botocore.utils import EVENT_ALIASES\n\nEVENT_ALIASES = {ALIASES!r}\n",
    ),
    # Layers hold none of pydantic's plug-ins, which are looked for in the metadata of every library on the path.
    Change(
        "pydantic/plugin/_schema_validator.py",
        "    from ._loader import get_plugins\n\n    plugins = get_plugins()\n",
        "    plugins = ()\n",
    ),
    # HTTP/2 has to be turned on by a call, which reads the version of a library that layers do not have.
    Change("urllib3/http2/__init__.py", "from importlib.metadata import version\n"),
)


def lean(layer: Path) -> None:
    """Make the changes to the libraries that a layer has. Raises ``SystemExit`` if a text is not there."""
    for change in CHANGES:
        path = layer / change.module
        if path.exists():
            source = path.read_text(encoding="utf-8")
            if source.count(change.text) != 1:
                raise SystemExit(f"{change.module} has changed: read again what a start imports from it")
            path.write_text(source.replace(change.text, change.without), encoding="utf-8")
