"""Events, listings and Describe answers become notebooks, or a refusal that names what is wrong."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagewatch.errors import MalformedEventError
from sagewatch.sagemaker.events import read_job_event
from sagewatch.sagemaker.notebook_models import read_notebook, read_notebook_event
from sagewatch.sagemaker.notebooks import NotebookStatus
from tests.worlds.builders import ACCOUNT, EVENTS, an_event


def test_a_captured_event_is_read_whole() -> None:
    """The name keeps its case, the ARN is in lower case; no event has a volume or a platform."""
    notebook = read_notebook_event(an_event("notebook-instance-stopping"))

    assert notebook.name == "Lab-One"
    assert notebook.arn == f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/lab-one"
    assert (notebook.account, notebook.region) == (ACCOUNT, "us-east-1")
    assert (notebook.status, notebook.instance_type) == (NotebookStatus.STOPPING, "ml.t3.medium")
    assert notebook.modified_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    assert notebook.tags == {"Owner": "a@example.com"}
    assert notebook.role_arn == f"arn:aws:iam::{ACCOUNT}:role/DataScience"
    assert (notebook.volume_gb, notebook.platform, notebook.failure_reason) == (None, None, None)


@pytest.mark.parametrize("path", sorted(EVENTS.glob("notebook-*.json")), ids=lambda path: path.stem)
def test_every_captured_event_is_understood_here_and_refused_as_a_jobs(path: Path) -> None:
    """The two readers share an envelope and nothing else."""
    event = json.loads(path.read_text(encoding="utf-8"))

    assert read_notebook_event(event).created_at
    with pytest.raises(MalformedEventError, match="not a job state change"):
        read_job_event(event)


@pytest.mark.parametrize(
    "spelled", [1795168800000, 1795168800000.0, "1795168800000", 1795168800, "2026-11-20T10:00:00Z"]
)
def test_the_spelling_of_a_time_does_not_matter(spelled: object) -> None:
    """Milliseconds, seconds, text."""
    notebook = read_notebook_event(an_event("notebook-instance-stopping", LastModifiedTime=spelled))

    assert notebook.modified_at == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_a_describe_answer_tells_volume_and_platform() -> None:
    """An ARN in another case becomes the ledger's."""
    answer = {
        "NotebookInstanceArn": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:notebook-instance/Lab-One",
        "NotebookInstanceName": "Lab-One",
        "NotebookInstanceStatus": "InService",
        "InstanceType": "ml.g5.xlarge",
        "VolumeSizeInGB": 50,
        "PlatformIdentifier": "notebook-al2-v2",
        "LastModifiedTime": datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
    }
    notebook = read_notebook(answer, account=ACCOUNT, region="eu-west-1")

    assert (notebook.volume_gb, notebook.platform, notebook.stop_is_one_way) == (50, "notebook-al2-v2", True)
    assert notebook.arn == f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:notebook-instance/lab-one"
    assert notebook.tags is None


def test_an_arn_that_is_not_told_is_built() -> None:
    """In the region's own partition."""
    fields = {"NotebookInstanceName": "Lab-One", "NotebookInstanceStatus": "InService"}
    notebook = read_notebook(fields, account=ACCOUNT, region="cn-north-1")

    assert notebook.arn == f"arn:aws-cn:sagemaker:cn-north-1:{ACCOUNT}:notebook-instance/lab-one"


def test_a_failure_reason_is_redacted() -> None:
    """It is free text."""
    told = "lifecycle script: HF_TOKEN=hf_abc is wrong"
    notebook = read_notebook_event(an_event("notebook-instance-failed", FailureReason=told))

    assert notebook.failure_reason == "lifecycle script: HF_TOKEN=[redacted] is wrong"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"NotebookInstanceName": None}, "NotebookInstanceName"),
        ({"NotebookInstanceName": "../etc"}, "NotebookInstanceName"),
        ({"NotebookInstanceArn": "notebook-instance/x"}, "NotebookInstanceArn"),
        ({"NotebookInstanceStatus": None}, "NotebookInstanceStatus"),
        ({"LastModifiedTime": "soon"}, "LastModifiedTime"),
        ({"Tags": "a=b"}, "Tags"),
    ],
)
def test_a_broken_detail_is_refused_by_the_name_of_its_field(change: dict[str, Any], named: str) -> None:
    """Without its value."""
    with pytest.raises(MalformedEventError, match=named) as refused:
        read_notebook_event(an_event("notebook-instance-stopping", **change))

    assert "Hibernating" not in str(refused.value)


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        an_event("training-job-completed"),
        an_event("miss-notebook-instance-misspelled-detail-type"),
        an_event("notebook-instance-stopping") | {"region": "us-east-1.evil.example.com"},
        an_event("notebook-instance-stopping") | {"account": "me"},
        an_event("notebook-instance-stopping") | {"detail": "Stopping"},
    ],
)
def test_everything_else_is_refused(event: object) -> None:
    """A job's event too."""
    with pytest.raises(MalformedEventError):
        read_notebook_event(event)


_JSON: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9) | st.integers() | st.just([{}])
)
_FIELDS = sorted(an_event("notebook-instance-stopping")["detail"])


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=4))
def test_whatever_a_field_holds_the_outcome_is_typed(changes: dict[str, Any]) -> None:
    """A notebook or a MalformedEventError, nothing else."""
    try:
        read_notebook_event(an_event("notebook-instance-stopping", **changes))
    except MalformedEventError:
        return


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("PendingMaintenance", NotebookStatus.PENDING_MAINTENANCE),
        ("InMaintenance", NotebookStatus.IN_MAINTENANCE),
        ("Hibernating", NotebookStatus.UNKNOWN),
    ],
)
def test_new_statuses_are_read(told: str, status: NotebookStatus) -> None:
    """One notebook in a status that AWS added must not fail the listing of all others."""
    notebook = read_notebook_event(an_event("notebook-instance-failed", NotebookInstanceStatus=told))

    assert (notebook.status, notebook.running) == (status, False)


@pytest.mark.parametrize(
    ("platform", "one_way"),
    [
        ("notebook-al1-v1", True),
        ("notebook-al2-v3", True),
        (None, True),
        ("notebook-al2023-v1", False),
        ("notebook-al2023-v2", False),
        ("notebook-al2027-v1", False),
    ],
)
def test_only_platforms_that_have_ended_cannot_be_started_again(platform: str | None, *, one_way: bool) -> None:
    """Amazon Linux 1 and 2, and a platform that is not known."""
    notebook = read_notebook_event(an_event("notebook-instance-failed", PlatformIdentifier=platform))

    assert notebook.stop_is_one_way is one_way
