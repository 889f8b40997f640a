"""Alerts about idle resources as production composes them: a sweep finds them, and people press their buttons."""

from datetime import timedelta

from sagewatch.errors import AccessDeniedError
from sagewatch.standing.idling.alerts import StandingAlert
from tests.worlds.standing import HOUR, IdleWorld


def _endpoint(*, enforce: bool = True) -> IdleWorld:
    world = IdleWorld(enforce=enforce)
    world.now -= timedelta(days=20)
    world.endpoint("churn-demo")
    world.invoked("churn-demo")
    world.now += timedelta(days=20)
    world.sweep()
    return world


def _canvas(*, enforce: bool = True) -> IdleWorld:
    world = IdleWorld(enforce=enforce)
    world.canvas()
    world.sweep()
    return world


def _components() -> StandingAlert:
    """An endpoint whose instances go once no copy is left."""
    world = IdleWorld()
    world.endpoint("chat-llm")
    scaling = {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 4}
    world.api.endpoints["chat-llm"]["ProductionVariants"][0]["ManagedInstanceScaling"] = scaling
    variants = world.answers["DescribeEndpointConfig", "chat-llm-config"]["ProductionVariants"]
    variants[0].pop("ModelName")
    part = {"EndpointName": "chat-llm", "VariantName": "blue", "InferenceComponentName": "part"}
    world.api.change("CreateInferenceComponent", {**part, "Specification": {}, "RuntimeConfig": {"CopyCount": 1}})
    world.sweep()
    return world.told[-1]


def _confirmed(world: IdleWorld, *actions: str) -> StandingAlert:
    for action in actions:
        world.ask(action)
        world.confirm()
    return world.edits[-1]


def _kept(world: IdleWorld, action: str) -> StandingAlert:
    world.press(action)
    return world.edits[-1]


def _stuck() -> StandingAlert:
    world = _endpoint()
    world.ask("delete_endpoint")
    world.api.broken["DeleteEndpoint"] = AccessDeniedError("sagemaker:DeleteEndpoint: AccessDenied")
    world.confirm()
    return world.edits[-1]


def _used_again() -> StandingAlert:
    world = _canvas()
    world.unused("ana", timedelta(minutes=5))
    world.sweep(later=HOUR)
    return world.edits[-1]


def _deleted() -> StandingAlert:
    world = _canvas()
    world.sweep(later=HOUR)
    world.due()
    return world.edits[-1]


def _trial_over() -> StandingAlert:
    world = _canvas(enforce=False)
    world.sweep(later=HOUR)
    return world.edits[-1]


def _server() -> IdleWorld:
    world = IdleWorld()
    world.mlflow()
    world.sweep()
    return world


IDLE_RESOURCES = {
    "endpoint": _endpoint().told[-1],
    "endpoint, trial mode": _endpoint(enforce=False).told[-1],
    "endpoint with inference components": _components(),
    "endpoint kept": _kept(_endpoint(), "keep_a_month"),
    "endpoint scaled in": _confirmed(_endpoint(), "scale_in"),
    "endpoint deleted, recipe kept": _confirmed(_endpoint(), "delete_endpoint"),
    "endpoint restored": _confirmed(_endpoint(), "delete_endpoint", "restore_endpoint"),
    "endpoint, a step failed": _stuck(),
    "Canvas, announced": _canvas().told[-1],
    "Canvas, trial mode": _canvas(enforce=False).told[-1],
    "Canvas, trial mode, time is up": _trial_over(),
    "Canvas kept": _kept(_canvas(), "keep_a_day"),
    "Canvas in use again": _used_again(),
    "Canvas deleted": _deleted(),
    "MLflow server, use unknown": _server().told[-1],
    "MLflow server stopped": _confirmed(_server(), "end_resource"),
}
