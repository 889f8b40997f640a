"""Steps of an action on an endpoint: in order, each with a name, and the first that does not succeed ends it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from sagewatch.errors import SageWatchError
from sagewatch.standing.endpoints.ports import EndpointReads, Fields
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


def changeable(api: EndpointReads, name: str, since: datetime | None) -> Reading | ActionResult:
    """Read an endpoint that may be changed; else say why nothing is.

    ``since`` is when the endpoint was created that is meant; ``None`` means whichever has the name.
    """
    reading = attempt("read the endpoint", partial(read_endpoint, api, name))
    if reading is None:
        return ActionResult(Ended.REFUSED, "read the endpoint", f"endpoint {name} does not exist")
    if isinstance(reading, ActionResult):
        return reading
    if since and reading.endpoint.get("CreationTime") != since:
        return ActionResult(Ended.REFUSED, "read the endpoint", "another endpoint of that name exists by now")
    if reason := protected(reading):
        return ActionResult(Ended.REFUSED, "check the endpoint", reason)
    return reading


def until(
    api: EndpointReads, operation: str, request: Fields, status: str | None, wait: Callable[[], bool]
) -> ActionResult | None:
    """Look until it has that status, or is gone if that is ``None``. ``wait`` sleeps; false when time is up."""
    while True:
        answer = api.describe(operation, request)
        found = next((value for name, value in (answer or {}).items() if name.endswith("Status")), "")
        if (answer is None) if status is None else found == status:
            return None
        if found == "Failed" or (answer is None and status is not None):
            reason = (answer or {}).get("FailureReason") or "it does not exist"
            return ActionResult(Ended.FAILED, "", str(reason))
        if not wait():
            return ActionResult(Ended.WAITING, "", f"it is {found}; run the same action again to continue")
