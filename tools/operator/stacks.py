"""The deployed stack, as CloudFormation describes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from sagewatch.errors import SettingsError
from tools.operator.cli import NO_REGION, code_of

_PATIENT = Config(connect_timeout=5, read_timeout=20, retries={"mode": "adaptive", "total_max_attempts": 5})


@dataclass(frozen=True, slots=True)
class StackDescription:
    """A stack, with its parameters and outputs by name."""

    arn: str
    status: str
    created_at: datetime | None
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def values(self) -> Mapping[str, str]:
        """Parameters and outputs; their names do not overlap."""
        return {**self.parameters, **self.outputs}


def find(client: Any, name: str) -> StackDescription | None:
    """Describe a stack; ``None`` if there is none of that name. Raises what boto3 does."""
    try:
        [found] = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as exc:
        if code_of(exc) != "ValidationError":  # "Stack with id x does not exist"
            raise
        return None
    return StackDescription(
        found.get("StackId", ""),
        found.get("StackStatus", ""),
        found.get("CreationTime"),
        {entry["ParameterKey"]: entry["ParameterValue"] for entry in found.get("Parameters", [])},
        {entry["OutputKey"]: entry["OutputValue"] for entry in found.get("Outputs", [])},
    )


def read(client: Any, name: str) -> StackDescription:
    """Describe a stack. Raises ``SettingsError`` where there is none of that name, and what boto3 does."""
    found = find(client, name)
    if found is None:
        raise SettingsError(f"There is no stack {name!r} in {client.meta.region_name}.")
    return found


def values_of(name: str) -> Mapping[str, str]:
    """The values of a stack in the operator's own region. Raises what ``read`` does, and ``SettingsError``."""
    session = boto3.Session()
    if not session.region_name:
        raise SettingsError(NO_REGION)
    return read(session.client("cloudformation", config=_PATIENT), name).values
