"""What the dialogs of idle resources say: what an action does, what is lost, and what its button is called."""

from decimal import Decimal
from typing import assert_never

from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.slack.text import hourly
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.idling.alerts import StandingAlert

_MINUTES = "Creating it again takes minutes, and fails if its configuration is gone or AWS has no capacity."


def button_of(action: ResourceAction, kind: ResourceKind) -> str:
    """The text of a button."""
    match action:
        case ResourceAction.COPIES_TO_ZERO:
            return "Copies to 0"
        case ResourceAction.SCALE_IN:
            return "Scale in"
        case ResourceAction.DELETE:
            return "Delete, keep recipe"
        case ResourceAction.END:
            return "Stop the server" if kind is ResourceKind.MLFLOW_SERVER else "Delete the app"
        case ResourceAction.RESTORE:
            return "Restore"
        case _:
            assert_never(action)


def consequence(action: ResourceAction, alert: StandingAlert, stopping: str) -> str:
    """What an action does, and what is lost."""
    match action:
        case ResourceAction.COPIES_TO_ZERO:
            return (
                "This scales all its inference components to 0 copies. Requests fail until copies are added. Its "
                "instances bill until SageMaker scales them in."
            )
        case ResourceAction.SCALE_IN:
            return (
                "This scales each variant in to the minimum of its autoscaling, or to one instance. It keeps "
                "answering, with less capacity."
            )
        case ResourceAction.DELETE:
            return (
                "This deletes the endpoint: requests fail. SageWatch keeps its recipe: variants, components, tags and "
                f"autoscaling. Its configuration and models stay. {_MINUTES}"
            )
        case ResourceAction.END:
            return f"{stopping}."
        case ResourceAction.RESTORE:
            price = "It is billed" if alert.hourly_usd is None else f"It costs {hourly(Decimal(alert.hourly_usd))}"
            return f"This creates the endpoint again from its recipe. {_MINUTES} {price} from then on."
        case _:
            assert_never(action)


def doing(action: ResourceAction) -> str:
    """What the message says while it is done."""
    match action:
        case ResourceAction.COPIES_TO_ZERO | ResourceAction.SCALE_IN:
            return "being scaled in"
        case ResourceAction.DELETE:
            return "being deleted; this takes minutes"
        case ResourceAction.END:
            return "being ended"
        case ResourceAction.RESTORE:
            return "being restored; this takes minutes"
        case _:
            assert_never(action)
