"""The notebooks of the day that `make demo` plays: one for each thing that can be decided of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from local.cloud import ACCOUNT
from local.jobs import Stage

_AL2023 = "notebook-al2023-v1"


def _ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def _kernel(state: str, hours: float) -> dict[str, Any]:
    return {"id": "k", "name": "python3", "execution_state": state, "last_activity": _ago(hours), "connections": 1}


def a_team() -> Mapping[str, tuple[str, dict[str, Any], dict[str, str], str]]:
    """Each notebook's type, what its Jupyter answers, its tags and its platform."""
    ana, bo = {"sagewatch:owner": "ana@example.com"}, {"owner": "bo@example.com"}
    return {
        "lab-trains": ("ml.g5.xlarge", {"kernels": [_kernel("busy", 30)]}, bo, _AL2023),
        "lab-forgotten": ("ml.g5.2xlarge", {"kernels": [_kernel("idle", 26)]}, ana, _AL2023),
        "lab-terminal": ("ml.t3.medium", {"terminals": [{"name": "1", "last_activity": _ago(0.05)}]}, ana, _AL2023),
        "lab-untouched": ("ml.m5.xlarge", {}, bo, _AL2023),
        "lab-opted-out": ("ml.t3.medium", {}, {**bo, "sagewatch:ignore": "true"}, _AL2023),
        "lab-old-linux": ("ml.m5.xlarge", {"kernels": [_kernel("idle", 50)]}, ana, "notebook-al2-v2"),
        "lab-locked": ("ml.t3.medium", {"html": True}, bo, _AL2023),
    }


def start_notebooks(stage: Stage) -> None:
    """Start them three days ago."""
    for name, (instance_type, jupyter, tags, platform) in a_team().items():
        stage.client("sagemaker").create_notebook_instance(
            NotebookInstanceName=name,
            InstanceType=instance_type,
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/lab",
            PlatformIdentifier=platform,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        born = {"CreationTime": _ago(72), "LastModifiedTime": _ago(72)}
        stage.control("notebook-instance", name, {**born, "Jupyter": jupyter})
