"""What is built when it is first used, by one thread, and stays."""

import gc
from collections.abc import Callable
from threading import RLock

_BUILDING = RLock()  # of everything: collection is the process's, and what is built may use another one


class Once[T]:
    """Builds something at the first call, and answers each further call with it."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._built: tuple[T] | None = None

    def __call__(self) -> T:
        """Answer with what was built. A build that fails is tried again by the next call."""
        return (self._built or self._first())[0]

    def _first(self) -> tuple[T]:
        with _BUILDING:
            self._built = self._built or (_made(self._build),)
            return self._built


def _made[T](build: Callable[[], T]) -> T:
    """Build without collecting garbage, for what is made stays; from then on collect that of events alone."""
    gc.disable()
    try:
        built = build()
        gc.freeze()
    finally:
        gc.enable()
    return built
