"""Failures to order of the emulated SageMaker: throttling above all, which moto never does."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NoReturn, Self

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.sagemaker.responses import SageMakerResponse
from werkzeug.exceptions import HTTPException

_SERVICE_FAULTS = frozenset({"InternalFailure", "InternalServerError", "ServiceUnavailable"})


class Ordered(HTTPException):
    """An error as AWS writes it. Moto's own answer with HTTP 400 always, and warn of codes the API does not declare."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(json.dumps({"__type": code, "message": message}))
        self.code = 500 if code in _SERVICE_FAULTS else 400

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        """Those of an answer in JSON."""
        return [("Content-Type", "application/x-amz-json-1.1")]


def refuse(code: str, message: str) -> NoReturn:
    """Answer the call that is being worked on with this error."""
    raise Ordered(code, message)


@dataclass
class Refusal:
    """What the next calls for one resource answer with: so many of them, or all where ``times`` is ``None``."""

    code: str
    message: str
    times: int | None = None

    @classmethod
    def read(cls, order: Any) -> Self:
        """Read ``{"code", "message", "times"}``. Raises ``ValueError``."""
        if not isinstance(order, dict) or not isinstance(order.get("code"), str):
            raise ValueError('an error is null or {"code", "message", "times"}')  # noqa: TRY004 - it is a bad request
        return cls(order["code"], order.get("message", "refused"), order.get("times"))

    def check(self) -> None:
        """Fail, if this call should. Calls must come one at a time."""
        if self.times == 0:
            return
        if self.times:
            self.times -= 1
        refuse(self.code, self.message)


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
            refuse(*order)


FAULTS = Faults()


def breakable(operation: str) -> None:
    """Make an operation of moto's SageMaker one that can be ordered to fail."""
    method = camelcase_to_underscores(operation.replace("AutoML", "AutoMl"))
    answer: Callable[[SageMakerResponse], ActionResult] = getattr(SageMakerResponse, method)

    def called(self: SageMakerResponse) -> ActionResult:
        FAULTS.check(operation)
        return answer(self)

    setattr(SageMakerResponse, method, called)
