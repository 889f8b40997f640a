"""One moto server on localhost for all contract tests: real clients over HTTP, no AWS account.

With ``DYNAMODB=dynalite`` in the environment, DynamoDB is dynalite instead: ``make strict``.
"""

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from local.sagemaker.control import extend_moto
from sagewatch.sagemaker.scopes import region_of
from tests.worlds import dynalite, reserved_words
from tests.worlds.builders import ACCOUNT

reserved_words.install()


@pytest.fixture(scope="session")
def aws_url() -> Iterator[str]:
    """The server's address."""
    extend_moto()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def dynamodb_url(aws_url: str) -> Iterator[str]:
    """The address of the server that plays DynamoDB."""
    if os.environ.get("DYNAMODB") != "dynalite":
        yield aws_url
        return
    with dynalite.running() as url:
        yield url


class Aws:
    """Clients of the server."""

    def __init__(self, url: str, dynamodb: str | None = None) -> None:
        """Keep where they are."""
        self._url = url
        self._dynamodb = dynamodb or url

    def client(self, service: str, scope: str = "us-east-1") -> Any:
        """A real client of a region, of whatever account."""
        region = region_of(scope)
        if service == "dynamodb" and self._dynamodb != self._url:
            return dynalite.complete(self._client(service, region), self._client(service, region))
        return self._client(service, region)

    def _client(self, service: str, region: str) -> Any:
        return boto3.client(  # type: ignore[call-overload] # by name
            service,
            region_name=region,
            endpoint_url=self._dynamodb if service == "dynamodb" else self._url,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )


@pytest.fixture(scope="session")
def aws(aws_url: str, dynamodb_url: str) -> Aws:
    """Clients."""
    return Aws(aws_url, dynamodb_url)


@pytest.fixture
def tables(aws: Aws, template: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Both tables, empty, with the template's keys."""
    dynamodb = aws.client("dynamodb")
    names = {"CostLedger": "ledger", "WatchState": "state"}
    for logical_id, name in names.items():
        table = dict(template["Resources"][logical_id]["Properties"])
        kept = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        dynamodb.create_table(TableName=name, **{key: table[key] for key in kept if key in table})
    yield "ledger", "state"
    for name in names.values():
        dynamodb.delete_table(TableName=name)
