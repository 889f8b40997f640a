"""Steps of an action on an endpoint: in order, each with a name, and the first that does not succeed ends it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from sagewatch.errors import SageWatchError
from sagewatch.standing.endpoints.ports import EndpointReads
from sagewatch.standing.endpoints.reading import protected, read_endpoint
from sagewatch.standing.endpoints.recipe import Reading


class Ended(StrEnum):
    """How an action ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class ActionResult:
    """How an action ended, in which step, and why; ``notes`` say what a person has to see to."""

    ended: Ended
    step: str
    reason: str
    notes: tuple[str, ...] = ()


Step = tuple[str, Callable[[], object]]


def run_steps(steps: Iterable[Step]) -> ActionResult | None:
    """Run steps in order; return how the first one that does not succeed ended."""
    step = "prepare"
    try:
        for step, action in steps:
            outcome = action()
            if isinstance(outcome, ActionResult):
                return replace(outcome, step=step)
    except SageWatchError as exc:
        return ActionResult(Ended.FAILED, step, str(exc))
    return None


def attempt[T](step: str, action: Callable[[], T]) -> T | ActionResult:
    """Return what a step gives, or how it failed."""
    try:
        return action()
    except SageWatchError as exc:
        return ActionResult(Ended.FAILED, step, str(exc))


def changeable(api: EndpointReads, name: str) -> Reading | ActionResult:
    """Read an endpoint that may be changed; else say why nothing is."""
    reading = attempt("read the endpoint", partial(read_endpoint, api, name))
    if reading is None:
        return ActionResult(Ended.REFUSED, "read the endpoint", f"endpoint {name} does not exist")
    if isinstance(reading, Reading) and (reason := protected(reading)):
        return ActionResult(Ended.REFUSED, "check the endpoint", reason)
    return reading
