"""The emulated notebook instances behave like AWS wherever SageWatch could notice a difference.

AWS differs: a transition takes minutes, each notebook has a host of its own, a session's cookie has other names, and a
deleted notebook is Deleting for a while. Where a test quotes a sentence that was never seen on AWS, it says so.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.demo.player import get_json, post_json
from local.sagemaker.control import control_app
from local.sagemaker.jupyter import JUPYTERS, Jupyters, Lab, serving_jupyter
from local.sagemaker.notebooks import event_entry, notebook_event
from sagewatch.adapters.jupyter.client import JupyterEvidence
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebooks, SageMakerNotebookStops
from sagewatch.errors import StopRefusedError
from sagewatch.idle.evidence import Active, Idle, Unknown
from sagewatch.sagemaker.notebook_models import read_notebook_event
from sagewatch.sagemaker.ports import Stop
from tests.worlds.aws import Aws
from tests.worlds.builders import ACCOUNT
from tests.worlds.servers import serving

REGION = "ca-central-1"  # a region of its own: other tests' notebooks are in others
TYPE = "ml.p4d.24xlarge"
LONG = 60  # seconds: a transition that does not end within a test
_MOTOS = "123456789012"  # the account of moto's server, unless another is given
_NUMBERS = count()


class Place:
    """SageMaker in one region, and the control endpoint."""

    def __init__(self, aws: Aws, control: str) -> None:
        """Remember what is made."""
        self.client = aws.client("sagemaker", REGION)
        self.root = control
        self.made: list[str] = []

    def lab(self, **more: Any) -> "Notebook":
        """A notebook of a name of its own."""
        name = more.pop("name", f"Lab-{next(_NUMBERS):03}")
        role = f"arn:aws:iam::{ACCOUNT}:role/lab"
        fields = {"InstanceType": TYPE, "RoleArn": role, **more}
        self.client.create_notebook_instance(NotebookInstanceName=name, **fields)
        self.made.append(name)
        return Notebook(self, name)

    def transitions(self, seconds: float) -> None:
        """Let those that begin from now on take so long."""
        post_json(f"{self.root}/transitions", {"seconds": seconds})

    def passes(self, seconds: float) -> None:
        """So much time goes by."""
        post_json(f"{self.root}/transitions", {"passed": seconds})

    def listed(self, **query: Any) -> list[str]:
        """The names on one page."""
        page = self.client.list_notebook_instances(**query)
        return [notebook["NotebookInstanceName"] for notebook in page["NotebookInstances"]]


class Notebook:
    """One notebook, as a client with boto3 sees it."""

    def __init__(self, place: Place, name: str) -> None:
        """Keep where it is."""
        self.name, self.client = name, place.client
        self.control = f"{place.root}/notebook-instance/{name}?region={REGION}"

    def orders(self, **fields: Any) -> None:
        """Set fields."""
        post_json(self.control, fields)

    def story(self) -> Any:
        """What was asked of it."""
        return get_json(self.control)

    def call(self, operation: str, **more: Any) -> Any:
        """Call an operation that names it."""
        return getattr(self.client, operation)(NotebookInstanceName=self.name, **more)

    def describe(self) -> Any:
        """Describe it."""
        return self.call("describe_notebook_instance")

    @property
    def status(self) -> str:
        """Its status."""
        return str(self.describe()["NotebookInstanceStatus"])

    @property
    def arn(self) -> str:
        """Its ARN."""
        return str(self.describe()["NotebookInstanceArn"])

    def refusal(self, operation: str, **more: Any) -> str:
        """What an operation is refused with."""
        with pytest.raises(ClientError) as caught:
            self.call(operation, **more)
        error = caught.value.response["Error"]
        return f"{error['Code']}: {error['Message']}"

    def url(self) -> str:
        """A presigned URL."""
        return str(self.call("create_presigned_notebook_instance_url")["AuthorizedUrl"])


@pytest.fixture
def place(aws: Aws) -> Iterator[Place]:
    """Notebooks in service at once, and gone afterwards."""
    with serving(control_app(_MOTOS, REGION)) as control, serving_jupyter(JUPYTERS):
        made = Place(aws, control)
        yield made
        made.transitions(0)
        for name in made.made:
            notebook = Notebook(made, name)
            notebook.orders(NotebookInstanceStatus="Stopped")
            notebook.call("delete_notebook_instance")


@pytest.fixture
def lab(place: Place) -> Notebook:
    """One notebook in service."""
    return place.lab()


class Browser:
    """What keeps cookies and follows redirects."""

    def __init__(self, url: str) -> None:
        """Open a presigned URL."""
        self.jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self._root = url.partition("/?")[0]
        self.landed = self._open(url).url

    def get(self, path: str) -> Any:
        """Ask for a path."""
        return self._open(f"{self._root}{path}")

    def _open(self, url: str) -> Any:
        return self._opener.open(url, timeout=5)

    def json(self, path: str) -> Any:
        """What it answers, in JSON."""
        answer = self.get(path)
        assert answer.headers["Content-Type"] == "application/json"
        return json.loads(answer.read())

    def status(self, path: str) -> int:
        """The status it answers with."""
        try:
            return int(self.get(path).status)
        except urllib.error.HTTPError as exc:
            return exc.code

    @property
    def is_out(self) -> bool:
        """Whether it is sent to sign in, where a page in HTML is."""
        answer = self.get("/api/kernels?no_track_activity=1")
        return bool(answer.url.endswith("/signin") and answer.headers["Content-Type"].startswith("text/html"))


def kernel(state: str, used: str = "2026-11-20T08:00:00.123456Z") -> dict[str, Any]:
    """A kernel as Jupyter spells it."""
    return {"id": "k", "name": "python3", "execution_state": state, "last_activity": used, "connections": 1}


def long_ago(**ago: float) -> str:
    """A time as Jupyter writes it."""
    return (datetime.now(UTC) - timedelta(**ago)).isoformat().replace("+00:00", "Z")


# States. AWS differs: each transition takes minutes there.


def test_a_notebook_of_any_type_is_pending_and_then_in_service(place: Place) -> None:
    """When it comes into service its LastModifiedTime moves; its CreationTime does not."""
    place.transitions(LONG)
    lab = place.lab()
    first = lab.describe()
    place.passes(LONG)
    then = lab.describe()

    assert (first["NotebookInstanceStatus"], then["NotebookInstanceStatus"]) == ("Pending", "InService")
    assert then["CreationTime"] == first["CreationTime"]
    assert then["LastModifiedTime"] - first["LastModifiedTime"] == timedelta(seconds=LONG)
    assert then["InstanceType"] == TYPE
    assert then["NotebookInstanceArn"] == f"arn:aws:sagemaker:{REGION}:{_MOTOS}:notebook-instance/{lab.name.lower()}"
    assert (then["PlatformIdentifier"], then["VolumeSizeInGB"]) == ("notebook-al2023-v1", 5)
    assert then["Url"] == f"{lab.name}.notebook.{REGION}.sagemaker.aws"


def test_a_stop_is_accepted_in_service_only_and_takes_its_time(place: Place) -> None:
    """With AWS's sentence otherwise; the accepted and the refused are counted."""
    lab = place.lab()
    born = lab.describe()["LastModifiedTime"]
    place.transitions(LONG)
    lab.call("stop_notebook_instance")
    stopping = lab.status
    refusal = lab.refusal("stop_notebook_instance")
    place.passes(LONG)

    assert (stopping, lab.status) == ("Stopping", "Stopped")
    assert refusal == (
        "ValidationException: Status (Stopping) not in ([InService]). Unable to transition to (Stopping) for Notebook"
        f" Instance ({lab.arn})."
    )
    assert lab.describe()["LastModifiedTime"] > born
    story = lab.story()
    assert (len(story["stops"]), story["refused_stops"]) == (1, 1)


