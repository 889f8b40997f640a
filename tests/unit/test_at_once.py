"""Works on several items at a time."""

import time
from threading import Event, Lock

import pytest

from sagewatch.at_once import in_order


@pytest.mark.parametrize("at_once", [1, 4, 16])
def test_nothing_begins_after_the_end_of_the_time(at_once: int) -> None:
    """The items that wait for a free thread when the time is up are left to the next sweep."""
    over, begun, lock = Event(), list[int](), Lock()

    def work(item: int) -> int:
        with lock:
            begun.append(item)
        if len(begun) == at_once:
            time.sleep(0.05)  # meanwhile more items could be taken, if they were taken before a thread is free
            over.set()
        over.wait()
        return item

    done = [result() for _, result in in_order(work, range(100), at_once, lambda: not over.is_set())]

    assert done == sorted(begun) == list(range(at_once))


def test_results_come_in_order_and_an_error_is_its_items_own() -> None:
    """The first item takes longest, and the second one fails."""

    def work(item: int) -> int:
        time.sleep(0.05 if item == 0 else 0)
        return 1 // (item - 1)

    results = list(in_order(work, range(3), 2, lambda: True))

    assert [item for item, _ in results] == [0, 1, 2]
    assert (results[0][1](), results[2][1]()) == (-1, 1)
    with pytest.raises(ZeroDivisionError):
        results[1][1]()


def test_so_many_at_a_time_and_no_more() -> None:
    """Whatever the number of items."""
    lock, working, most = Lock(), 0, 0

    def work(_: int) -> None:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        time.sleep(0.005)
        with lock:
            working -= 1

    for _, result in in_order(work, range(40), 4, lambda: True):
        result()

    assert most == 4
