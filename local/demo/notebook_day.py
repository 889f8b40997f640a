"""The notebooks of the day that `make demo` plays: one for each thing that can be decided of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.builders import Run, training
from local.demo.player import PlayedJob, Stage, get_json, post_json
from local.stack.cloud import ACCOUNT
from sagewatch.adapters.dynamodb.items import from_item

_ANA, _BO = {"sagewatch:owner": "ana@example.com"}, {"owner": "bo@example.com"}
_ROLE = f"arn:aws:iam::{ACCOUNT}:role/lab"
_WAITED_FOR = "arn:aws:iam::111122223333:role/DataScience"  # the role of played jobs


@dataclass(frozen=True, kw_only=True)
class Lab:
    """One notebook: ``does`` says in a few words what ``jupyter`` answers; ``press`` is what somebody answers Slack."""

    name: str
    does: str
    jupyter: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=lambda: _ANA)
    instance_type: str = "ml.t3.medium"
    platform: str = "notebook-al2023-v1"
    role: str = _ROLE
    press: tuple[str, str] | None = None


def _ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def _kernel(state: str, hours: float, tabs: int = 0) -> dict[str, Any]:
    told = {"id": "k", "name": "python3", "execution_state": state}
    return {"kernels": [{**told, "last_activity": _ago(hours), "connections": tabs}]}


def a_team() -> Sequence[Lab]:
    """All of them."""
    typed = {"terminals": [{"name": "1", "last_activity": _ago(0.05)}]}
    locked, ignored, protected = {"html": True}, {"sagewatch:ignore": "true"}, {"sagewatch:protect": ""}
    return (
        Lab(
            name="lab-forgotten",
            does="idle for 26 h, its tab is open",
            jupyter=_kernel("idle", 26, tabs=1),
            instance_type="ml.g5.2xlarge",
        ),
        Lab(name="lab-untouched", does="nothing was ever opened", tags=_BO, instance_type="ml.m5.xlarge"),
        Lab(name="lab-trains", does="a cell runs", jupyter=_kernel("busy", 30), instance_type="ml.g5.xlarge"),
        Lab(name="lab-terminal", does="somebody types in a terminal", jupyter=typed),
        Lab(
            name="lab-waits",
            does="a cell waits in fit()",
            jupyter=_kernel("busy", 1),
            instance_type="ml.g5.2xlarge",
            role=_WAITED_FOR,
        ),
        Lab(name="lab-kept", does="idle; Ana keeps it 4 h", jupyter=_kernel("idle", 9), press=("keep_4h", "U0ANA")),
        Lab(
            name="lab-never", does="idle; Bo wants it always", jupyter=_kernel("idle", 9), press=("never_stop", "U0BO")
        ),
        Lab(name="lab-opted-out", does="idle, tagged ignore", tags={**_BO, **ignored}),
        Lab(name="lab-protected", does="idle, tagged protect", tags={**_BO, **protected}),
        Lab(name="lab-patient", does="idle; its limit is no ISO 8601", tags={**_BO, "sagewatch:idle-after": "12h"}),
        Lab(name="lab-old-linux", does="idle, on Amazon Linux 2", platform="notebook-al2-v3"),
        Lab(name="lab-locked", does="its Jupyter wants a log-in", jupyter=locked, tags=_BO),
    )


def start_notebooks(stage: Stage, team: Sequence[Lab]) -> None:
    """Start them three days ago, and an hour ago the training job that one of them waits for."""
    for lab in team:
        stage.client("sagemaker").create_notebook_instance(
            NotebookInstanceName=lab.name,
            InstanceType=lab.instance_type,
            RoleArn=lab.role,
            PlatformIdentifier=lab.platform,
            Tags=[{"Key": key, "Value": value} for key, value in lab.tags.items()],
        )
        born = {"CreationTime": _ago(72), "LastModifiedTime": _ago(72)}
        stage.control("notebook-instance", lab.name, {**born, "Jupyter": dict(lab.jupyter)})
    running = _the_job_that_is_waited_for()
    stage.create(running)
    stage.announce(running, stage.detail(running))


def _the_job_that_is_waited_for() -> PlayedJob:
    return training("ranker-nightly", Run.ago(0, 60), {"ml.g5.12xlarge": 1}, tags=_ANA)


def press_buttons(slack_url: str, team: Sequence[Lab]) -> None:
    """Let people answer in Slack."""
    roots = {m["text"].partition(" (")[0]: m["ts"] for m in get_json(f"{slack_url}/messages") if "idle:" in m["text"]}
    for lab in team:
        if lab.press:
            action, user = lab.press
            order = {"ts": roots[f"Notebook idle: {lab.name}"], "action_id": action, "user": user}
            post_json(f"{slack_url}/press", order)


def decisions(stage: Stage, watch_state: str, region: str = "us-east-1") -> Mapping[str, tuple[str, str]]:
    """What was decided last of each notebook, and why, as WatchState keeps it."""
    items = stage.client("dynamodb").query(
        TableName=watch_state,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"notebook#{region}"}},
    )["Items"]
    kept = [item for item in map(from_item, items) if "verdict" in item]
    return {item["sk"].partition("notebook-instance/")[2].partition("#")[0]: _decision(item) for item in kept}


def _decision(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["verdict"], item["reason"]