def test_of_many_stops_at_once_one_is_accepted(lab: Notebook) -> None:
    """The others find the notebook stopping, or stopped."""

    def stop(_: int) -> bool:
        try:
            lab.call("stop_notebook_instance")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        accepted = list(threads.map(stop, range(8)))

    assert accepted.count(True) == len(lab.story()["stops"]) == 1
    assert lab.story()["refused_stops"] == 7


def test_the_product_finds_the_second_stop_done_already(lab: Notebook) -> None:
    """It reads the refusal as AWS writes it."""
    notebook = SageMakerNotebooks(lambda _: lab.client).describe(lab.name, REGION, _MOTOS)
    stops = SageMakerNotebookStops(lambda _: lab.client)

    assert [stops.stop(notebook) for _ in range(2)] == [Stop.STOPPING, Stop.ALREADY]


def test_a_stopped_notebook_starts_and_one_in_service_does_not(place: Place) -> None:
    """By way of Pending. AWS differs: the refusal's sentence was never seen there."""
    lab = place.lab()
    refusal = lab.refusal("start_notebook_instance")
    lab.call("stop_notebook_instance")
    place.transitions(LONG)
    lab.call("start_notebook_instance")

    assert refusal.startswith(
        "ValidationException: Status (InService) not in ([Stopped, Failed]). Unable to transition"
    )
    assert lab.status == "Pending"
    assert "Status (Pending) not in ([InService])" in lab.refusal("stop_notebook_instance")


