"""The notebook ports on moto's SageMaker, and in memory.

AWS differs from moto 5.2 in that a notebook passes through Pending and Stopping, and in that a stop is refused in any
status but InService: "Status (Stopped) not in ([InService]). Unable to transition to (Stopping) for Notebook Instance
(arn...)". A small server says such sentences here. AWS throttles, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request

from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebookLists, SageMakerNotebooks, SageMakerNotebookStops
from sagewatch.errors import (
    AccessDeniedError,
    NotebookNotFoundError,
    SageWatchError,
    StopRefusedError,
    ThrottledError,
    UnavailableError,
)
from sagewatch.sagemaker.notebooks import Notebook, NotebookStatus
from sagewatch.sagemaker.ports import NotebookLists, Notebooks, NotebookStops, Stop
from tests.fakes.sagemaker import InMemoryNotebooks
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT
from tests.worlds.servers import serving

REGION = "ap-southeast-2"  # a region of its own: other tests' notebooks are in others
CREATED = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def a_notebook(name: str, arn: str | None = None) -> Notebook:
    """A notebook in service."""
    return Notebook(
        name=name,
        arn=arn or f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{name.lower()}",
        account=ACCOUNT,
        region=REGION,
        status=NotebookStatus.IN_SERVICE,
        instance_type="ml.t3.medium",
        created_at=CREATED,
        modified_at=CREATED,
        volume_gb=50,
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/DataScience",
    )


class InMemoryPlace:
    """Where notebooks are made: in memory."""

    def __init__(self) -> None:
        """No notebook yet."""
        there = InMemoryNotebooks()
        self.there = there
        self.notebooks: Notebooks = there
        self.lists: NotebookLists = there
        self.stops: NotebookStops = there

    def create(self, name: str) -> None:
        """A notebook in service, tagged."""
        notebook = a_notebook(name)
        self.there.found[REGION, name] = notebook
        self.there.tagged[notebook.arn] = {"owner": "ana"}


class MotoPlace:
    """Where notebooks are made: on moto."""

    def __init__(self, aws: Aws) -> None:
        """No notebook yet."""
        self._client = aws.client("sagemaker", REGION)
        for page in self._client.get_paginator("list_notebook_instances").paginate(StatusEquals="InService"):
            for notebook in page["NotebookInstances"]:
                self._client.stop_notebook_instance(NotebookInstanceName=notebook["NotebookInstanceName"])
        self.paces: list[str] = []
        self.notebooks: Notebooks = SageMakerNotebooks(lambda region: aws.client("sagemaker", region))
        self.lists: NotebookLists = SageMakerNotebookLists(
            lambda region: aws.client("sagemaker", region), self.paces.append
        )
        self.stops: NotebookStops = SageMakerNotebookStops(lambda region: aws.client("sagemaker", region))

    def create(self, name: str) -> None:
        """A notebook in service, tagged."""
        self._client.create_notebook_instance(
            NotebookInstanceName=name,
            InstanceType="ml.t3.medium",
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/DataScience",
            VolumeSizeInGB=50,
            Tags=[{"Key": "owner", "Value": "ana"}],
        )


Place = InMemoryPlace | MotoPlace


@pytest.fixture(params=["in_memory", "sagemaker"])
def place(request: pytest.FixtureRequest) -> Place:
    """The same ports, twice."""
    return InMemoryPlace() if request.param == "in_memory" else MotoPlace(request.getfixturevalue("aws"))


def in_service(place: Place) -> list[Notebook]:
    """All pages."""
    return [notebook for page in place.lists.in_service(REGION) for notebook in page]


def test_a_notebook_is_described_with_its_volume(place: Place) -> None:
    """As it was asked for; its tags are another call."""
    place.create("Described-One")
    found = place.notebooks.describe("Described-One", REGION, ACCOUNT)

    assert (found.name, found.account, found.region) == ("Described-One", ACCOUNT, REGION)
    assert (found.status, found.instance_type) == (NotebookStatus.IN_SERVICE, "ml.t3.medium")
    assert (found.volume_gb, found.tags) == (50, None)
    assert found.role_arn == f"arn:aws:iam::{ACCOUNT}:role/DataScience"
    assert found.arn.endswith("notebook-instance/described-one")
    assert found.created_at
    assert found.modified_at
    assert place.notebooks.tags(found.arn, REGION) == {"owner": "ana"}


def test_a_notebook_that_is_not_there_is_not_found(place: Place) -> None:
    """Nor are its tags, nor is one of another region."""
    place.create("Only-Here")
    with pytest.raises(NotebookNotFoundError, match="nobody is not in"):
        place.notebooks.describe("nobody", REGION, ACCOUNT)
    with pytest.raises(NotebookNotFoundError):
        place.notebooks.describe("Only-Here", "eu-north-1", ACCOUNT)

    assert place.notebooks.tags(a_notebook("nobody").arn, REGION) == {}


def test_all_notebooks_are_listed_with_their_status(place: Place) -> None:
    """Those that are stopped too, until they are deleted."""
    place.create("All-Runs")
    place.create("All-Stopped")
    place.stops.stop(a_notebook("All-Stopped"))
    found = {one.name: one.running for page in place.lists.of_region(REGION) for one in page}

    assert (found["All-Runs"], found["All-Stopped"]) == (True, False)


def test_a_stop_is_a_stop_and_the_notebook_is_listed_no_more(place: Place) -> None:
    """Those in service are; listings tell type and times, and neither volume nor platform nor role."""
    place.create("Stays-One")
    place.create("Goes-One")

    assert place.stops.stop(a_notebook("Goes-One")) is Stop.STOPPING
    [listed] = in_service(place)
    assert (listed.name, listed.instance_type, listed.status) == (
        "Stays-One",
        "ml.t3.medium",
        NotebookStatus.IN_SERVICE,
    )
    assert (listed.volume_gb, listed.platform, listed.role_arn, listed.tags) == (None, None, None, None)
    assert listed.modified_at
    assert len(listed.account) == 12


def test_stopping_what_is_not_there_finds_it_gone(place: Place) -> None:
    """Deleted between two calls."""
    assert place.stops.stop(a_notebook("nobody")) is Stop.GONE


def test_every_page_is_read(place: Place) -> None:
    """With a wait before each."""
    for number in range(205):
        place.create(f"many-{number:03}")

    assert len(in_service(place)) == 205
    if isinstance(place, MotoPlace):
        assert place.paces == [REGION] * 3


@contextmanager
def answering(status: int, **body: str) -> Iterator[Aws]:
    """A SageMaker that says one thing."""
    app = Flask("sagemaker")

    @app.post("/")
    def answer() -> tuple[Response, int]:
        return jsonify(body), status

    with serving(app) as url:
        yield Aws(url)


def refused(status: str) -> str:
    """What AWS says to a stop in that status."""
    return (
        f"Status ({status}) not in ([InService]). Unable to transition to (Stopping) for Notebook Instance "
        f"(arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/lab-one)"
    )


@pytest.mark.parametrize(
    ("message", "found"),
    [
        *((refused(status), Stop.ALREADY) for status in ("Stopping", "Stopped", "Failed", "Deleting")),
        ("RecordNotFound", Stop.GONE),
    ],
)
def test_a_notebook_at_rest_needs_no_stop(message: str, found: Stop) -> None:
    """It is not billed any more, which is success."""
    with answering(400, __type="ValidationException", message=message) as aws:
        stops = SageMakerNotebookStops(lambda region: aws.client("sagemaker", region))

        assert stops.stop(a_notebook("Lab-One")) is found


@pytest.mark.parametrize("found", list(Stop))
def test_the_twin_finds_the_same(found: Stop) -> None:
    """In service, stopped, deleted."""
    there = InMemoryNotebooks()
    if found is not Stop.GONE:
        there.found[REGION, "Lab-One"] = a_notebook("Lab-One")
    if found is Stop.ALREADY:
        there.stop(a_notebook("Lab-One"))

    assert there.stop(a_notebook("Lab-One")) is found


@pytest.mark.parametrize("message", [refused("Pending"), refused("Updating"), "Something else: token=a1b2c3d4e5f6"])
def test_any_other_no_is_refused_with_what_aws_said(message: str) -> None:
    """But for secrets."""
    with answering(400, __type="ValidationException", message=message) as aws:
        stops = SageMakerNotebookStops(lambda region: aws.client("sagemaker", region))
        with pytest.raises(StopRefusedError, match="StopNotebookInstance of Lab-One: S") as refusal:
            stops.stop(a_notebook("Lab-One"))

    assert "a1b2c3d4e5f6" not in str(refusal.value)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ThrottlingException", ThrottledError),
        (400, "AccessDeniedException", AccessDeniedError),
        (500, "InternalFailure", UnavailableError),
    ],
)
def test_a_service_that_refuses_for_now_is_told_apart(status: int, code: str, expected: type[SageWatchError]) -> None:
    """At every call."""
    with answering(status, __type=code, message="Rate exceeded") as aws:

        def client_for(region: str) -> Any:
            return aws.client("sagemaker", region)

        notebooks = SageMakerNotebooks(client_for)
        with pytest.raises(expected, match=f"Lab-One in {REGION}: {code}: Rate exceeded"):
            notebooks.describe("Lab-One", REGION, ACCOUNT)
        with pytest.raises(expected):
            notebooks.tags(a_notebook("Lab-One").arn, REGION)
        with pytest.raises(expected):
            list(SageMakerNotebookLists(client_for, lambda _: None).in_service(REGION))
        with pytest.raises(expected):
            SageMakerNotebookStops(client_for).stop(a_notebook("Lab-One"))


def test_an_empty_page_is_not_the_end() -> None:
    """A listing that stops there misses notebooks. It asks for pages of 100, in service only."""
    asked: list[Any] = []
    app = Flask("sagemaker")
    summary = {
        "NotebookInstanceName": "Lab-One",
        "NotebookInstanceArn": a_notebook("Lab-One").arn,
        "NotebookInstanceStatus": "InService",
    }
    pages = iter([{"NotebookInstances": [], "NextToken": "more"}, {"NotebookInstances": [summary]}])

    @app.post("/")
    def answer() -> Response:
        asked.append(request.get_json(force=True))
        return jsonify(next(pages))

    with serving(app) as url:
        lists = SageMakerNotebookLists(lambda region: Aws(url).client("sagemaker", region), lambda _: None)
        found = [[notebook.name for notebook in page] for page in lists.in_service(REGION)]

    assert found == [[], ["Lab-One"]]
    assert asked == [
        {"StatusEquals": "InService", "MaxResults": 100},
        {"StatusEquals": "InService", "MaxResults": 100, "NextToken": "more"},
    ]
