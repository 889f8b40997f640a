"""Remove a stack. The ledger stays, because it is the only record of what finished jobs cost."""

import argparse
import sys
from collections.abc import Iterator, Mapping

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
    given = parser.parse_args()
    stopped = "Stopped. If the deletion had begun, CloudFormation continues it."
    return run(lambda: remove(given.stack, agreed=given.yes), on_interrupt=stopped)


def remove(stack: str, *, agreed: bool) -> int:
    """Delete the stack, and say what is left. Raises ``SettingsError``."""
    client = boto3.client("cloudformation")
    values = stacks.read(client, stack).values
    ledger = values.get("CostLedgerName", "")
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