@pytest.mark.parametrize("platform", ["notebook-al1-v1", "notebook-al2-v3"])
def test_an_old_platform_does_not_start_again_until_it_is_updated(place: Place, platform: str) -> None:
    """A stop is one-way. AWS differs: it creates no such notebook any more, and its sentence was never seen."""
    lab = place.lab(PlatformIdentifier=platform)
    lab.call("stop_notebook_instance")

    assert lab.describe()["PlatformIdentifier"] == platform
    assert f"Platform ({platform}) is no longer supported" in lab.refusal("start_notebook_instance")
    lab.call("update_notebook_instance", PlatformIdentifier="notebook-al2023-v1")
    lab.call("start_notebook_instance")
    assert lab.status == "InService"


def test_an_update_waits_for_a_stopped_notebook(place: Place) -> None:
    """And is Updating meanwhile. AWS differs: it lets no volume shrink, and its sentence was never seen."""
    lab = place.lab()
    refusal = lab.refusal("update_notebook_instance", InstanceType="ml.g5.xlarge")
    lab.call("stop_notebook_instance")
    place.transitions(LONG)
    lab.call("update_notebook_instance", InstanceType="ml.g5.xlarge", VolumeSizeInGB=80, RoleArn=f"{'r' * 20}")
    updating = lab.status
    place.passes(LONG)
    seen = lab.describe()

    assert "Status (InService) not in ([Stopped])" in refusal
    assert (updating, seen["NotebookInstanceStatus"]) == ("Updating", "Stopped")
    assert (seen["InstanceType"], seen["VolumeSizeInGB"], seen["RoleArn"]) == ("ml.g5.xlarge", 80, "r" * 20)


def test_only_a_stopped_or_failed_notebook_is_deleted(place: Place) -> None:
    """Its name is free then. AWS differs: it is Deleting for a while."""
    lab = place.lab(name="Deleted-One")
    refusal = lab.refusal("delete_notebook_instance")
    lab.orders(NotebookInstanceStatus="Failed", FailureReason="no capacity")
    reason = lab.describe()["FailureReason"]
    lab.call("delete_notebook_instance")
    gone = lab.refusal("describe_notebook_instance")
    place.lab(name=place.made.pop())

    assert "Status (InService) not in ([Stopped, Failed]). Unable to transition to (Deleting)" in refusal
    assert (reason, gone) == ("no capacity", "ValidationException: RecordNotFound")
    assert lab.story() == {"requests": [], "stops": [], "refused_stops": 0}


@pytest.mark.parametrize(
    "operation",
    [
        *(f"{verb}_notebook_instance" for verb in ("describe", "start", "stop", "update", "delete")),
        "create_presigned_notebook_instance_url",
    ],
)
def test_a_notebook_nobody_knows_is_not_found(place: Place, operation: str) -> None:
    """Nor by the control endpoint."""
    nobody = Notebook(place, "nobody")

    assert nobody.refusal(operation) == "ValidationException: RecordNotFound"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        nobody.story()


# Orders.


