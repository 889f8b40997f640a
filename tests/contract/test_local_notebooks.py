"""The emulated notebook instances: what SageWatch can tell apart from AWS must not differ.

AWS differs: notebooks are Pending before they are InService and Stopping before they are Stopped, each has a host of
its own, and a session's cookie has other names.
"""

import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.jobs import get_json, post_json
from local.notebooks import JUPYTERS
from local.sagemaker import control_app
from sagewatch.adapters.jupyter_evidence import JupyterEvidence
from sagewatch.adapters.sagemaker_notebooks import SageMakerNotebooks, SageMakerNotebookStops
from sagewatch.errors import StopRefusedError
from sagewatch.evidence import Active, Idle, Unknown
from sagewatch.ports import Stop
from tests.builders import ACCOUNT
from tests.contract.conftest import Aws
from tests.servers import serving

NAME = "Lab-Emulated"
TYPE = "ml.g5.xlarge"
_MOTOS = "123456789012"  # the account of moto's server, unless it is told another


class Lab:
    """One notebook, its control endpoint, and the adapters."""

    def __init__(self, aws: Aws, control: str) -> None:
        """Create it."""
        self.client = aws.client("sagemaker")
        self.control = f"{control}/notebook-instance/{NAME}"
        role = f"arn:aws:iam::{ACCOUNT}:role/lab"
        self.client.create_notebook_instance(NotebookInstanceName=NAME, InstanceType=TYPE, RoleArn=role)
        self.notebook = SageMakerNotebooks(lambda _: self.client).describe(NAME, "us-east-1", ACCOUNT)
        self.jupyter = JupyterEvidence(lambda _: self.client, seconds=1)
        self.stops = SageMakerNotebookStops(lambda _: self.client)

    def orders(self, **fields: Any) -> None:
        """Set fields."""
        post_json(self.control, fields)


@pytest.fixture
def lab(aws: Aws) -> Iterator[Lab]:
    """A notebook that is gone afterwards."""
    with serving(control_app(_MOTOS, "us-east-1")) as control:
        JUPYTERS.url = control
        made = Lab(aws, control)
        yield made
        made.orders(NotebookInstanceStatus="Stopped")
        made.client.delete_notebook_instance(NotebookInstanceName=NAME)


def test_a_notebook_has_a_platform_and_an_arn_in_lower_case(lab: Lab) -> None:
    """And any type can be made."""
    assert lab.notebook.platform == "notebook-al2023-v1"
    assert lab.notebook.arn.endswith("/lab-emulated")
    assert lab.notebook.instance_type == TYPE


def test_its_jupyter_answers_behind_a_presigned_url(lab: Lab) -> None:
    """What the control endpoint sets; every request is one that does not count as activity."""
    now = datetime.now(UTC)
    used = (now - timedelta(hours=5)).isoformat().replace("+00:00", "Z")
    nothing = lab.jupyter.read(lab.notebook, now)
    lab.orders(Jupyter={"kernels": [{"id": "k", "name": "python3", "execution_state": "busy", "last_activity": used}]})
    busy = lab.jupyter.read(lab.notebook, now)
    lab.orders(Jupyter={"kernels": [], "terminals": [{"name": "1", "last_activity": used}]})
    idle = lab.jupyter.read(lab.notebook, now)
    asked = get_json(lab.control)["requests"]

    assert (type(nothing), type(busy), type(idle)) == (Idle, Active, Idle)
    assert asked
    assert all("no_track_activity=1" in path for path in asked)


@pytest.mark.parametrize("answers", [{"status": 403}, {"status": 500}, {"html": True}, {"hang": 3}])
def test_a_jupyter_that_does_not_tell_is_unknown(lab: Lab, answers: dict[str, Any]) -> None:
    """Whatever keeps it from telling."""
    lab.orders(Jupyter=answers)

    assert isinstance(lab.jupyter.read(lab.notebook, datetime.now(UTC)), Unknown)


def test_a_stop_is_accepted_once(lab: Lab) -> None:
    """The second finds it stopped, as AWS says it in a ValidationException."""
    assert [lab.stops.stop(lab.notebook) for _ in range(2)] == [Stop.STOPPING, Stop.ALREADY]
    assert len(get_json(lab.control)["stops"]) == 1


def test_a_stop_can_be_ordered_to_fail(lab: Lab) -> None:
    """For that notebook alone."""
    lab.orders(StopError={"code": "ValidationException", "message": "The notebook is being looked after."})

    with pytest.raises(StopRefusedError, match="looked after"):
        lab.stops.stop(lab.notebook)


def test_a_stopped_notebook_has_no_url(lab: Lab) -> None:
    """As on AWS."""
    lab.orders(NotebookInstanceStatus="Stopped")

    with pytest.raises(ClientError, match="not in"):
        lab.client.create_presigned_notebook_instance_url(NotebookInstanceName=NAME)


@pytest.mark.usefixtures("lab")
def test_without_a_cookie_there_is_a_sign_in_page() -> None:
    """In HTML."""
    with urllib.request.urlopen(f"{JUPYTERS.url}/api/kernels") as answer:  # noqa: S310 - our own server
        assert answer.headers["Content-Type"].startswith("text/html")


def test_a_notebook_nobody_knows_is_not_there(lab: Lab) -> None:
    """The control endpoint says so."""
    with pytest.raises(urllib.error.HTTPError):
        get_json(f"{lab.control}-2")
