"""Failures to order of the emulated SageMaker: throttling above all, which moto never does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.sagemaker.exceptions import SagemakerClientError
from moto.sagemaker.responses import SageMakerResponse


@dataclass
class Faults:
    """What the next calls of an operation answer with. Orders and calls come from many threads."""

    _orders: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def order(self, operation: str, code: str, message: str, times: int) -> None:
        """Let the next calls of an operation fail, in place of what was ordered before."""
        with self._lock:
            self._orders[operation] = [(code, message)] * times

    def check(self, operation: str) -> None:
        """Fail, if this call should."""
        with self._lock:
            waiting = self._orders.get(operation)
            order = waiting.pop() if waiting else None
        if order:
            error = SagemakerClientError(order[1])
            error.code = order[0]
            raise error


FAULTS = Faults()


def breakable(operation: str) -> None:
    """Make an operation of moto's SageMaker one that can be ordered to fail."""
    method = camelcase_to_underscores(operation.replace("AutoML", "AutoMl"))
    answer: Callable[[SageMakerResponse], ActionResult] = getattr(SageMakerResponse, method)

    def called(self: SageMakerResponse) -> ActionResult:
        FAULTS.check(operation)
        return answer(self)

    setattr(SageMakerResponse, method, called)