def test_what_is_ordered_takes_effect_at_once_and_stays(place: Place) -> None:
    """Whatever was under way: a notebook is where it was going before its fields are set."""
    place.transitions(LONG)
    lab, other = place.lab(), place.lab()
    born = "2026-11-01T08:00:00+00:00"
    lab.orders(CreationTime=born, LastModifiedTime=born, InstanceType="ml.trn9.huge", VolumeSizeInGB=7)
    other.orders(NotebookInstanceStatus="Stopped", RoleArn="r", PlatformIdentifier="notebook-al2-v2")
    place.transitions(0)
    seen, told = lab.describe(), other.describe()

    assert (seen["NotebookInstanceStatus"], told["NotebookInstanceStatus"]) == ("InService", "Stopped")
    assert seen["CreationTime"] == seen["LastModifiedTime"] == datetime.fromisoformat(born)
    assert (seen["InstanceType"], seen["VolumeSizeInGB"]) == ("ml.trn9.huge", 7)
    assert (told["RoleArn"], told["PlatformIdentifier"]) == ("r", "notebook-al2-v2")


def test_an_arn_can_be_ordered(lab: Notebook) -> None:
    """In every answer that has it."""
    arn = f"arn:aws-us-gov:sagemaker:{REGION}:{_MOTOS}:notebook-instance/{lab.name.lower()}"
    lab.orders(NotebookInstanceArn=arn, NotebookInstanceStatus="Stopped")

    assert lab.arn == arn
    assert arn in lab.refusal("stop_notebook_instance")


@pytest.mark.parametrize(
    "orders",
    [{"Jupyter": {"kernel": []}}, {"StopError": {"message": "no code"}}, {"Url": "x"}, {"NotebookStatus": "Stopped"}],
)
def test_an_order_that_means_nothing_is_refused(lab: Notebook, orders: dict[str, Any]) -> None:
    """And changes nothing."""
    with pytest.raises(urllib.error.HTTPError, match="400"):
        lab.orders(**orders)

    assert lab.status == "InService"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ValidationException", 400),
        ("AccessDeniedException", 400),
        ("ThrottlingException", 400),
        ("InternalFailure", 500),
    ],
)
def test_a_stop_can_be_ordered_to_fail_so_many_times(lab: Notebook, code: str, status: int) -> None:
    """Then it is accepted."""
    lab.orders(StopError={"code": code, "message": "Looked after.", "times": 2})
    answers = []
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            lab.call("stop_notebook_instance")
        answers.append(caught.value.response)
    lab.call("stop_notebook_instance")

    assert [answer["Error"] for answer in answers] == [{"Code": code, "Message": "Looked after."}] * 2
    assert [answer["ResponseMetadata"]["HTTPStatusCode"] for answer in answers] == [status] * 2
    assert (len(lab.story()["stops"]), lab.story()["refused_stops"]) == (1, 2)


def test_a_stop_fails_until_it_may_again(place: Place) -> None:
    """Without a number of times, and for that notebook alone."""
    lab, other = place.lab(), place.lab()
    lab.orders(StopError={"code": "ValidationException", "message": "The notebook is being looked after."})
    notebook = SageMakerNotebooks(lambda _: lab.client).describe(lab.name, REGION, _MOTOS)
    for _ in range(3):
        with pytest.raises(StopRefusedError, match="looked after"):
            SageMakerNotebookStops(lambda _: lab.client).stop(notebook)
    other.call("stop_notebook_instance")
    lab.orders(StopError=None)
    lab.call("stop_notebook_instance")

    assert (lab.status, other.status) == ("Stopped", "Stopped")


def test_any_call_for_notebooks_can_be_throttled(place: Place, lab: Notebook) -> None:
    """For as many calls as ordered."""
    order = {"operation": "CreatePresignedNotebookInstanceUrl", "code": "ThrottlingException", "times": 1}
    post_json(f"{place.root}/fail", order)

    assert lab.refusal("create_presigned_notebook_instance_url") == "ThrottlingException: Rate exceeded"
    assert lab.url()


# Lists and tags.


