"""The port for tags of many resources: on moto's Resource Groups Tagging API, and in memory.

AWS differs from moto 5.2 in that it answers a list of ARNs in one page, where moto's page has 50 resources; that it
refuses the whole list for one ARN that it does not like; and that it lags. A small server says such sentences here.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from flask import Flask, Response, request
from moto.core.models import DEFAULT_ACCOUNT_ID

from sagewatch.adapters.sagemaker.known_tags import MOST_ARNS, TaggingApiTags
from sagewatch.sagemaker.ports import KnownTags
from tests.fakes.sagemaker import InMemoryKnownTags
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT, NOW
from tests.worlds.servers import serving

REGION = "ca-west-1"  # a region of its own
PLACE = f"arn:aws:sagemaker:{REGION}:{DEFAULT_ACCOUNT_ID}:notebook-instance/"


@pytest.fixture(params=["in_memory", "tagging_api"])
def known(request: pytest.FixtureRequest) -> KnownTags:
    """The port with three notebooks: two have tags."""
    if request.param == "in_memory":
        return InMemoryKnownTags({f"{PLACE}one": {"owner": "ana"}, f"{PLACE}two": {"owner": "bo", "team": ""}})
    aws: Aws = request.getfixturevalue("aws")
    sagemaker = aws.client("sagemaker", REGION)
    there = {page["NotebookInstanceName"] for page in sagemaker.list_notebook_instances()["NotebookInstances"]}
    for name, tags in (("one", {"owner": "ana"}), ("two", {"owner": "bo", "team": ""}), ("three", {})):
        if name not in there:
            sagemaker.create_notebook_instance(
                NotebookInstanceName=name,
                InstanceType="ml.t3.medium",
                RoleArn=f"arn:aws:iam::{ACCOUNT}:role/lab",
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
    return TaggingApiTags(lambda scope: aws.client("resourcegroupstaggingapi", scope), lambda: NOW)


def test_the_tags_of_several_resources_are_one_answer(known: KnownTags) -> None:
    """One without tags is unknown, and so is one that does not exist."""
    found = known.of([f"{PLACE}{name}" for name in ("one", "two", "three", "none")], f"{ACCOUNT}/{REGION}")

    assert found == {f"{PLACE}one": {"owner": "ana"}, f"{PLACE}two": {"owner": "bo", "team": ""}}


def test_no_resource_is_no_tag(known: KnownTags) -> None:
    """AWS refuses an empty list, so it is not asked."""
    assert known.of([], REGION) == {}


class Place:
    """A server that answers every ARN with the owner ana, and what it was asked."""

    def __init__(self) -> None:
        """It refuses no one, at ``NOW``."""
        self.now = NOW
        self.asked: list[list[str]] = []
        self.refusal: str | None = None

    def answer(self) -> Response:
        """Answer GetResources, in its own order and in ARNs as they were created."""
        arns = json.loads(request.get_data())["ResourceARNList"]
        self.asked.append(arns)
        if self.refusal:
            body: Mapping[str, Any] = {"__type": self.refusal, "message": "no"}
            return Response(json.dumps(body), 400, content_type="application/x-amz-json-1.1")
        tags = [{"Key": "owner", "Value": "ana"}]
        found = [{"ResourceARN": arn.replace("lab", "Lab"), "Tags": tags} for arn in reversed(arns)]
        body = {"PaginationToken": "", "ResourceTagMappingList": found}
        return Response(json.dumps(body), 200, content_type="application/x-amz-json-1.1")


@contextmanager
def tagging(place: Place) -> Iterator[TaggingApiTags]:
    """The adapter on such a server."""
    app = Flask("tagging")
    app.add_url_rule("/", view_func=place.answer, methods=["POST"])
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    config = Config(retries={"mode": "standard", "total_max_attempts": 1})
    with serving(app) as url:
        yield TaggingApiTags(
            lambda _: boto3.client("resourcegroupstaggingapi", endpoint_url=url, config=config, **keys),  # type: ignore[call-overload] # by name
            lambda: place.now,
        )


def test_a_call_takes_a_hundred_and_answers_them_in_any_order_and_case() -> None:
    """250 resources are three calls."""
    place, arns = Place(), [f"{PLACE}lab-{number}" for number in range(250)]
    with tagging(place) as known:
        found = known.of(arns, REGION)

    assert [len(asked) for asked in place.asked] == [MOST_ARNS, MOST_ARNS, 50]
    assert found == {arn: {"owner": "ana"} for arn in arns}


@pytest.mark.parametrize(
    ("refusal", "quiet"),
    [
        ("AccessDeniedException", timedelta(hours=1)),  # a role from before this release
        ("InvalidParameterException", timedelta(minutes=5)),
        ("ThrottledException", timedelta(minutes=5)),
        ("InternalServiceException", timedelta(minutes=5)),
    ],
)
def test_what_aws_refuses_is_unknown_and_no_error_and_is_asked_again_later(
    refusal: str, quiet: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    """Not within the same sweep, and a permission within the hour; the log has one line for a region."""
    place = Place()
    place.refusal = refusal
    arns = [f"{PLACE}lab-{number}" for number in range(250)]
    with tagging(place) as known:
        found = [known.of(arns, REGION)]
        place.now += quiet - timedelta(seconds=1)
        found.append(known.of(arns, REGION))
        before = len(place.asked)
        place.now += timedelta(seconds=1)
        found.append(known.of(arns, REGION))

        assert (found, before, len(place.asked)) == ([{}] * 3, 1, 2)

        place.refusal, place.now = None, place.now + quiet

        assert len(known.of(arns, REGION)) == len(arns)
    assert [record.message for record in caplog.records if record.name == "sagewatch"] == ["tags are read one by one"]


@pytest.mark.parametrize("account", ["", "444455556666/"])
@pytest.mark.parametrize("other", ["", "777788889999/"])
def test_a_region_that_refuses_is_no_other_region_and_no_other_account(account: str, other: str) -> None:
    """A policy may deny it in one region, and a region may be switched off."""
    place = Place()
    place.refusal = "AccessDeniedException"
    with tagging(place) as known:
        known.of([PLACE], f"{account}{REGION}")
        place.refusal = None

        assert known.of([PLACE], f"{account}us-east-2") == {PLACE: {"owner": "ana"}}
        assert bool(known.of([PLACE], f"{other}{REGION}")) is (account != other)


def test_a_place_that_does_not_answer_is_unknown() -> None:
    """A region without the service, or an outage."""
    config = Config(connect_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    nowhere = boto3.client("resourcegroupstaggingapi", endpoint_url="http://127.0.0.1:9", config=config, **keys)  # type: ignore[call-overload] # by name

    assert TaggingApiTags(lambda _: nowhere, lambda: NOW).of([PLACE], REGION) == {}
