"""End the bill of one resource that `make now` lists, or restore an endpoint that was deleted this way.

Shows what the resource bills and what is lost, and asks for its name before it changes anything. An endpoint is deleted
with its recipe kept in the stack, and `--restore NAME` creates it again. Needs Mode=enforce; a resource with the tag
sagewatch:protect is refused.
"""

import argparse
import sys
from collections.abc import Iterable
from typing import assert_never

from rich.console import Console
from rich.status import Status

from sagewatch.errors import SettingsError
from sagewatch.formatting import money
from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.sagemaker.tags import PROTECT_TAG
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.endpoints.recipe import Recipe
from sagewatch.standing.endpoints.steps import ActionResult, Ended
from sagewatch.standing.resources import StandingResource
from sagewatch.standing.survey import Standing
from sagewatch.wiring import ending
from sagewatch.wiring import standing as wiring
from sagewatch.wiring.clients import home_region
from tools.operator.cli import Interrupts, run
from tools.operator.stacks import values_of

_OPTIONS = {ResourceAction.SCALE_IN: "--scale-in", ResourceAction.COPIES_TO_ZERO: "--copies-to-zero"}


def main() -> int:
    """Read the arguments and act."""
    given = _arguments()
    interrupted = "Stopped. Run the same command again; it continues where it stopped."
    return run(lambda: act(given), on_interrupt=interrupted)


def act(given: argparse.Namespace) -> int:
    """Find the resource, ask, and end its bill; or restore an endpoint."""
    values = values_of(given.stack)
    if values.get("Mode") != "enforce":
        raise SettingsError(
            f"the stack {given.stack} has Mode={values.get('Mode')}; nothing is changed without Mode=enforce."
        )
    if given.restore:
        return _restore(given, values["WatchStateName"])
    console, interrupts = Console(stderr=True, highlight=False, soft_wrap=True), Interrupts()
    with Status("Reading", console=console) as status:

        def progress(step: str) -> None:
            status.update(step)

        plan = wiring.plan_survey(lambda: values, [given.region] if given.region else [], progress, interrupts.check)
        report = plan.survey.run(plan.regions)
    sys.stderr.writelines(f"{problem}\n" for problem in report.problems)
    matching = [each for each in report.found if given.name in {each.resource.name, each.resource.arn}]
    recipe = None if matching else _unfinished(given.name, plan.regions, values["WatchStateName"])
    if recipe:
        return _continue(recipe, given, values["WatchStateName"])
    if len(matching) != 1:
        raise SettingsError(
            f"{len(matching)} resources are called {given.name!r}. Give the ARN from `make now --json`."
        )
    return _end(matching[0], given, values["WatchStateName"])


def wanted(given: argparse.Namespace, kind: ResourceKind) -> ResourceAction:
    """The action that the arguments ask for."""
    if given.scale_in:
        return ResourceAction.SCALE_IN
    if given.copies_to_zero:
        return ResourceAction.COPIES_TO_ZERO
    return ResourceAction.DELETE if kind is ResourceKind.ENDPOINT else ResourceAction.END


def refusal(each: Standing, action: ResourceAction) -> str | None:
    """Why this resource's bill is not ended. Tags that could not be read may protect it."""
    resource, label = each.resource, KIND_FACTS[each.resource.kind].label.lower()
    if each.tags is None and resource.taggable:
        return f"the tags of {resource.name} could not be read, so {PROTECT_TAG} may protect it."
    if PROTECT_TAG in (each.tags or {}):
        return f"the tag {PROTECT_TAG} of {resource.name} protects it."
    if action in _OPTIONS and resource.kind is not ResourceKind.ENDPOINT:
        return f"{_OPTIONS[action]} is for endpoints, and {resource.name} is a {label}."
    if resource.kind is not ResourceKind.ENDPOINT and resource.end is None:
        return f"no single call ends a {label}."
    return None


def consequence(resource: StandingResource, action: ResourceAction) -> str:
    """What the action does."""
    what = f"{KIND_FACTS[resource.kind].label.lower()} {resource.name}"
    match action:
        case ResourceAction.SCALE_IN:
            return f"This scales {what} in to its minimum."
        case ResourceAction.COPIES_TO_ZERO:
            return f"This scales all components of {what} to 0 copies. Its instances bill until they scale in."
        case ResourceAction.DELETE:
            return f"This DELETES {what} and keeps its recipe."
        case ResourceAction.RESTORE:
            return f"This creates {what} again."
        case ResourceAction.END:
            return (
                f"This calls {resource.end.operation if resource.end else 'nothing'} for {what}. {resource.stopping}."
            )
        case _:
            assert_never(action)


