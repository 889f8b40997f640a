"""What is built when it is first used."""

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from sagewatch.once import Once


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Leave the collector as it was."""
    yield
    gc.unfreeze()


def test_threads_that_ask_first_at_once_have_one() -> None:
    """The others wait for it."""
    seconds = 0.05
    made: list[object] = []

    def build() -> object:
        Event().wait(seconds)
        made.append(object())
        return made[-1]

    once = Once(build)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: once(), range(8)))

    assert found == set(made)
    assert len(made) == 1


def test_it_is_built_without_collections_and_left_out_of_later_ones() -> None:
    """A collection would look at what stays. Events are collected again afterwards."""
    during: list[bool] = []

    def build() -> list[list[str]]:
        during.append(gc.isenabled())
        return [[]]

    gc.unfreeze()
    built = Once(build)()

    assert during == [False]
    assert gc.isenabled()
    assert not any(one is built for one in gc.get_objects())


def test_what_could_not_be_built_is_built_by_the_next_call() -> None:
    """And garbage is collected meanwhile."""
    answers = iter([ValueError("not yet"), None])

    def build() -> str:
        if error := next(answers):
            raise error
        return "built"

    once = Once(build)
    with pytest.raises(ValueError, match="not yet"):
        once()

    assert gc.isenabled()
    assert once() == "built"


def test_what_builds_may_use_another_that_is_built_once() -> None:
    """Answers to presses and to orders of resources share what they are built of."""
    inner = Once(list[str])

    assert Once(lambda: [inner()])() == [inner()]
    assert inner() is inner()
