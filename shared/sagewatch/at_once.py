"""Works on several items at a time: each item's steps stay in sequence in one thread, and results come in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Semaphore

AT_ONCE = 48  # items: each mostly waits for AWS, and the pace of each call is bounded where clients are made
_AHEAD = 2  # times as many are begun before the result of the first is taken


def in_order[T, R](
    work: Callable[[T], R], items: Iterable[T], at_once: int, more: Callable[[], bool]
) -> Iterator[tuple[T, Callable[[], R]]]:
    """Yield each item with a function that returns its result, or raises its error, in the order of the items.

    No item is begun once ``more`` has said no: it is asked when a thread is free, and the item begins at once. Those
    that were begun are finished and yielded.
    """
    begun: deque[tuple[T, Future[R]]] = deque()
    free = Semaphore(at_once)

    def begin(item: T) -> R:
        try:
            return work(item)
        finally:
            free.release()

    with ThreadPoolExecutor(at_once) as pool:
        for item in items:
            free.acquire()
            if not more():
                break
            begun.append((item, pool.submit(begin, item)))
            if len(begun) >= _AHEAD * at_once:
                done, future = begun.popleft()
                yield done, future.result
        for done, future in begun:
            yield done, future.result