def _end(each: Standing, given: argparse.Namespace, watch_state: str) -> int:
    resource = each.resource
    action = wanted(given, resource.kind)
    if reason := refusal(each, action):
        raise SettingsError(reason)
    price = "an unknown price" if each.hourly.usd is None else f"{money(each.hourly.usd)}/h"
    sys.stdout.write(
        f"{KIND_FACTS[resource.kind].label} {resource.name} in {resource.region} at {price}\n"
        f"{resource.configuration}\n{each.decision.use}: {each.decision.reason}\n"
        f"{consequence(resource, action)}\n"
    )
    if not (given.yes or _confirmed(resource.name)):
        sys.stdout.write("Nothing was changed.\n")
        return 1
    return _say(result) if (result := _act(resource, action, watch_state)) else 0


def _act(resource: StandingResource, action: ResourceAction, watch_state: str) -> ActionResult | None:
    match action:
        case ResourceAction.SCALE_IN:
            return ending.make_endpoint_scaling(resource.region, Interrupts().check).scale_in(resource.name)
        case ResourceAction.COPIES_TO_ZERO:
            return ending.make_endpoint_scaling(resource.region, Interrupts().check).copies_to_zero(resource.name)
        case ResourceAction.DELETE:
            actions = ending.make_endpoint_actions(
                resource.region, ending.make_recipes(watch_state), Interrupts().check
            )
            return actions.delete(resource.name, by="operator")
        case ResourceAction.END | ResourceAction.RESTORE:
            if resource.end:
                ending.end(resource.region, resource.end.operation, resource.end.request)
            sys.stdout.write(f"Done: {resource.end and resource.end.operation}.\n")
            return None
        case _:
            assert_never(action)


def _unfinished(name: str, regions: Iterable[str], watch_state: str) -> Recipe | None:
    """The recipe of a deletion that failed after its endpoint was gone."""
    recipes = ending.make_recipes(watch_state)
    kept = [each for region in regions for each in recipes.all(region) if name in {each.name, each.arn}]
    return next((each for each in kept if not each.finished), None)


def _continue(recipe: Recipe, given: argparse.Namespace, watch_state: str) -> int:
    sys.stdout.write(f"This continues the deletion of endpoint {recipe.name}, which stopped before its end.\n")
    if given.scale_in or given.copies_to_zero or not (given.yes or _confirmed(recipe.name)):
        sys.stdout.write("Nothing was changed.\n")
        return 1
    recipes = ending.make_recipes(watch_state)
    actions = ending.make_endpoint_actions(recipe.region, recipes, Interrupts().check)
    return _say(actions.continue_deletion(recipe))


def _restore(given: argparse.Namespace, watch_state: str) -> int:
    region = given.region or home_region()
    recipes = ending.make_recipes(watch_state)
    recipe = recipes.find(given.restore, region)
    if recipe is None:
        names = ", ".join(each.name for each in recipes.all(region)) or "none"
        raise SettingsError(f"no recipe of {given.restore!r} is kept for {region}; kept are: {names}.")
    sys.stdout.write(
        f"Endpoint {recipe.name} was deleted on {recipe.deleted_at:%Y-%m-%d %H:%M} UTC by {recipe.deleted_by}.\n"
        "Creating it takes minutes, and fails if its configuration is gone or AWS has no capacity.\n"
    )
    if not (given.yes or _confirmed(recipe.name)):
        sys.stdout.write("Nothing was changed.\n")
        return 1
    return _say(ending.make_endpoint_actions(region, recipes, Interrupts().check).restore(recipe))


def _confirmed(name: str) -> bool:
    sys.stdout.write(f"Type {name} to confirm: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip() == name


def _say(result: ActionResult) -> int:
    step = f" in the step {result.step!r}" if result.step else ""
    sys.stdout.write(f"{result.ended.capitalize()}{step}: {result.reason}.\n")
    sys.stdout.writelines(f"{note}.\n" for note in result.notes)
    return 0 if result.ended is Ended.DONE else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make end", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the deployed stack (STACK=)")
    parser.add_argument("name", nargs="?", help="name or ARN, as `make now` shows it")
    parser.add_argument("--restore", help="name of an endpoint to restore from its recipe")
    parser.add_argument(
        "--scale-in", action="store_true", help="scale an endpoint in to its minimum instead of deleting it"
    )
    parser.add_argument(
        "--copies-to-zero", action="store_true", help="scale the inference components of an endpoint to 0 copies"
    )
    parser.add_argument("--region", help="region of the resource (default: those of the stack)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    given = parser.parse_args()
    if given.scale_in and given.copies_to_zero:
        parser.error("give --scale-in or --copies-to-zero, not both")
    if bool(given.name) == bool(given.restore):
        parser.error("give a name to end, or --restore NAME")
    return given


if __name__ == "__main__":
    sys.exit(main())
