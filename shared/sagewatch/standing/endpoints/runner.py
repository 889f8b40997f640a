"""Runs the actions that people confirm in Slack. An action that takes minutes is run again until it has ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from sagewatch.clock import Clock
from sagewatch.sagemaker.scopes import Scope, region_of
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.endpoints.actions import EndpointActions
from sagewatch.standing.endpoints.ports import EndpointChanges, Recipes
from sagewatch.standing.endpoints.recipe import Recipe
from sagewatch.standing.endpoints.scaling import EndpointScaling
from sagewatch.standing.endpoints.steps import ActionResult, Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRunner:
    """Runs an action on an endpoint of a region, for a person."""

    api_of: Callable[[str], EndpointChanges]
    recipes: Recipes
    clock: Clock

    def run(  # noqa: PLR0913 - what names the endpoint, and who wants what
        self, action: ResourceAction, name: str, scope: Scope, by: str, *, since: datetime | None, again: bool
    ) -> ActionResult:
        """Begin an action, or ``again`` continue one.

        ``scope`` is the account and the region of the endpoint, ``since`` when it was created: another one of that name
        is left alone.
        """
        scaling = EndpointScaling(self.api_of(region_of(scope)), _never)
        match action:
            case ResourceAction.COPIES_TO_ZERO:
                return scaling.copies_to_zero(name, since, again=again)
            case ResourceAction.SCALE_IN:
                return scaling.scale_in(name, since, again=again)
            case ResourceAction.DELETE:
                return self._delete(name, scope, by, since, again=again)
            case ResourceAction.RESTORE:
                return self._restore(name, scope, since, again=again)
            case ResourceAction.END:
                return ActionResult(Ended.REFUSED, "check the endpoint", "no single call ends an endpoint")
            case _:
                assert_never(action)

    def keeps(self, name: str, scope: Scope, since: datetime | None) -> bool:
        """Whether a recipe of the endpoint that was created then is kept. Raises what ``Recipes.find`` does."""
        return self._recipe(name, scope, since) is not None

    def _recipe(self, name: str, scope: Scope, since: datetime | None) -> Recipe | None:
        """Early recipes do not know when their endpoint was created."""
        kept = self.recipes.find(name, scope)
        return kept if kept and (since is None or kept.created_at in {None, since}) else None

    def _delete(self, name: str, scope: Scope, by: str, since: datetime | None, *, again: bool) -> ActionResult:
        """A deletion that was begun continues where it stopped: its endpoint may be gone already."""
        actions, kept = self._actions(scope), self._recipe(name, scope, since)
        if again and kept and kept.finished:
            return actions.deleted(kept)
        if again and kept:
            continued = actions.continue_deletion(kept)
            if continued.ended is not Ended.REFUSED:
                return continued
        return actions.delete(name, by, since)

    def _restore(self, name: str, scope: Scope, since: datetime | None, *, again: bool) -> ActionResult:
        """The last step removes the recipe, so a restore that continues without one has ended."""
        recipe = self._recipe(name, scope, since)
        if recipe is None:
            reason = "restored, and equal to its recipe" if again else "no recipe of it is kept"
            return ActionResult(Ended.DONE if again else Ended.REFUSED, "", reason)
        return self._actions(scope).restore(recipe)

    def _actions(self, scope: Scope) -> EndpointActions:
        """They never wait: what takes minutes is run again later."""
        api = self.api_of(region_of(scope))
        return EndpointActions(api=api, recipes=self.recipes, clock=self.clock, wait=_never)


def _never() -> bool:
    return False