def test_a_list_is_narrowed_and_sorted(place: Place) -> None:
    """By name, status and times; a summary says neither volume nor platform nor role."""
    names = ["List-b", "List-a", "List-c"]
    for day, name in enumerate(names, 1):
        born = f"2026-11-{day:02}T08:00:00+00:00"
        place.lab(name=name).orders(CreationTime=born, LastModifiedTime=born)
    Notebook(place, "List-c").orders(NotebookInstanceStatus="Stopped", LastModifiedTime="2026-11-09T08:00:00+00:00")
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)

    assert place.listed(NameContains="List-") == sorted(names)
    assert place.listed(NameContains="List-", SortBy="CreationTime", SortOrder="Descending") == names[::-1]
    assert place.listed(NameContains="List-", SortBy="Status") == ["List-a", "List-b", "List-c"]
    assert place.listed(NameContains="List-", StatusEquals="InService") == ["List-a", "List-b"]
    assert place.listed(NameContains="List-", CreationTimeAfter=noon) == ["List-c"]
    assert place.listed(NameContains="List-", CreationTimeBefore=noon) == ["List-a", "List-b"]
    assert place.listed(NameContains="List-", LastModifiedTimeAfter=noon + timedelta(days=1)) == ["List-c"]
    [summary] = place.client.list_notebook_instances(NameContains="List-a")["NotebookInstances"]
    assert sorted(summary) == [
        *("CreationTime", "InstanceType", "LastModifiedTime", "NotebookInstanceArn", "NotebookInstanceName"),
        *("NotebookInstanceStatus", "Url"),
    ]


def test_a_page_goes_on_where_the_last_one_ended(place: Place) -> None:
    """None is missed for one that was stopped in between; ten are a page unless more are asked for."""
    labs = [place.lab(name=f"Page-{number:02}") for number in range(12)]
    asked = {"NameContains": "Page-", "StatusEquals": "InService"}
    first = place.client.list_notebook_instances(**asked)
    labs[0].call("stop_notebook_instance")
    names = place.listed(**asked, NextToken=first["NextToken"])

    assert len(first["NotebookInstances"]) == 10
    assert names == ["Page-10", "Page-11"]
    assert len(place.listed(NameContains="Page-", MaxResults=100)) == 12


def test_a_thousand_notebooks_are_listed_in_ten_pages(place: Place) -> None:
    """Each of a hundred."""
    client = place.client
    names = [f"thousand-{number:04}" for number in range(1000)]
    for name in names:
        place.lab(name=name, InstanceType="ml.t3.medium")
    pages = list(client.get_paginator("list_notebook_instances").paginate(NameContains="thousand-", MaxResults=100))

    assert [len(page["NotebookInstances"]) for page in pages] == [100] * 10


@pytest.mark.parametrize(
    ("query", "sentence"),
    [({"MaxResults": 101}, "'maxResults' failed to satisfy constraint"), ({"NextToken": "x"}, "Invalid pagination")],
)
def test_a_list_that_cannot_be_is_refused(place: Place, query: dict[str, Any], sentence: str) -> None:
    """As a ValidationException. AWS differs: what it says of a bad token was never seen."""
    with pytest.raises(ClientError, match=sentence):
        place.client.list_notebook_instances(**query)


def test_tags_are_added_replaced_and_deleted(place: Place) -> None:
    """By the ARN in lower case, though the name has capitals."""
    lab = place.lab(Tags=[{"Key": "owner", "Value": "ana"}])
    added = {"owner": "bo", "sagewatch:ignore": "true"}
    lab.client.add_tags(ResourceArn=lab.arn, Tags=[{"Key": key, "Value": value} for key, value in added.items()])
    both = lab.client.list_tags(ResourceArn=lab.arn)["Tags"]
    lab.client.delete_tags(ResourceArn=lab.arn, TagKeys=["owner"])

    assert {tag["Key"]: tag["Value"] for tag in both} == added
    assert lab.client.list_tags(ResourceArn=lab.arn)["Tags"] == [{"Key": "sagewatch:ignore", "Value": "true"}]


def test_tags_of_an_unknown_arn_are_an_error(lab: Notebook) -> None:
    """Of all three calls; a name that merely ends alike is another."""
    unknown = {"ResourceArn": lab.arn.replace("/lab-", "/b-")}
    for operation, more in (("list_tags", {}), ("add_tags", {"Tags": []}), ("delete_tags", {"TagKeys": ["x"]})):
        with pytest.raises(ClientError, match="Requested resource not found"):
            getattr(lab.client, operation)(**unknown, **more)


# Presigned URLs and Jupyter. AWS differs: HTTPS, and a host for each notebook.


