"""Alerts about notebooks as production composes them: the sweep inspects each one, and people press its buttons."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.idle.evidence import Active, Idle, Source, Unknown
from sagewatch.sagemaker.resources import InstanceGroup
from tests.worlds.builders import NOW
from tests.worlds.jobs import a_running_job
from tests.worlds.notebooks import OWNER, NotebookWorld, a_notebook

_ROLE = "arn:aws:iam::111122223333:role/ml-team"
_FIVE_HOURS = Idle(
    Source.JUPYTER, NOW - timedelta(hours=5), "no kernel has run since 07:00 UTC; 2 terminals idle since 06:40"
)


def lab(*, enforce: bool = True, max_stops: int = 10, **changes: Any) -> NotebookWorld:
    """A world with one idle notebook that a sweep has found."""
    world = NotebookWorld(enforce=enforce, max_stops=max_stops)
    world.has(a_notebook(**{"instance_type": "ml.g5.xlarge", **changes}))
    world.says("Lab-One", _FIVE_HOURS)
    world.sweep()
    return world


def _edited(world: NotebookWorld) -> NotebookAlert:
    return world.edits[-1]


def kept(action: str) -> NotebookAlert:
    """After a Keep button was pressed."""
    world = lab()
    world.press(action)
    return _edited(world)


def _after_the_warning(*, enforce: bool = True) -> NotebookWorld:
    world = lab(enforce=enforce)
    world.sweep(later=timedelta(minutes=65))
    return world


def _used_again() -> NotebookAlert:
    world = lab()
    world.busy("Lab-One")
    world.sweep(later=timedelta(minutes=65))
    return _edited(world)


def _log_only() -> NotebookAlert:
    """Jupyter is not asked, and the log is silent."""
    world = NotebookWorld()
    world.has(a_notebook(instance_type="ml.g5.xlarge"))
    world.says("Lab-One", Idle(Source.LOG, NOW - timedelta(hours=5), "nothing in the log since 07:00 UTC"))
    world.sweep()
    return world.announced[-1]


IDLE = {
    "warning": lab().announced[-1],
    "trial mode": lab(enforce=False).announced[-1],
    "trial mode, time is up": _edited(_after_the_warning(enforce=False)),
    "cannot be started again": lab(platform="notebook-al2-v2").announced[-1],
    "Jupyter not asked": _log_only(),
    "kept": kept("keep_4h"),
    "never stopped": kept("never_stop"),
    "used again": _used_again(),
    "stopped": _edited(_after_the_warning()),
    "unknown price": lab(instance_type="ml.p9.48xlarge").announced[-1],
}


def _news(world: NotebookWorld) -> NotebookNews:
    return world.news[-1]


def _unknown(*, warned: bool) -> NotebookNews:
    world = lab() if warned else NotebookWorld()
    world.has(a_notebook(instance_type="ml.g5.xlarge"))
    world.says("Lab-One", Unknown(Source.JUPYTER, "it refused the check (HTTP 403)"))
    world.sweep(later=timedelta(minutes=65) if warned else timedelta(0))
    return _news(world)


def _bad_tag() -> NotebookNews:
    world = NotebookWorld()
    world.has(a_notebook(instance_type="ml.g5.xlarge", tags={**OWNER, "sagewatch:idle-after": "4h"}))
    world.busy("Lab-One")
    world.sweep()
    return _news(world)


def _too_many() -> NotebookNews:
    world = NotebookWorld(max_stops=2)
    world.has(*(a_notebook(f"lab-{number}", instance_type="ml.g5.xlarge") for number in range(4)))
    world.sweep()
    world.sweep(later=timedelta(minutes=65))
    return _news(world)


def _waits_in_fit() -> NotebookNews:
    world = NotebookWorld()
    world.has(a_notebook(instance_type="ml.g5.xlarge", role_arn=_ROLE))
    job = a_running_job(
        timedelta(hours=2), name="bert-large-3", role_arn=_ROLE, groups=(InstanceGroup("ml.g5.xlarge", 1),)
    )
    world.open_jobs.add(job)
    world.busy("Lab-One")
    world.sweep()
    return _news(world)


def _trains_inside() -> NotebookNews:
    world = NotebookWorld()
    world.has(a_notebook(instance_type="ml.g5.xlarge"))
    world.says("Lab-One", Active(Source.JUPYTER, None, "kernel python3 is busy"))
    for _ in range(30):
        world.sweep(later=timedelta(hours=1))
    return _news(world)


NEWS: Mapping[str, NotebookNews] = {
    "activity unknown": _unknown(warned=False),
    "activity unknown, in a thread": _unknown(warned=True),
    "stopped, in a thread": _news(_after_the_warning()),
    "unreadable tag": _bad_tag(),
    "too many stops": _too_many(),
    "waits for a job": _waits_in_fit(),
    "trains inside": _trains_inside(),
}
