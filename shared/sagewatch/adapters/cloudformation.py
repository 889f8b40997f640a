"""The deployed stack: operator commands read its tables and parameters from CloudFormation."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from sagewatch.adapters.aws_errors import code_of, translated
from sagewatch.errors import SettingsError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


def read_stack(client: "CloudFormationClient", name: str) -> Mapping[str, str]:
    """Read a stack's outputs and parameters, by their names.

    Raises ``SettingsError`` where there is no such stack, ``ThrottledError``, ``AccessDeniedError``,
    ``UnavailableError``.
    """
    with translated(f"cloudformation:DescribeStacks of {name}"):
        try:
            [stack] = client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as exc:
            if code_of(exc) == "ValidationError":  # "Stack with id x does not exist"
                raise SettingsError(f"there is no stack {name!r} in {client.meta.region_name}") from exc
            raise
    parameters = {entry["ParameterKey"]: entry["ParameterValue"] for entry in stack.get("Parameters", [])}
    return parameters | {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])}
