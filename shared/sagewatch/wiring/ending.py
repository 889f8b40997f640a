"""The actions of `make end`, with the caller's own credentials."""

import time
from collections.abc import Callable

from sagewatch.adapters.dynamodb.recipes import DynamoRecipes
from sagewatch.adapters.sagemaker.endpoint_changes import SageMakerEndpointChanges
from sagewatch.standing.endpoints.actions import EndpointActions
from sagewatch.standing.endpoints.ports import EndpointChanges, Recipes
from sagewatch.standing.endpoints.scaling import EndpointScaling
from sagewatch.wiring.clients import PATIENT, client, now

_LOOKS, _BETWEEN = 60, 15  # seconds: an endpoint takes minutes


def make_recipes(watch_state: str) -> Recipes:
    """The recipes that a stack keeps."""
    return DynamoRecipes(client("dynamodb", config=PATIENT), watch_state)


def make_endpoint_actions(region: str, recipes: Recipes, check: Callable[[], None]) -> EndpointActions:
    """The actions on the endpoints of a region. ``check`` may raise ``KeyboardInterrupt`` between two looks."""
    return EndpointActions(api=_changes(region), recipes=recipes, clock=now, wait=_waiting(check))


def make_endpoint_scaling(region: str, check: Callable[[], None]) -> EndpointScaling:
    """The ways to scale the endpoints of a region. ``check`` may raise ``KeyboardInterrupt`` between two looks."""
    return EndpointScaling(_changes(region), _waiting(check))


def _waiting(check: Callable[[], None]) -> Callable[[], bool]:
    """Sleep between two looks; false when time is up."""
    left = iter(range(_LOOKS))

    def wait() -> bool:
        check()
        if next(left, None) is None:
            return False
        time.sleep(_BETWEEN)
        return True

    return wait


def _changes(region: str) -> EndpointChanges:
    return SageMakerEndpointChanges(
        client("sagemaker", region=region, config=PATIENT),
        client("application-autoscaling", region=region, config=PATIENT),
    )


def end(region: str, operation: str, request: object) -> None:
    """Make the one call that ends a bill. Raises what ``EndpointChanges.change`` does."""
    api = SageMakerEndpointChanges(client("sagemaker", region=region, config=PATIENT), None)
    api.change(operation, dict(request))  # type: ignore[call-overload] # a mapping, as the kinds write it
