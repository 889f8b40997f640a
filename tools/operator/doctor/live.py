"""The live account: its stack, AWS clients and Slack, with the operator's credentials."""

import os
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sagewatch.redaction import redact
from tools.operator import stacks, web

_PATIENT = Config(connect_timeout=5, read_timeout=20, retries={"mode": "adaptive", "total_max_attempts": 5})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})


class NotCheckedError(Exception):
    """Nothing decides this row here; the text says why."""


class CallFailedError(Exception):
    """A call to AWS failed: ``code`` is AWS's, ``action`` what was called."""

    def __init__(self, action: str, code: str, text: str) -> None:
        super().__init__(f"{action}: {code}: {text}")
        self.action, self.code, self.text = action, code, text

    @property
    def denied(self) -> bool:
        """Whether the operator lacks a permission."""
        return self.code in _DENIED

    def facts(self) -> Mapping[str, str]:
        """The call as facts of a row."""
        return {"denied": self.action} if self.denied else {"failed": self.action, "why": f"{self.code}: {self.text}"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the stack."""

    kind: str
    physical: str


@dataclass(frozen=True, slots=True)
class Stack:
    """The deployed stack."""

    name: str
    arn: str
    status: str
    values: Mapping[str, str]  # its parameters and outputs
    resources: Mapping[str, Resource]
    created_at: datetime | None = None

    @property
    def account(self) -> str:
        """The account it is in."""
        return self.arn.split(":")[4]

    @property
    def partition(self) -> str:
        """The partition it is in."""
        return self.arn.split(":")[1]

    def of_kind(self, kind: str) -> Mapping[str, str]:
        """The physical IDs of the resources of a type, by logical ID."""
        return {name: resource.physical for name, resource in self.resources.items() if resource.kind == kind}


def own_clients(session: boto3.Session) -> Callable[[str, str], Any]:
    """Clients with the operator's credentials."""

    @cache
    def client(service: str, region: str) -> Any:
        return session.client(service, region_name=region, config=_PATIENT)  # type: ignore[call-overload] # by name

    return client


@dataclass(kw_only=True)
class Account:
    """What checks ask. ``notebook`` is one that the operator named; ``post`` allows the test message."""

    region: str  # the stack's
    clients: Callable[[str, str], Any]  # by service and region
    stack_name: str
    clock: Callable[[], datetime]
    notebook: str | None = None
    post: bool = True
    on_call: Callable[[str], None] = field(default=lambda _: None)

    def call(self, service: str, operation: str, region: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Call AWS. Raises ``CallFailedError``."""
        with self._asking(service, operation):
            answer: dict[str, Any] = getattr(self.clients(service, region or self.region), operation)(**arguments)
            return answer

    @contextmanager
    def _asking(self, service: str, operation: str) -> Iterator[None]:
        self.on_call(f"{service} {operation}")
        try:
            yield
        except ClientError as exc:
            error = exc.response.get("Error", {})
            raise CallFailedError(
                f"{service}:{exc.operation_name}", error.get("Code", ""), redact(error.get("Message", "")) or ""
            ) from exc
        except BotoCoreError as exc:
            raise CallFailedError(f"{service}:{operation}", type(exc).__name__, "no usable answer") from exc

    @cached_property
    def stack(self) -> Stack:
        """The stack. Raises ``SettingsError`` or ``CallFailedError``."""
        with self._asking("cloudformation", "describe_stacks"):
            found = stacks.read(self.clients("cloudformation", self.region), self.stack_name)
        listed = self.call("cloudformation", "describe_stack_resources", StackName=self.stack_name)["StackResources"]
        resources = {
            one["LogicalResourceId"]: Resource(one["ResourceType"], one["PhysicalResourceId"]) for one in listed
        }
        return Stack(self.stack_name, found.arn, found.status, found.values, resources, found.created_at)

    @cached_property
    def slack_token(self) -> str:
        """The bot token. Raises ``CallFailedError``."""
        return self._secret("SlackTokenParameter")

    def _secret(self, parameter: str) -> str:
        name = self.stack.values[parameter]
        return str(self.call("ssm", "get_parameter", Name=name, WithDecryption=True)["Parameter"]["Value"]).strip()

    def slack(self, method: str, **arguments: str) -> tuple[Mapping[str, Any], web.Reply]:
        """Call a method of Slack's Web API and return its answer. Raises ``NoAnswerError``."""
        self.on_call(f"Slack {method}")
        return web.slack(self.stack.values["SlackApiUrl"], self.slack_token, method, **arguments)

    def query(self, table: str, index: str | None = None, **keys: str) -> list[dict[str, Any]]:
        """The newest items of one partition of a table, at most a hundred. Raises ``CallFailedError``."""
        [(name, value)] = keys.items()
        on = {"IndexName": index} if index else {}
        answer = self.call(
            "dynamodb", "query", TableName=self.stack.values[table], KeyConditionExpression="#key = :value",
            ExpressionAttributeNames={"#key": name}, ExpressionAttributeValues={":value": {"S": value}},
            ScanIndexForward=False, Limit=100, **on,
        )  # fmt: skip
        read = TypeDeserializer().deserialize
        return [{name: read(value) for name, value in item.items()} for item in answer["Items"]]

    @cached_property
    def regions(self) -> list[str]:
        """The regions in use: home, those of ``Regions``, and those SageWatch noted. Raises ``CallFailedError``."""
        named = self.stack.values.get("Regions", "").split(",")
        noted = [str(item["sk"]) for item in self.query("WatchStateName", pk="regions")]
        return sorted({self.region, *(name.strip() for name in named if name.strip()), *noted})

    def emulated_host(self, url: str) -> tuple[str, Mapping[str, str]]:
        """Where to send a request for ``url``: an emulator serves every HTTP API on its own port, by its host."""
        emulator = os.environ.get("AWS_ENDPOINT_URL")
        if not emulator:
            return url, {}
        parts = urllib.parse.urlsplit(url)
        return f"{emulator.rstrip('/')}{parts.path}", {"Host": parts.netloc}
