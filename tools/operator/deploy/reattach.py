"""Create a stack around a ledger that an earlier stack left behind, so that `make deploy` continues with its rows.

CloudFormation imports the table: nothing is copied, and no row changes. Afterwards the stack has only this table;
`make deploy` with the same stack name adds everything else.
"""

import argparse
import json
import sys
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError

from sagewatch.errors import SettingsError
from tools.operator.cli import run
from tools.operator.doctor.roles import template

_CHANGE_SET = "reattach-ledger"


def main() -> int:
    """Read the arguments and import the table."""
    parser = argparse.ArgumentParser(prog="make reattach", description=__doc__)
    parser.add_argument("--stack", default="sagewatch", help="name of the new stack (STACK=)")
    parser.add_argument("--ledger", default="", help="name of the DynamoDB table (LEDGER=)")
    given = parser.parse_args()
    return run(lambda: reattach(given.stack, given.ledger), on_interrupt="Stopped. See the stack in CloudFormation.")


def reattach(stack: str, table: str) -> int:
    """Import the table into a new stack. Raises ``SettingsError`` with what to do."""
    if not table:
        raise SettingsError("Name the table: make reattach LEDGER=<table>. `make remove` printed its name.")
    try:
        _import(boto3.client("cloudformation"), stack, table, _existing(table))
    except ClientError as exc:
        raise SettingsError(f"{exc.operation_name}: {exc.response['Error'].get('Message', '')}") from exc
    except WaiterError as exc:
        raise SettingsError(not_imported(stack, table)) from exc
    print(f"The stack {stack} has the ledger {table}. Now run: make deploy STACK={stack}")
    return 0


def not_imported(stack: str, table: str) -> str:
    """What to do after a failed import: its stack has no resources, and its name cannot be used until it is deleted."""
    return (
        f"CloudFormation could not import {table}. See the events of the stack {stack}. Then delete this empty stack: "
        f"aws cloudformation delete-stack --stack-name {stack}. The table stays. Then run make reattach again."
    )


def _existing(table: str) -> dict[str, Any]:
    """What DynamoDB knows of the table."""
    client = boto3.client("dynamodb")
    try:
        return dict(client.describe_table(TableName=table)["Table"])
    except client.exceptions.ResourceNotFoundException as exc:
        raise SettingsError(f"There is no table {table!r} in {client.meta.region_name}.") from exc


def import_template(existing: dict[str, Any]) -> dict[str, Any]:
    """A template of the table alone, with the indexes that it has. Raises ``SettingsError`` if it is no ledger.

    It has no ``TableName``: `template.yaml` has none either, and CloudFormation replaces a table whose name changes.
    """
    ledger = template()["Resources"]["CostLedger"]["Properties"]
    if _keys(existing["KeySchema"]) != _keys(ledger["KeySchema"]):
        raise SettingsError("The table is no ledger of SageWatch: its keys are not resource_arn and created_at.")
    has = {index["IndexName"] for index in existing.get("GlobalSecondaryIndexes", [])}
    kept = [index for index in ledger["GlobalSecondaryIndexes"] if index["IndexName"] in has]
    missing = [index["IndexName"] for index in ledger["GlobalSecondaryIndexes"] if index["IndexName"] not in has]
    if len(missing) > 1:
        raise SettingsError(
            f"The table lacks the indexes {', '.join(missing)}, and an update adds one. Create the others first."
        )
    used = {name for schema in (ledger["KeySchema"], *(one["KeySchema"] for one in kept)) for name in _keys(schema)}
    attributes = [one for one in ledger["AttributeDefinitions"] if one["AttributeName"] in used]
    properties = ledger | {
        "AttributeDefinitions": attributes,
        "GlobalSecondaryIndexes": kept,
    }
    resource = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return {"Resources": {"CostLedger": resource | {"Properties": properties}}}


def _keys(schema: list[dict[str, str]]) -> dict[str, str]:
    return {key["AttributeName"]: key["KeyType"] for key in schema}


def _import(client: Any, stack: str, table: str, existing: dict[str, Any]) -> None:
    imported = {
        "ResourceType": "AWS::DynamoDB::Table",
        "LogicalResourceId": "CostLedger",
        "ResourceIdentifier": {"TableName": table},
    }
    client.create_change_set(
        StackName=stack,
        ChangeSetName=_CHANGE_SET,
        ChangeSetType="IMPORT",
        ResourcesToImport=[imported],
        TemplateBody=json.dumps(import_template(existing)),
    )
    client.get_waiter("change_set_create_complete").wait(StackName=stack, ChangeSetName=_CHANGE_SET)
    client.execute_change_set(StackName=stack, ChangeSetName=_CHANGE_SET)
    client.get_waiter("stack_import_complete").wait(StackName=stack)


if __name__ == "__main__":
    sys.exit(main())
