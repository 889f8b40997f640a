"""The recipes of deleted endpoints: items of WatchState, one for each endpoint, that never expire."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, override

from pydantic import ValidationError

from sagewatch.adapters.aws_errors import translated
from sagewatch.adapters.dynamodb.items import query, readable, to_item
from sagewatch.adapters.dynamodb.stored_values import refuse_odd_values
from sagewatch.errors import UnreadableError
from sagewatch.models import LazyAdapter
from sagewatch.sagemaker.scopes import Scope, stored_scope
from sagewatch.standing.endpoints.ports import Recipes
from sagewatch.standing.endpoints.recipe import Recipe

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_RECIPE: LazyAdapter[Recipe] = LazyAdapter(Recipe)


class DynamoRecipes(Recipes):
    """Keeps a recipe as JSON text: DynamoDB's numbers are not those of AWS's answers."""

    PERMISSIONS: ClassVar = ("dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query")

    def __init__(self, client: "DynamoDBClient", state: str, home: str | None = None) -> None:
        self._client = client
        self._state = state
        self._home = home

    @override
    def save(self, recipe: Recipe) -> None:
        text = _RECIPE.dump_json(recipe).decode()
        with translated("dynamodb:PutItem on the recipes"):
            self._client.put_item(TableName=self._state, Item={**self._key(recipe), **to_item({"recipe": text})})

    @override
    def find(self, name: str, scope: Scope) -> Recipe | None:
        return next((recipe for recipe in self.all(scope) if recipe.name == name), None)

    @override
    def all(self, scope: Scope) -> Sequence[Recipe]:
        return list(readable(query(self._client, self._state, self._partition(scope), consistent=True), _read))

    @override
    def forget(self, recipe: Recipe) -> None:
        with translated("dynamodb:DeleteItem on the recipes"):
            self._client.delete_item(TableName=self._state, Key=self._key(recipe))

    def _key(self, recipe: Recipe) -> dict[str, Any]:
        return to_item({"pk": self._partition(f"{recipe.account}/{recipe.region}"), "sk": recipe.name})

    def _partition(self, scope: Scope) -> str:
        return f"recipe#{stored_scope(scope, self._home)}"


def _read(item: Mapping[str, Any]) -> Recipe:
    try:
        value = _RECIPE.validate_python(json.loads(item["recipe"]))
        refuse_odd_values(value)
    except (ValidationError, ValueError, TypeError, LookupError) as exc:
        raise UnreadableError(f"recipe {item.get('sk')} cannot be read") from exc
    return value
