"""Define the ports of actions on endpoints: the services' calls, and where recipes are kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sagewatch.standing.endpoints.recipe import Recipe

Fields = Mapping[str, Any]


class EndpointReads(Protocol):
    """Reads one endpoint and its autoscaling, in one region of one account."""

    def describe(self, operation: str, request: Fields) -> Fields | None:
        """Call an operation that describes; ``None`` for what is gone.

        Raises ``ThrottledError``, ``AccessDeniedError``, ``UnavailableError``, ``RequestRefusedError``.
        """

    def list(self, operation: str, field: str, request: Fields) -> Sequence[Fields]:
        """Return the elements of every page. Raises what ``describe`` does."""

    def scaling(self, operation: str, field: str, resource_id: str) -> Sequence[Fields]:
        """Return the elements of an operation of Application Auto Scaling. Raises what ``describe`` does."""


class EndpointChanges(EndpointReads, Protocol):
    """Changes one endpoint and its autoscaling."""

    def change(self, operation: str, request: Fields) -> None:
        """Call an operation that changes something. Raises what ``describe`` does."""

    def change_scaling(self, operation: str, request: Fields) -> None:
        """Call an operation of Application Auto Scaling. Raises what ``describe`` does."""


class Recipes(Protocol):
    """Keeps the recipes of deleted endpoints."""

    def save(self, recipe: Recipe) -> None:
        """Keep a recipe, in place of an older one of that endpoint. Raises what ``Ledger.put`` does."""

    def find(self, name: str, scope: str) -> Recipe | None:
        """Return the recipe of that endpoint. Raises what ``Ledger.put`` does."""

    def all(self, scope: str) -> Sequence[Recipe]:
        """Return the recipes of a region. Raises what ``Ledger.put`` does."""

    def forget(self, recipe: Recipe) -> None:
        """Remove a recipe. Raises what ``Ledger.put`` does."""
