"""Writes down every AWS call of the deployed functions, one JSON line each.

Python imports this module when a process starts, because MiniStack's ``PYTHONPATH`` has this folder. It waits until the
function imports its own botocore, from the layer, and adds a handler to it. The product knows nothing of it.
``tests/worlds/permissions.py`` compares the lines with the roles.
"""

import importlib.util
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_FILE = os.environ.get("LOCAL_CLOUD_CALLS", "")
_WATCHED = "botocore.handlers"
_NAMES = ("Name", "Arn", "Url")  # how the parameters end that name a resource; no other value is written
# What the roles depend on: the conditions of their statements, and the names of parameters and of other roles.
_SETTINGS = (
    *("MODE", "JUPYTER_EVIDENCE", "LOG_EXCERPTS", "SPOKE_ROLES"),
    *("SLACK_TOKEN_PARAMETER", "SLACK_SIGNING_SECRET_PARAMETER"),
)


class _Finder(MetaPathFinder):
    """Finds one module as Python would, and adds the handler once it is imported."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for the watched module only."""
        del path, target
        if fullname != _WATCHED:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                load(module)
                module.BUILTIN_HANDLERS.append(("before-parameter-build", _write))

            spec.loader.exec_module = exec_module  # type: ignore[method-assign] # of this one loader
        return spec


def _write(params: Mapping[str, Any], model: Any, context: Mapping[str, Any], **_: Any) -> None:
    function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    if not function:  # MiniStack itself, or sam
        return
    line = {
        "function": function,
        "settings": {name: os.environ[name] for name in _SETTINGS if name in os.environ},
        "service": model.service_model.signing_name,
        "operation": model.name,
        "region": context.get("client_region"),
        "on": list(_resources(params)),
    }
    with open(_FILE, "a", encoding="utf-8") as lines:  # noqa: PTH123 - pathlib is slow to import in every process
        lines.write(json.dumps(line) + "\n")


def _resources(params: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What a call names: its own parameters, the tables of a batch, or each action of a transaction."""
    named = {name: value for name, value in params.items() if name.endswith(_NAMES) and isinstance(value, str)}
    tables = [{"TableName": table} for table in params.get("RequestItems", ())]
    actions = [
        {"action": action, "TableName": inner["TableName"]}
        for item in params.get("TransactItems", ())
        for action, inner in item.items()
    ]
    yield from tables + actions or [named]


if _FILE:
    sys.meta_path.insert(0, _Finder())
