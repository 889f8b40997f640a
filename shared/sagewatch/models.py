"""Pydantic's models, built when they are first used: a start builds none, an event those that it needs.

Pydantic builds a model in the thread that uses it first, and nothing keeps a second thread from using what is only half
built. Sweeps use models from several threads, so here one thread builds and the others wait.
"""

from collections.abc import Mapping
from threading import RLock
from typing import Any, override

from pydantic import BaseModel, ConfigDict, TypeAdapter

_BUILDING = RLock()  # of all models, because building one builds those that it has as fields


class LazyModel(BaseModel):
    """A model that is built when it is first used, by one thread."""

    model_config = ConfigDict(defer_build=True)

    @override
    @classmethod
    def model_rebuild(
        cls,
        *,
        force: bool = False,
        raise_errors: bool = True,
        _parent_namespace_depth: int = 2,
        _types_namespace: Mapping[str, Any] | None = None,
    ) -> bool | None:
        """Build the model, unless another thread has built it meanwhile."""
        with _BUILDING:
            return super().model_rebuild(
                force=force,
                raise_errors=raise_errors,
                _parent_namespace_depth=_parent_namespace_depth + 1,
                _types_namespace=_types_namespace,
            )


class LazyAdapter[T]:
    """A type's adapter that is made when it is first used, by one thread."""

    def __init__(self, kind: Any, config: ConfigDict | None = None) -> None:
        self._kind = kind
        self._config = config
        self._made: TypeAdapter[T] | None = None

    def validate_python(self, value: object) -> T:
        """Read a value. Raises ``ValidationError``."""
        return (self._made or self._make()).validate_python(value)

    def validate_json(self, text: str | bytes) -> T:
        """Read a value from JSON. Raises ``ValidationError``."""
        return (self._made or self._make()).validate_json(text)

    def dump_json(self, value: T) -> bytes:
        """Write a value as JSON."""
        return (self._made or self._make()).dump_json(value)

    def _make(self) -> TypeAdapter[T]:
        with _BUILDING:
            self._made = self._made or TypeAdapter(self._kind, config=self._config)
            return self._made
