"""Messages about jobs that run: what they say, what can be pressed, and that Slack takes them."""

import json
from typing import Any

import pytest

from local.slack.block_kit import block_errors
from sagewatch.delivery.registry import read_alert
from sagewatch.jobs.alerts import JobRunsAlert
from sagewatch.sagemaker.kinds import JOB_KINDS, ResourceKind
from sagewatch.slack.messages.render import render
from tests.worlds.builders import ACCOUNT, NOW, STARTED

ALERT = JobRunsAlert(
    alert_id="job-long-running-1",
    account=ACCOUNT,
    region="us-east-1",
    instances="2 x ml.g5.xlarge",
    kind=ResourceKind.TRAINING,
    name="Fraud-XGB-01",
    arn=f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/fraud-xgb-01",
    created_at="2026-11-20T09:58:00Z",
    owner="ana@example.com",
    sentences=("it has cost $120.00 so far, past $100.00", "it has run for 1 d 2 h, longer than 24 h"),
    started_at=STARTED,
    limit_seconds=172_800,
    hourly_usd="2.816",
    so_far_usd="120",
    at_limit_usd="135.168",
    price_note=None,
    use="GPU 3 %, GPU memory 40 %, CPU 12 % over the last hour on 2 hosts",
)


def blocks(alert: JobRunsAlert) -> list[dict[str, Any]]:
    """As Slack gets them."""
    return [block.to_dict() for block in render(alert).blocks]


def buttons(alert: JobRunsAlert) -> list[dict[str, Any]]:
    """What can be pressed."""
    return [element for block in blocks(alert) for element in block.get("elements", []) if "value" in element]


def test_a_message_says_reasons_money_and_where_it_ends() -> None:
    """And in the notification the most of it."""
    said, message = json.dumps(blocks(ALERT), ensure_ascii=False), render(ALERT)

    assert message.text == (
        "Training job still running: Fraud-XGB-01 ($120.00 so far). It has cost $120.00 so far, past $100.00."
    )
    for text in (
        "• It has cost $120.00 so far, past $100.00.",
        "• It has run for 1 d 2 h, longer than 24 h.",
        "at most $135.17 (its limit is 2 d)",
        "$2.82/h",
        "2 x ml.g5.xlarge",
        "ana@example.com",
        "GPU 3 %, GPU memory 40 %, CPU 12 % over the last hour on 2 hosts.",
        "|Logs>",
    ):
        assert text in said


def test_the_two_buttons_carry_what_they_stand_for() -> None:
    """Edits too stand for the message they belong to."""
    edit = ALERT.model_copy(update={"alert_id": "edit-1", "edits": "job-long-running-1"})

    assert [(one["action_id"], one["text"]["text"], one.get("style")) for one in buttons(ALERT)] == [
        ("stop_job", "Stop job", "danger"),
        ("snooze_job", "Snooze 24 h", None),
    ]
    assert {json.loads(button["value"])["incident"] for button in buttons(edit)} == {"job-long-running-1"}
    assert json.loads(buttons(ALERT)[0]["value"]) == {
        "arn": ALERT.arn,
        "name": "Fraud-XGB-01",
        "region": "us-east-1",
        "created_at": "2026-11-20T09:58:00Z",
        "incident": "job-long-running-1",
    }


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ({"spot": True}, "at most $120.00", "unpriced"),
        (
            {"hourly_usd": None, "so_far_usd": None, "at_limit_usd": None, "price_note": "no price is known for x"},
            "No price is known for x.",
            "$0",
        ),
        ({"limit_seconds": None, "at_limit_usd": None}, "no time limit", "135"),
        ({"started_at": None}, "Training job has not started", "Runs since"),
        ({"outcome": "stopped at 12:00 UTC", "by": "U0ANA", "open": False}, "(<@U0ANA>)", "stop_job"),
        ({"use": None}, "Cost so far", "GPU memory"),
    ],
)
def test_a_message_says_how_it_stands(changes: dict[str, Any], said: str, unsaid: str) -> None:
    """Unknown is never 0, and what is over cannot be pressed."""
    text = json.dumps(blocks(ALERT.model_copy(update=changes)))

    assert said in text
    assert unsaid not in text


@pytest.mark.parametrize("kind", JOB_KINDS)
@pytest.mark.parametrize(
    "text", ["x" * 5000, "<!channel> & <https://evil.example|here>", "\u202eright to left", "🙂" * 900]
)
def test_slack_takes_whatever_a_job_says(kind: ResourceKind, text: str) -> None:
    """Within its limits, and without a mention or a link of theirs; and it comes through the queue as it was."""
    texts = {"owner": text, "sentences": (text, text), "use": text, "outcome": text, "instances": text}
    alert = ALERT.model_copy(update={**texts, "kind": kind, "name": "n" * 63, "price_note": text, "happened_at": NOW})

    assert block_errors(blocks(alert)) == []
    assert "<!channel>" not in json.dumps(blocks(alert)) + render(alert).text
    assert read_alert(alert.model_dump_json()) == alert
