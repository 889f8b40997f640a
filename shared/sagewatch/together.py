"""Collects the requests of several threads, so that one call answers them all.

Who asks while a call is made waits for the next one, which takes all that were asked for meanwhile. A thread that is
alone makes its own call at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Condition, get_ident
from time import monotonic
from typing import Any

_BUSY = 0.5  # seconds since another thread asked: for so long several threads count as asking


@dataclass(slots=True)
class _Asked[Q]:
    """A request, and its answer as soon as there is one. ``alone`` says that its thread has to make the call."""

    request: Q
    done: bool = False
    alone: bool = True
    answer: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class Together[Q]:
    """Makes one call at a time for the requests of any number of threads.

    ``send`` answers several requests in one call: each with its answer, or with ``None`` for a request that has to be
    sent by itself. An error that it raises is that of every request. ``alone`` answers one request. ``fits`` says
    whether a request can be in one call with those that were taken before it. While several threads ask, a call waits
    for so many seconds for more of them.
    """

    send: Callable[[Sequence[Q]], Sequence[Any]]
    alone: Callable[[Q], Any]
    fits: Callable[[Sequence[Q], Q], bool]
    seconds: float = 0.1
    _waiting: list[_Asked[Q]] = field(default_factory=list)
    _changed: Condition = field(default_factory=Condition)
    _calling: bool = False
    _last: int = 0
    _turned: float = -_BUSY

    def __call__(self, request: Q) -> Any:
        """Return the answer to a request. Raises what ``send`` and ``alone`` do."""
        own = _Asked(request)
        with self._changed:
            self._waiting.append(own)
            if self._last not in {0, get_ident()}:
                self._turned = monotonic()
            self._last = get_ident()
        while not own.done:
            with self._changed:
                self._changed.wait_for(lambda: own.done or not self._calling)
                if own.done:
                    break
                self._calling = True
                if monotonic() - self._turned < _BUSY:
                    self._changed.wait(self.seconds)
                batch = self._next()
            self._call(batch)
        if own.alone:
            return self.alone(request)
        if own.error:
            raise own.error
        return own.answer

    def _next(self) -> list[_Asked[Q]]:
        """Take the first that waits, and those that fit in one call with it."""
        taken: list[_Asked[Q]] = []
        left: list[_Asked[Q]] = []
        for asked in self._waiting:
            fits = not taken or self.fits([each.request for each in taken], asked.request)
            (taken if fits else left).append(asked)
        self._waiting = left
        return taken

    def _call(self, batch: Sequence[_Asked[Q]]) -> None:
        try:
            if len(batch) == 1:
                batch[0].answer, batch[0].alone = self.alone(batch[0].request), False
            else:
                for asked, answer in zip(batch, self.send([each.request for each in batch]), strict=True):
                    asked.answer, asked.alone = answer, answer is None
        except Exception as exc:  # noqa: BLE001 - it is raised where it was asked for
            for asked in batch:
                asked.error, asked.alone = exc, False
        finally:  # whatever happens, no one waits for ever
            with self._changed:
                self._calling = False
                for asked in batch:
                    asked.done = True
                self._changed.notify_all()
