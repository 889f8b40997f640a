"""The units of work that the table of costs needs, measured: ``python -m bench.monthly --measure``."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.builds import Builds
from bench.cases import seen_notebooks
from bench.events import serving as serving_events
from bench.growth import _message
from bench.ledger import serving as serving_ledger
from bench.measure import ROOT, Unit, measured, run, slope
from bench.stage import Stage, staged
from local.sagemaker.price_list import pricing_app
from local.slack.app import slack_app
from local.slack.workspace import Workspace
from tests.unit.slack.messages.test_render import an_alert
from tests.worlds.servers import serving

KEPT = Path(__file__).parent / "measured.json"
_JOBS = 20
_ROW = 1300  # bytes of a row, about; the ledger of the digest answers with less


def measure(build: Path) -> dict[str, Any]:
    """Everything that the table needs."""
    with (
        staged(build) as stage,
        serving(pricing_app()) as prices,
        serving(slack_app(Workspace("xoxb-bench", "secret", processing_seconds=0))) as slack,
    ):
        stage.client("ssm").put_parameter(Name="/sagewatch/slack-token", Value="xoxb-bench", Type="SecureString")
        more = {"AWS_ENDPOINT_URL_PRICING": prices, "SLACK_API_URL": f"{slack}/api/"}
        found = {**_sweeps(stage), **_jobs(stage, more), **_notebooks(stage), **_digests(stage)}
        found["a refresh of prices"] = measured(stage, Unit(function="RefreshPrices", cold=True, more=more))
    return {"date": f"{datetime.now(UTC):%Y-%m-%d}", "units": found}


def _sweeps(stage: Stage) -> dict[str, dict[str, float]]:
    """Sweeps of an empty account that has been swept before, each by a cold function."""
    stage.order("notebooks", running=0, idle=0)
    names = {"SweepJobs": "an idle sweep of jobs", "SweepNotebooks": "an idle sweep of notebooks"}
    found = {}
    for function, name in (names | {"SweepResources": "an idle sweep of resources"}).items():
        run(stage, function, [{}])
        found[name] = measured(stage, Unit(function=function, cold=True))
    return found


def _jobs(stage: Stage, more: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """A job's events by a warm function, a message each; what a failure takes more, and its alert."""

    def begun() -> list[object]:
        stage.order("jobs", ended=_JOBS, running=0, seconds=60, age=3600)
        return job_events(stage, range(_JOBS), "InProgress")

    def ended() -> list[object]:
        return [*begun(), *job_events(stage, range(_JOBS), "Completed")]

    return {
        "a job's start": measured(stage, Unit(function="RecordJob", events=begun, first=1)),
        "a job's end": measured(stage, Unit(function="RecordJob", events=ended, first=_JOBS)),
        "a job's failure": _failure(stage),
        "an alert": measured(stage, Unit(function="DeliverAlert", events=_alerts, first=1, more=more)),
    }


def _failure(stage: Stage) -> dict[str, float]:
    """What the event of a failed job takes more than that of a completed one, without its alert."""
    more = {"ACCOUNT": "111122223333"}
    with serving_events() as url:
        failed, completed = (
            measured(
                replace(stage, url=url),
                Unit(function="RecordJob", events=partial(_replayed, case), first=1, record="asked", more=more),
            )
            for case in ("training-job-failed", "training-job-completed")
        )
    return slope(completed, failed, 1)


def _replayed(case: str) -> list[object]:
    """An event for jobs of other names."""
    text = (ROOT / "events" / f"{case}.json").read_text(encoding="utf-8")

    def named(number: int) -> str:
        return text.replace("fraud-xgb", f"fraud-{number}-xgb").replace("Fraud-XGB", f"Fraud-{number}-XGB")

    return [{"Records": [_record(number, named(number))]} for number in range(_JOBS)]


def _alerts() -> list[object]:
    """Alerts of failed jobs, each in a thread of its own."""
    alerts = [an_alert().model_copy(update={"alert_id": f"alert-{number}"}) for number in range(_JOBS)]
    return [{"Records": [_record(number, alert.model_dump_json())]} for number, alert in enumerate(alerts)]


def _record(number: int, body: str) -> dict[str, object]:
    """A message as Lambda hands it over."""
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "1795170121000", "MessageGroupId": f"g-{number}"}
    return {"messageId": f"m-{number}", "receiptHandle": "r", "body": body, "attributes": attributes}


def _notebooks(stage: Stage) -> dict[str, dict[str, float]]:
    """What one notebook adds to a sweep: as it is, and with an inspection of one that works, or of one that is idle."""
    few, many = 20, 120

    def one(idle: int, then: str) -> dict[str, float]:
        def events(count: int) -> list[object]:
            seen_notebooks(count, idle=idle * count, then=then)(stage)
            return [{}]

        units = (Unit(function="SweepNotebooks", events=partial(events, count)) for count in (few, many))
        some, more = (measured(stage, unit) for unit in units)
        return slope(some, more, many - few)

    return {
        "a notebook in a sweep": one(0, ""),
        "an inspection": one(0, "due"),
        "an inspection of an idle notebook": one(1, "due"),
    }


def _digests(stage: Stage) -> dict[str, dict[str, float]]:
    """A digest of a few rows, and what each row adds. Its chart is drawn, and Slack takes none."""
    few, many = 800, 16_000

    def digest(rows: int) -> dict[str, float]:
        with serving_ledger(rows, 50) as url:
            more = {"SLACK_API_URL": f"{url}/"}
            unit = Unit(
                function="SendDigest", events=lambda: [{"period": "weekly"}], cold=True, record="asked", more=more
            )
            return measured(replace(stage, url=url), unit)

    some = digest(few)
    row = slope(some, digest(many), many - few) | {"reads": round(_ROW / 4096 / 2, 3)}
    return {"a digest": some, "a row in a digest": row}


def job_events(stage: Stage, numbers: range, status: str) -> list[object]:
    """Messages of a queue, a job each."""
    messages = [_message(stage, number, number) for number in numbers]
    for message in messages:
        event = json.loads(str(message["body"]))
        event["detail"] |= {"TrainingJobStatus": status, "Tags": {"owner": "ana@example.com"}}
        message["body"] = json.dumps(event)
    return [{"Records": [message]} for message in messages]


def main() -> None:
    """Build, measure, keep."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with TemporaryDirectory() as folder:
        found = measure(Builds.make(Path(folder)).deployed)
    KEPT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
