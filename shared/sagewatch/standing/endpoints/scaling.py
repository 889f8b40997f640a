"""Scales an endpoint: its inference components to no copies, or its variants in to their minimum."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sagewatch.standing.endpoints.ports import EndpointChanges, Fields
from sagewatch.standing.endpoints.reading import least_copies, smaller, with_copies
from sagewatch.standing.endpoints.steps import ActionResult, Ended, Step, changeable, run_steps, until

_AT_ZERO = {"DesiredRuntimeConfig": {"CopyCount": 0}}
_SERVES = "InService"


@dataclass(frozen=True, slots=True)
class EndpointScaling:
    """The ways to scale the endpoints of one region. What is scaled already is left alone, so each can be repeated.

    ``wait`` sleeps between two looks; false when time is up. ``again`` says that a call was interrupted, or waits: what
    is at its minimum by then was scaled by it. ``since`` is when the endpoint was created that is meant.
    """

    api: EndpointChanges
    wait: Callable[[], bool]

    def copies_to_zero(self, name: str, since: datetime | None = None, *, again: bool = False) -> ActionResult:
        """Scale every inference component of an endpoint to no copies. Its instances bill on until they scale in."""
        reading = changeable(self.api, name, since)
        if isinstance(reading, ActionResult):
            return reading
        names = list(with_copies(reading))
        if not names:
            return _nothing_left("no inference component has copies", again=again)
        steps = ((f"set copies of {each} to 0", partial(self._no_copies, each)) for each in names)
        notes = tuple(
            f"the scalable target of {each} has a minimum above 0, so autoscaling may add copies again"
            for each in least_copies(reading)
        )
        return run_steps(steps) or ActionResult(Ended.DONE, "", f"scaled to 0 copies: {', '.join(names)}", notes)

    def scale_in(self, name: str, since: datetime | None = None, *, again: bool = False) -> ActionResult:
        """Scale every variant in to its minimum, or to one instance."""
        reading = changeable(self.api, name, since)
        if isinstance(reading, ActionResult):
            return reading
        variants, status = list(smaller(reading)), reading.endpoint["EndpointStatus"]
        if not variants:
            return _nothing_left("every variant is at its minimum", again=again)
        if status != _SERVES and not again:
            return ActionResult(Ended.REFUSED, "check the endpoint", f"it is {status}, not {_SERVES}")
        sizes = ", ".join(f"{each['VariantName']} to {each['DesiredInstanceCount']}" for each in variants)
        return run_steps(self._scaling(name, variants)) or ActionResult(Ended.DONE, "", f"scaled in: {sizes}")

    def _scaling(self, name: str, variants: Sequence[Fields]) -> Iterator[Step]:
        """One request changes the capacity of one variant, and the endpoint has to be in service for the next."""
        there = partial(until, self.api, "DescribeEndpoint", {"EndpointName": name}, _SERVES, self.wait)
        for variant in variants:
            yield "wait for the endpoint", there
            request = {"EndpointName": name, "DesiredWeightsAndCapacities": [variant]}
            yield "scale in", partial(self.api.change, "UpdateEndpointWeightsAndCapacities", request)

    def _no_copies(self, component: str) -> None:
        self.api.change("UpdateInferenceComponentRuntimeConfig", {"InferenceComponentName": component, **_AT_ZERO})


def _nothing_left(reason: str, *, again: bool) -> ActionResult:
    if again:
        return ActionResult(Ended.DONE, "", f"scaled in: {reason}")
    return ActionResult(Ended.REFUSED, "check the endpoint", reason)