def test_a_presigned_url_opens_the_notebook(lab: Notebook) -> None:
    """It is traded for two cookies; kernels are as Jupyter spells them."""
    lab.orders(Jupyter={"kernels": [kernel("busy")], "terminals": [{"name": "1", "last_activity": "x"}]})
    browser = Browser(lab.url())

    assert browser.landed.endswith("/lab")
    assert len(list(browser.jar)) == 2
    assert browser.json("/api/kernels") == [kernel("busy")]
    assert browser.json("/api/terminals") == [{"name": "1", "last_activity": "x"}]
    [session] = browser.json("/api/sessions")
    assert session["kernel"] == kernel("busy")
    assert {name: browser.json("/api/status")[name] for name in ("kernels", "connections")} == {
        "kernels": 1,
        "connections": 1,
    }
    assert browser.status("/api/contents") == 404


def test_each_cookie_belongs_to_one_notebook(place: Place) -> None:
    """On the one server."""
    labs = [place.lab(), place.lab()]
    labs[0].orders(Jupyter={"kernels": [kernel("idle")]})
    browsers = [Browser(lab.url()) for lab in labs]

    assert [len(browser.json("/api/kernels?no_track_activity=1")) for browser in browsers] == [1, 0]
    assert [lab.story()["requests"] for lab in labs] == [["/api/kernels?no_track_activity=1"]] * 2


def test_a_tracked_request_is_activity_of_the_server_and_of_no_kernel(lab: Notebook) -> None:
    """As in jupyter_server: not one that asks for the status, nor one that says it is not to be tracked."""
    started = "2026-11-20T07:00:00Z"
    lab.orders(Jupyter={"kernels": [kernel("idle")], "started": started, "last_activity": "2026-11-20T09:00:00Z"})
    browser = Browser(lab.url())
    browser.json("/api/kernels?no_track_activity=1")
    browser.json("/api/status")
    quiet, before = browser.json("/api/status"), datetime.now(UTC)
    browser.json("/api/kernels")
    active = browser.json("/api/status")

    assert (quiet["started"], quiet["last_activity"]) == (started, "2026-11-20T09:00:00Z")
    assert datetime.fromisoformat(active["last_activity"]) >= before
    assert browser.json("/api/kernels") == [kernel("idle")]


def test_a_notebook_that_is_in_service_only_has_a_url(place: Place) -> None:
    """AWS differs: its sentence was never seen."""
    place.transitions(LONG)
    pending = place.lab()
    place.transitions(0)
    stopped = place.lab()
    stopped.orders(NotebookInstanceStatus="Stopped")

    assert "Status (Pending) not in ([InService])" in pending.refusal("create_presigned_notebook_instance_url")
    assert "Status (Stopped) not in ([InService])" in stopped.refusal("create_presigned_notebook_instance_url")


@pytest.mark.parametrize("seconds", [1799, 43201])
def test_a_session_lasts_between_half_an_hour_and_twelve(aws_url: str, lab: Notebook, seconds: int) -> None:
    """The server says so too: boto3's own check is off here."""
    client = boto3.client(
        "sagemaker", region_name=REGION, endpoint_url=aws_url, aws_access_key_id=ACCOUNT, aws_secret_access_key="local",
        config=Config(parameter_validation=False),
    )  # fmt: skip
    with pytest.raises(ClientError, match="'sessionExpirationDurationInSeconds' failed to satisfy constraint"):
        client.create_presigned_notebook_instance_url(
            NotebookInstanceName=lab.name, SessionExpirationDurationInSeconds=seconds
        )


def test_a_token_lives_for_five_minutes_and_a_session_as_long_as_asked() -> None:
    """Afterwards there is a sign-in page."""
    now = [0.0]
    jupyters = Jupyters(clock=lambda: now[0])
    with serving_jupyter(jupyters):
        url = jupyters.presign(Lab(lambda: True), 1800)
        now[0] = 299
        browser = Browser(url)
        inside = browser.is_out
        now[0] = 301
        late = Browser(url)
        now[0] = 299 + 1801

        assert (inside, late.landed.endswith("/signin"), late.is_out, browser.is_out) == (False, True, True, True)


def test_whoever_has_no_token_signs_in(lab: Notebook) -> None:
    """Nor does an invented one help; a cookie is good while the notebook runs."""
    browser = Browser(lab.url())
    lab.call("stop_notebook_instance")

    assert browser.is_out
    assert Browser(f"{JUPYTERS.url}/?authToken=invented").is_out


