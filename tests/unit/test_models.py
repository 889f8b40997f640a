"""Models that are built when they are first used."""

import importlib
import pkgutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema

import sagewatch
from sagewatch.models import LazyAdapter, LazyModel

THREADS = 8


class Slow:
    """A field's type that takes its time to be built, and counts how often it is."""

    def __init__(self) -> None:
        self.built = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Count, and let other threads come in between."""
        self.built += 1
        sleep(0.05)
        return handler(source)


def in_threads(work: Any) -> list[Any]:
    """Do the same in several threads, at the same moment."""
    start = Barrier(THREADS)

    def run(_: int) -> Any:
        start.wait()
        return work()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def a_model(slow: Slow) -> type[LazyModel]:
    """A model with a field that is a model."""

    class Inner(LazyModel):
        number: Annotated[int, slow]

    class Outer(LazyModel):
        inner: Inner

    return Outer


def test_a_model_is_built_once_however_many_threads_use_it_first() -> None:
    """Each gets a value that is wholly validated, and nothing is built more often than for one thread."""
    alone, slow = Slow(), Slow()
    a_model(alone).model_validate({"inner": {"number": "7"}})
    model = a_model(slow)

    assert [found.model_dump() for found in in_threads(lambda: model.model_validate({"inner": {"number": "7"}}))] == [
        {"inner": {"number": 7}}
    ] * THREADS
    assert slow.built == alone.built


def test_an_adapter_is_built_once_however_many_threads_use_it_first() -> None:
    """As a model is."""
    slow = Slow()
    adapter: LazyAdapter[int] = LazyAdapter(Annotated[int, slow], config=ConfigDict())

    assert in_threads(lambda: adapter.validate_python("7")) == [7] * THREADS
    assert slow.built == 1


def test_every_model_that_is_built_late_is_built_by_one_thread() -> None:
    """One that pydantic's own base builds late would be built by each thread that uses it first."""
    for module in pkgutil.walk_packages(sagewatch.__path__, "sagewatch."):
        importlib.import_module(module.name)
    late = {model for model in _below(BaseModel) if model.model_config.get("defer_build")}

    assert {model.__name__ for model in late if not issubclass(model, LazyModel)} == set()
    assert late


def test_every_adapter_is_made_when_it_is_first_used() -> None:
    """Making one at a start would take the start's time, and pydantic's own way to make it late is not safe."""
    found = [
        f"{module.name}.{name}"
        for module in pkgutil.walk_packages(sagewatch.__path__, "sagewatch.")
        for name, value in vars(importlib.import_module(module.name)).items()
        if isinstance(value, TypeAdapter)
    ]

    assert found == []


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in model.__subclasses__():
        if each.__module__.startswith("sagewatch."):
            yield each
        yield from _below(each)
