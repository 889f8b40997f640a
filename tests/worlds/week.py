"""The cast of a week: sixty notebooks of 25 kinds, what happens to each, and what Slack has to say in the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sagewatch.idle.evidence import Active, Idle, Reading, Source, Unknown
from tests.worlds.builders import NOW

ENFORCED, DOWN, UP, END = 24.0, 48.0, 96.0, 168.0


def at(hour: float) -> datetime:
    """That hour of the week."""
    return NOW + timedelta(hours=hour)


def idle(since: float, terminals: int = 0) -> Reading:
    """A kernel that last ran then."""
    return Idle(Source.JUPYTER, at(since), "no kernel has run since", silent_terminals=terminals)


BUSY, SILENT = Active(Source.JUPYTER, None, "kernel python3 is busy"), Unknown(Source.JUPYTER, "no answer")
OLD = idle(-9)
Happening = Reading | tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A number of equal notebooks: what happens to them by hour, and how often SageWatch stops each.

    ``says`` is how the newest warning ends; ``news`` are other messages it needs, by a part of each.
    """

    number: int
    jupyter: Reading = OLD
    happens: Mapping[float, Happening] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    platform: str = "notebook-al2023-v1"
    stops: int = 0
    says: str | None = None
    news: Sequence[str] = ()


def stopped(number: int, jupyter: Reading = OLD, *news: str, **more: Happening) -> Kind:
    """Notebooks that are stopped once; ``h24_5`` is what happens at 24.5."""
    happens = {float(name.removeprefix("h").replace("_", ".")): what for name, what in more.items()}
    return Kind(number=number, jupyter=jupyter, happens=happens, stops=1, says="stopped at", news=news)


KINDS: Mapping[str, Kind] = {
    "busy": Kind(number=4, jupyter=BUSY),
    "forgotten": stopped(6),
    "fresh": stopped(3, idle(-1)),
    "finishes": stopped(3, BUSY, h50=idle(50)),
    "returns": Kind(number=3, happens={24.5: BUSY}, says="stop cancelled, it is in use again"),
    "terminal": Kind(number=2, jupyter=idle(-9, 1), news=("Cannot tell whether",)),
    "free-terminal": replace(stopped(2, idle(-9, 1)), tags={"sagewatch:terminals": "ignore"}),
    "leased": stopped(3, h24_5=("press", "keep_4h", "U0ANA")),
    "tomorrow": stopped(2, h24_5=("press", "keep_until_tomorrow", "U0BO")),
    "never": Kind(
        number=2, happens={24.5: ("press", "never_stop", "U0BO")}, says="SageWatch will not stop this notebook"
    ),
    "unkept": stopped(2, h24_5=("press", "never_stop", "U0BO"), h100=("press", "keep_4h", "U0ANA")),
    "asked": stopped(2, h24_5=("press", "stop_now", "U0ANA")),
    "dies": stopped(3, SILENT, "Cannot tell whether", h100=OLD),
    "patient": replace(stopped(2, BUSY, h26=idle(26)), tags={"sagewatch:idle-after": "P3D"}),
    "ignored": Kind(number=2, tags={"sagewatch:ignore": "true"}),
    "protected": Kind(number=2, tags={"sagewatch:protect": ""}),
    "old": Kind(
        number=2, platform="notebook-al2-v3", happens={60: ("status", "Stopped")}, says="stopped by someone else"
    ),
    "stuck": Kind(number=1, news=("could not be stopped",)),
    "restarted": Kind(number=3, happens={24.5: ("restart",), 24.75: BUSY}, says="it was stopped and started again"),
    "recreated": Kind(number=2, happens={24.5: ("recreate",), 24.75: BUSY}, says="it was stopped and started again"),
    "retyped": Kind(number=2, happens={24.5: ("retype",), 24.75: BUSY}, says="it was stopped and started again"),
    "maintained": stopped(2, h24_5=("status", "InMaintenance"), h100=("status", "InService")),
    "person": Kind(number=2, happens={24.5: ("status", "Stopped")}, says="stopped by someone else"),
    "deleted": Kind(number=2, happens={24.5: ("delete",)}, says="the notebook was deleted"),
    "tidied": Kind(number=1, happens={24.5: ("tidy",)}, stops=1),
}
NAMES = {f"{prefix}-{n}": kind for prefix, kind in KINDS.items() for n in range(kind.number)}