def test_a_jupyter_can_refuse_fail_and_be_without_terminals(lab: Notebook) -> None:
    """Each with its status."""
    browser = Browser(lab.url())
    statuses = {}
    for name, told in {"refuse": {"refuse": True}, "fail": {"status": 503}, "none": {"terminals_status": 404}}.items():
        lab.orders(Jupyter=told)
        statuses[name] = [browser.status(f"/api/{what}") for what in ("kernels", "terminals")]

    assert statuses == {"refuse": [403, 403], "fail": [503, 503], "none": [200, 404]}


def test_its_clock_can_be_wrong(lab: Notebook) -> None:
    """In the Date header."""
    lab.orders(Jupyter={"clock_skew": -3600})
    before = datetime.now(UTC).replace(microsecond=0)  # the header has seconds
    [header] = Browser(lab.url()).get("/api/kernels").headers.get_all("Date")

    assert before <= parsedate_to_datetime(header) + timedelta(hours=1) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (None, Idle),
        ({"kernels": [kernel("busy", long_ago(hours=9))]}, Active),
        ({"kernels": [kernel("idle", long_ago(hours=9))], "terminals_status": 404}, Idle),
        ({"terminals": [{"name": "1", "last_activity": long_ago(minutes=1)}]}, Idle),
        ({"refuse": True}, Unknown),
        ({"status": 500}, Unknown),
        ({"html": True}, Unknown),
        ({"hang": 3}, Unknown),
    ],
)
def test_the_product_reads_what_jupyter_says(lab: Notebook, told: dict[str, Any] | None, found: type[Any]) -> None:
    """Whatever keeps Jupyter from telling is unknown; every request is one that does not count as activity."""
    lab.orders(Jupyter=told)
    notebook = SageMakerNotebooks(lambda _: lab.client).describe(lab.name, REGION, _MOTOS)
    hangs = "hang" in (told or {})
    reading = JupyterEvidence(lambda _: lab.client, seconds=1 if hangs else 60).read(
        notebook, datetime.now(UTC), datetime.now(UTC) - timedelta(hours=4)
    )

    assert isinstance(reading, found)
    assert all("no_track_activity=1" in path for path in lab.story()["requests"])


# Events and logs.


def test_the_event_of_a_notebook_is_one_the_product_understands(place: Place) -> None:
    """With all of its members. AWS differs: the source is aws.sagemaker, and some members may be absent."""
    lab = place.lab(SubnetId="subnet-1", SecurityGroupIds=["sg-1"])
    lab.call("stop_notebook_instance")
    described = lab.describe()
    event = notebook_event(described, {"Owner": "a@example.com"})
    read = read_notebook_event(event)
    entry = event_entry(event)

    assert (read.name, read.status, read.region, read.account) == (lab.name, "Stopped", REGION, _MOTOS)
    assert read.tags == {"Owner": "a@example.com"}
    detail = event["detail"]
    assert detail["LastModifiedTime"] == int(described["LastModifiedTime"].timestamp() * 1000)
    assert detail["SecurityGroups"] == ["sg-1"]
    assert {"VolumeSizeInGB", "PlatformIdentifier", "Url"} & set(detail) == set()
    assert detail["FailureReason"] is None
    assert (entry["Source"], json.loads(entry["Detail"]), entry["Resources"]) == (
        "sagewatch.replay",
        detail,
        [lab.arn],
    )


def test_the_log_of_a_notebook_is_kept_by_the_same_server(aws: Aws) -> None:
    """Lines that are put are found by their stream. AWS differs: a filter pattern is obeyed there."""
    logs, group = aws.client("logs", REGION), "/aws/sagemaker/NotebookInstances"
    now = int(time.time() * 1000)
    logs.create_log_group(logGroupName=group)
    for stream in ("lab/jupyter.log", "lab-2/jupyter.log"):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        logs.put_log_events(
            logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": now, "message": f"Kernel of {stream}"}]
        )
    found = logs.filter_log_events(logGroupName=group, logStreamNames=["lab/jupyter.log"], startTime=now - 1000)
    logs.delete_log_group(logGroupName=group)

    assert [event["message"] for event in found["events"]] == ["Kernel of lab/jupyter.log"]
