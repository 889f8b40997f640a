"""The application as it was at commit a36f5fc, built by ``sam build`` with the libraries that it pins.

It is what the table calls "before". Its ten functions were eight, and AnswerSlack received presses too.
"""

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from bench.cold import REGION
from tests.worlds.wired import snake_case

COMMIT = "a36f5fc"
_ROOT = Path(__file__).parent.parent
_QUEUE = "https://sqs.us-east-1.amazonaws.com/111122223333/"
_LEDGER = {
    "COST_LEDGER": "ledger",
    "WATCH_STATE": "state",
    "OWNER_TAG_KEYS": "sagewatch:owner,owner,Owner",
    "DISCOUNT_PERCENT": "0",
}
_INBOX = {"QUEUE_URL": f"{_QUEUE}q", "DEAD_LETTER_QUEUE_URL": f"{_QUEUE}dead", "MAX_RECEIVES": "24"}
_ALERTS = {"ALERT_QUEUE_URL": f"{_QUEUE}alerts.fifo"}
_NOTEBOOKS = {"MODE": "enforce", "IDLE_AFTER_MINUTES": "240", "WARN_MINUTES": "60", "JUPYTER_EVIDENCE": "enabled"}
_SLACK = {"SLACK_TOKEN_PARAMETER": "/sagewatch/slack-token", "SLACK_API_URL": "https://slack.com/api/"}
_DEAD = {"EVENT_DEAD_LETTER_QUEUE_URL": f"{_QUEUE}e", "ALERT_DEAD_LETTER_QUEUE_URL": f"{_QUEUE}a"}
_SECRET = {"SLACK_SIGNING_SECRET_PARAMETER": "/sagewatch/slack-signing-secret"}
_REGIONAL = {  # the clients of that commit that a first event needs
    "RecordJob": ("sagemaker",),
    "TrackNotebook": ("sagemaker",),
    "SweepJobs": ("patient_sagemaker",),
    "SweepNotebooks": ("patient_sagemaker", "sagemaker", "logs", "cloudwatch"),
    "AnswerSlack": ("sagemaker",),
}
VARIABLES: Mapping[str, Mapping[str, str]] = {
    "RecordJob": {**_LEDGER, **_INBOX, **_ALERTS, "REPORT_USD": "10"},
    "TrackNotebook": {**_LEDGER, **_INBOX},
    "SweepJobs": {**_LEDGER, **_ALERTS, "REPORT_USD": "10", "LONG_RUNNING_HOURS": "24", "BURN_ALERT_USD": "100"},
    "SweepNotebooks": {
        **_LEDGER,
        **_ALERTS,
        **_NOTEBOOKS,
        "LONG_RUNNING_HOURS": "24",
        "MAX_STOPS_PER_SWEEP": "1000",
    },
    "AnswerSlack": {
        **_LEDGER,
        **_INBOX,
        **_ALERTS,
        **_NOTEBOOKS,
        **_SLACK,
        **_SECRET,
        "TIMEZONE": "UTC",
        "SLACK_APPROVERS": "",
    },
    "RefreshPrices": {"WATCH_STATE": "state"},
    "SendDigest": {
        **_LEDGER,
        **_ALERTS,
        **_SLACK,
        **_DEAD,
        "TIMEZONE": "UTC",
        "MONTHLY_BUDGETS": "",
        "ACCOUNT": "111122223333",
    },
    "DeliverAlert": {**_INBOX, **_SLACK, "WATCH_STATE": "state", "SLACK_CHANNEL": "#sagewatch", "SLACK_ROUTES": ""},
}


def start(function: str) -> str:
    """The program that starts a function, as `bench.cold` does with those of today."""
    name = snake_case(function)
    regional = "".join(f"clients.{client}({REGION!r})\n" for client in _REGIONAL.get(function, ()))
    more = f"from sagewatch.wiring import clients\n{regional}" if regional else ""
    return f"from {name} import app\napp.wiring.{name}()\n{more}"


def built(home: Path) -> Path:
    """Build the commit into a folder, once. Raises ``SystemExit`` if the history does not have it."""
    source, build, ready = home / "source", home / "build", home / "ready"
    if ready.exists():
        return build
    shutil.rmtree(home, ignore_errors=True)
    source.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", COMMIT], cwd=_ROOT, capture_output=True, check=False)  # noqa: S607 - git
    if archive.returncode:
        raise SystemExit(f"commit {COMMIT} is not in this clone: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(source, filter="data")
    command = ["sam", "build", "--parallel", "--build-dir", str(build)]
    env = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(command, cwd=source, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"commit {COMMIT} does not build:\n{done.stderr[-2000:]}")
    ready.touch()
    return build
