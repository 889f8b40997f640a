"""Remove a stack. The ledger stays, because it is the only record of what finished jobs cost.

The recipes of deleted endpoints go with the stack, so it is not removed while it keeps any, unless --lose-recipes is
given.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from botocore.exceptions import WaiterError

from sagewatch.errors import SettingsError
from tools.operator import stacks
from tools.operator.cli import run


def main() -> int:
    """Read the arguments and remove the stack."""
    parser = argparse.ArgumentParser(prog="make remove", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the stack (STACK=)")
    parser.add_argument("--yes", action="store_true", help="do not ask for the stack's name")
    parser.add_argument("--lose-recipes", action="store_true", help="remove it with the recipes of deleted endpoints")
    given = parser.parse_args()
    stopped = "Stopped. If the deletion had begun, CloudFormation continues it."
    return run(lambda: remove(given.stack, agreed=given.yes, lose_recipes=given.lose_recipes), on_interrupt=stopped)


def remove(stack: str, *, agreed: bool, lose_recipes: bool = False) -> int:
    """Delete the stack, and say what is left. Raises ``SettingsError``."""
    client = boto3.client("cloudformation")
    values = stacks.read(client, stack).values
    ledger = values.get("CostLedgerName", "")
    if not lose_recipes and (kept := list(kept_recipes(boto3.client("dynamodb"), values.get("WatchStateName")))):
        raise SettingsError(
            f"{stack} keeps the only recipes of deleted endpoints: {', '.join(kept)}. Restore them with `make end`, "
            "or lose them: make remove ARGS=--lose-recipes"
        )
    print(f"Removes the stack {stack}: functions, queues, alerts that wait in them, alarms, and the state of sweeps.")
    print(f"Keeps the ledger {ledger}, and the secrets in SSM.")
    if not agreed and input(f"Type {stack} to remove it: ").strip() != stack:
        print("Nothing was removed.")
        return 1
    client.delete_stack(StackName=stack)
    try:
        client.get_waiter("stack_delete_complete").wait(StackName=stack)
    except WaiterError as exc:
        raise SettingsError(f"CloudFormation could not delete {stack}: see its events.") from exc
    print(f"Removed {stack}. To continue with its ledger: make reattach LEDGER={ledger} STACK={stack}")
    for line in left(values):
        print(line)
    return 0


def kept_recipes(client: Any, watch_state: str | None) -> Iterator[str]:
    """The deleted endpoints that only this table can restore; none if the table is gone."""
    if not watch_state:
        return
    asked = {
        "FilterExpression": "begins_with(pk, :recipes)",
        "ExpressionAttributeValues": {":recipes": {"S": "recipe#"}},
    }
    try:
        for page in client.get_paginator("scan").paginate(TableName=watch_state, ConsistentRead=True, **asked):
            yield from (f"{each['sk']['S']} in {each['pk']['S'].partition('#')[2]}" for each in page["Items"])
    except client.exceptions.ResourceNotFoundException:
        return


def left(values: Mapping[str, str]) -> Iterator[str]:
    """How to delete what the stack leaves behind: its ledger, its secrets, and the rules of other regions."""
    yield f"To delete the ledger for good: aws dynamodb delete-table --table-name {values.get('CostLedgerName', '')}"
    for name in ("SlackTokenParameter", "SlackSigningSecretParameter"):
        if name in values:
            yield f"To delete a secret: aws ssm delete-parameter --name {values[name]}"
    for region in (one.strip() for one in values.get("Regions", "").split(",")):
        if region:
            yield (
                f"If {region} forwards its events, delete its stack: "
                f"aws cloudformation delete-stack --region {region} --stack-name sagewatch-forward"
            )


if __name__ == "__main__":
    sys.exit(main())
