"""Failures of the emulated SageMaker on request, such as throttling, which moto never does."""

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
    """An error as AWS returns it. Moto's errors always have HTTP 400, and warn about undeclared codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(json.dumps({"__type": code, "message": message}))
        self.code = 500 if code in _SERVICE_FAULTS else 400

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        """The headers of a JSON answer."""
        return [("Content-Type", "application/x-amz-json-1.1")]


def refuse(code: str, message: str) -> NoReturn:
    """Fail the current call with this error."""
    raise Ordered(code, message)


@dataclass
class Refusal:
    """The error of the next calls for one resource: ``times`` of them, or all if that is ``None``."""

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
        """Fail if an error is due. Not safe for concurrent calls."""
        if self.times == 0:
            return
        if self.times:
            self.times -= 1
        refuse(self.code, self.message)


@dataclass
class Faults:
    """The errors of the next calls, by operation. Safe for concurrent use."""

    _orders: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def order(self, operation: str, code: str, message: str, times: int) -> None:
        """Make the next calls of an operation fail. Replaces an earlier request."""
        with self._lock:
            self._orders[operation] = [(code, message)] * times

    def check(self, operation: str) -> None:
        """Fail if an error is due."""
        with self._lock:
            waiting = self._orders.get(operation)
            order = waiting.pop() if waiting else None
        if order:
            refuse(*order)


FAULTS = Faults()


def breakable(operation: str) -> None:
    """Make an operation of moto's SageMaker fail on request."""
    method = camelcase_to_underscores(operation.replace("AutoML", "AutoMl"))
    answer: Callable[[SageMakerResponse], ActionResult] = getattr(SageMakerResponse, method)

    def called(self: SageMakerResponse) -> ActionResult:
        FAULTS.check(operation)
        return answer(self)

    setattr(SageMakerResponse, method, called)
