"""Scales an endpoint: its inference components to no copies, or its variants in to their minimum."""

from dataclasses import dataclass
from functools import partial

from sagewatch.standing.endpoints.ports import EndpointChanges
from sagewatch.standing.endpoints.reading import least_copies, smaller, with_copies
from sagewatch.standing.endpoints.steps import ActionResult, Ended, changeable, run_steps

_AT_ZERO = {"DesiredRuntimeConfig": {"CopyCount": 0}}


@dataclass(frozen=True, slots=True)
class EndpointScaling:
    """The ways to scale the endpoints of one region. What is scaled already is left alone, so each can be repeated."""

    api: EndpointChanges

    def copies_to_zero(self, name: str) -> ActionResult:
        """Scale every inference component of an endpoint to no copies. Its instances bill on until they scale in."""
        reading = changeable(self.api, name)
        if isinstance(reading, ActionResult):
            return reading
        names = list(with_copies(reading))
        if not names:
            return ActionResult(Ended.REFUSED, "check the endpoint", "no inference component has copies")
        steps = ((f"set copies of {each} to 0", partial(self._no_copies, each)) for each in names)
        notes = tuple(
            f"the scalable target of {each} has a minimum above 0, so autoscaling may add copies again"
            for each in least_copies(reading)
        )
        return run_steps(steps) or ActionResult(Ended.DONE, "", f"scaled to 0 copies: {', '.join(names)}", notes)

    def scale_in(self, name: str) -> ActionResult:
        """Scale every variant in to the minimum of its scalable target, or to one instance."""
        reading = changeable(self.api, name)
        if isinstance(reading, ActionResult):
            return reading
        variants = list(smaller(reading))
        if not variants:
            return ActionResult(Ended.REFUSED, "check the endpoint", "every variant is at its minimum")
        request = {"EndpointName": name, "DesiredWeightsAndCapacities": variants}
        step = ("scale in", partial(self.api.change, "UpdateEndpointWeightsAndCapacities", request))
        sizes = ", ".join(f"{each['VariantName']} to {each['DesiredInstanceCount']}" for each in variants)
        return run_steps([step]) or ActionResult(Ended.DONE, "", f"scaled in: {sizes}")

    def _no_copies(self, component: str) -> None:
        self.api.change("UpdateInferenceComponentRuntimeConfig", {"InferenceComponentName": component, **_AT_ZERO})
