"""Builds every function as its Lambda does and names the adapters that it can reach: ``python -m tests.worlds.wired``.

It runs in a process of its own, because each function reads its settings from the environment.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

from sagewatch.once import Once
from tests.unit.runtime import test_settings

ROOT = Path(__file__).parent.parent.parent
VARIABLES = {
    "RecordJob": test_settings.RECORD_JOB,
    "TrackNotebook": test_settings.TRACK_NOTEBOOK,
    "DeliverAlert": test_settings.DELIVER_ALERT,
    "RefreshPrices": test_settings.REFRESH_PRICES,
    "SweepJobs": test_settings.SWEEP_JOBS,
    "SweepNotebooks": test_settings.SWEEP_NOTEBOOKS,
    "SweepResources": test_settings.SWEEP_RESOURCES,
    "ReceivePress": test_settings.RECEIVE_PRESS,
    "AnswerSlack": test_settings.ANSWER_SLACK,
    "SendDigest": test_settings.SEND_DIGEST,
}
_ADAPTERS, _SLACK = "sagewatch.adapters.", "sagewatch.adapters.slack"  # IAM knows nothing of Slack
_AWS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def snake_case(function: str) -> str:
    """The name of a function's folder and of its wiring module."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in function).removeprefix("_")


def built(function: str) -> object:
    """What the function's wiring makes of this process's environment."""
    name = snake_case(function)
    return getattr(importlib.import_module(f"sagewatch.wiring.{name}"), name)()


def reachable(root: object) -> Iterator[object]:
    """Every object of SageWatch that ``root`` holds, directly or through others, closures included."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        found = waiting.pop()
        if id(found) not in seen:
            seen.add(id(found))
            waiting.extend(_held(found))
            if type(found).__module__.startswith("sagewatch."):
                yield found


def _held(found: object) -> Iterable[object]:
    match found:
        case dict():
            return found.values()
        case list() | tuple() | set() | frozenset():
            return list(found)
        case MethodType() | Once():
            return [found.__self__ if isinstance(found, MethodType) else found()]
        case FunctionType():
            return [cell.cell_contents for cell in found.__closure__ or ()]
        case _ if type(found).__module__.startswith("sagewatch."):
            slots = (name for kind in type(found).__mro__ for name in getattr(kind, "__slots__", ()))
            return [*getattr(found, "__dict__", {}).values(), *(getattr(found, name, None) for name in slots)]
        case _:
            return ()


def adapters(root: object) -> dict[str, list[str]]:
    """The adapters among them, with the permissions that each declares; one that declares none is an error."""
    kinds = {type(found) for found in reachable(root) if type(found).__module__.startswith(_ADAPTERS)}
    return {kind.__name__: list(_permissions(kind)) for kind in kinds if not kind.__module__.startswith(_SLACK)}


def homeless(root: object) -> list[str]:
    """The adapters whose keys have the account in them and that were not given the stack's own."""
    return [type(found).__name__ for found in reachable(root) if getattr(found, "_home", "") is None]


def _permissions(kind: Any) -> Iterable[str]:
    declared: Iterable[str] = kind.PERMISSIONS
    return declared


def wired() -> dict[str, dict[str, list[str]]]:
    """The adapters of every function, as a fresh process builds them."""
    command = [sys.executable, "-m", "tests.worlds.wired"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, cwd=ROOT, env={"PYTHONPATH": f"{ROOT / 'shared'}:{ROOT}"}, capture_output=True, text=True, check=True
    )
    answer: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    return answer


def _every_function() -> dict[str, dict[str, list[str]]]:
    found = {}
    for function, variables in VARIABLES.items():
        os.environ.update(_AWS | variables)
        function_itself = built(function)
        assert not homeless(function_itself), homeless(function_itself)
        found[function] = adapters(function_itself)
    return found


if __name__ == "__main__":
    json.dump(_every_function(), sys.stdout)
