"""Messages of the dead-letter queues, and the queues they came from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

_NOTEBOOK = "SageMaker Notebook Instance State Change"

type Target = Literal["JobEventQueueUrl", "NotebookEventQueueUrl", "PressQueueUrl", "AlertQueueUrl", "run"] | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message of a dead-letter queue. ``target`` is the output that names its queue, ``run`` for a failed run."""

    queue: str
    receipt: str
    message_id: str
    body: str
    attributes: Mapping[str, str]
    target: Target

    @property
    def why(self) -> str:
        """The recorded reason; EventBridge records a code instead."""
        known = (self.attributes.get(name) for name in ("Reason", "ERROR_MESSAGE", "ERROR_CODE"))
        return next(filter(None, known), "no reason recorded: the function crashed or ran out of time")


class DeadLetterQueues(Protocol):
    """The dead-letter queues of a stack, and the ways back. Each method raises ``SageWatchError``."""

    def letters(self) -> Sequence[DeadLetter]:
        """Receive every message, which hides it from other readers for two minutes."""

    def give_back(self, letter: DeadLetter) -> None:
        """Send a message to its queue, then delete it; leave one without a queue where it is."""

    def discard(self, letter: DeadLetter) -> None:
        """Delete a message."""

    def release(self, letter: DeadLetter) -> None:
        """Show a message to other readers again."""


def target_of(body: str) -> Target:
    """The output that names the queue a message came from, by its content. ``None``: it cannot be recognised."""
    try:
        content: Any = json.loads(body)
    except ValueError:
        return None
    match content:
        case {"detail-type": str() as kind} if kind == _NOTEBOOK:
            return "NotebookEventQueueUrl"
        case {"detail-type": str() as kind} if kind.endswith("Job State Change"):
            return "JobEventQueueUrl"
        case {"requestContext": {"functionArn": str()}, "requestPayload": _}:
            return "run"
        case {"action": str(), "user": str()}:
            return "PressQueueUrl"
        case _:
            return None
