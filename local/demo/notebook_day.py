"""The notebooks of `make demo`: one for each possible decision."""

import json
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
class PlayedNotebook:
    """One notebook. ``does`` describes what ``jupyter`` answers; ``press`` is a button and the user who presses it."""

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
    kernel = {"id": "k", "name": "python3", "execution_state": state}
    return {"kernels": [{**kernel, "last_activity": _ago(hours), "connections": tabs}]}


def a_team() -> Sequence[PlayedNotebook]:
    """The team's notebooks."""
    typed = {"terminals": [{"name": "1", "last_activity": _ago(0.05)}]}
    locked, ignored, protected = {"html": True}, {"sagewatch:ignore": "true"}, {"sagewatch:protect": ""}
    return (
        PlayedNotebook(
            name="lab-forgotten",
            does="idle for 26 h, its tab is open",
            jupyter=_kernel("idle", 26, tabs=1),
            instance_type="ml.g5.2xlarge",
        ),
        PlayedNotebook(name="lab-untouched", does="nothing was ever opened", tags=_BO, instance_type="ml.m5.xlarge"),
        PlayedNotebook(
            name="lab-trains", does="a cell runs", jupyter=_kernel("busy", 30), instance_type="ml.g5.xlarge"
        ),
        PlayedNotebook(name="lab-terminal", does="a person types in a terminal", jupyter=typed),
        PlayedNotebook(
            name="lab-waits",
            does="a cell waits in fit()",
            jupyter=_kernel("busy", 1),
            instance_type="ml.g5.2xlarge",
            role=_WAITED_FOR,
        ),
        PlayedNotebook(
            name="lab-kept", does="idle; Ana keeps it 4 h", jupyter=_kernel("idle", 9), press=("keep_4h", "U0ANA")
        ),
        PlayedNotebook(
            name="lab-never", does="idle; Bo wants it always", jupyter=_kernel("idle", 9), press=("never_stop", "U0BO")
        ),
        PlayedNotebook(name="lab-opted-out", does="idle, tagged ignore", tags={**_BO, **ignored}),
        PlayedNotebook(name="lab-protected", does="idle, tagged protect", tags={**_BO, **protected}),
        PlayedNotebook(
            name="lab-patient", does="idle; its limit is no ISO 8601", tags={**_BO, "sagewatch:idle-after": "12h"}
        ),
        PlayedNotebook(name="lab-old-linux", does="idle, on Amazon Linux 2", platform="notebook-al2-v3"),
        PlayedNotebook(name="lab-locked", does="its Jupyter wants a log-in", jupyter=locked, tags=_BO),
    )


def start_notebooks(stage: Stage, team: Sequence[PlayedNotebook]) -> None:
    """Start them, dated three days ago, and the training job that one of them waits for, dated an hour ago."""
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


def press_buttons(slack_url: str, team: Sequence[PlayedNotebook]) -> None:
    """Press the buttons in Slack."""
    messages = get_json(f"{slack_url}/messages")
    for lab in team:
        if lab.press:
            action, user = lab.press
            message = next(each for each in messages if _has_button(each, action, lab.name))
            post_json(f"{slack_url}/press", {"ts": message["ts"], "action_id": action, "user": user})


def _has_button(message: Mapping[str, Any], action: str, name: str) -> bool:
    """Whether the message has this button for this notebook, whatever its text."""
    elements = (element for block in message["blocks"] for element in block.get("elements", ()))
    return any(
        element.get("action_id") == action and json.loads(element["value"])["name"] == name for element in elements
    )


def decisions(stage: Stage, watch_state: str, region: str = "us-east-1") -> Mapping[str, tuple[str, str]]:
    """The last decision about each notebook and its reason, from WatchState."""
    items = stage.client("dynamodb").query(
        TableName=watch_state,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"notebook#{region}"}},
    )["Items"]
    kept = [item for item in map(from_item, items) if "verdict" in item]
    return {item["sk"].partition("notebook-instance/")[2].partition("#")[0]: _decision(item) for item in kept}


def _decision(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["verdict"], item["reason"]
