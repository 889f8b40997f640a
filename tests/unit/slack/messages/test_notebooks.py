"""Messages about notebooks: what they say, what can be pressed, and that Slack takes them."""

import json
import re
from typing import Any

import pytest

from local.slack.block_kit import block_errors
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.sagemaker.notebooks import KEPT_FOLDER
from sagewatch.slack.interactions.dialogs import result_view
from sagewatch.slack.messages.render import render
from tests.worlds.builders import ACCOUNT, NOW
from tests.worlds.notebooks import NotebookWorld, a_notebook

ALERT = NotebookAlert(
    alert_id="notebook-idle-1",
    account=ACCOUNT,
    region="us-east-1",
    instances="ml.g5.xlarge",
    name="Lab-One",
    arn=f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/lab-one",
    owner="ana@example.com",
    reason="no kernel has run since 09:12 UTC, 2 terminals idle since 08:40",
    idle_since=NOW,
    hourly_usd="1.41",
    idle_usd="7.05",
    stop_at=NOW,
    observe=False,
)


def blocks(alert: NotebookAlert | NotebookNews) -> list[dict[str, Any]]:
    """As Slack gets them."""
    return [block.to_dict() for block in render(alert).blocks]


def actions(alert: NotebookAlert) -> list[str]:
    """What can be pressed."""
    return [
        element["action_id"] for block in blocks(alert) for element in block.get("elements", []) if "value" in element
    ]


def test_an_announcement_says_evidence_money_and_time() -> None:
    """And in the notification the most of it."""
    said = json.dumps(blocks(ALERT))

    assert "no kernel has run since 09:12 UTC, 2 terminals idle since 08:40." in said
    assert "$1.41/h" in said
    assert "$7.05" in said
    assert "Only files in `/home/ec2-user/SageMaker` are kept." in said
    assert "Lab-One" in render(ALERT).text


def test_every_text_about_a_stop_says_what_it_keeps_and_that_all_else_is_gone() -> None:
    """The warning, the question before a stop, and the report after it. None promises more than the volume."""
    world = NotebookWorld()
    world.has(a_notebook())
    world.sweep()
    world.busy("Lab-One")
    view = world.dialogs.open("T", result_view("Checking"))
    world.press("stop_now", view=view)
    question = json.dumps(world.dialogs.views[view][-1].to_dict())
    world.press("stop_anyway", confirmed=view)
    warning, report = (json.dumps(blocks(alert)) for alert in (world.announced[0], world.news[-1]))

    assert world.notebooks.stops == ["Lab-One"]
    for text in (warning, question, report):
        assert KEPT_FOLDER in text, text
        assert any(loss in text for loss in ("anywhere else are lost", "Everything else is lost", "else is gone")), text
        assert not re.search(r"files (stay|are safe)|nothing (is|will be) lost|keeps (all|its|your) files", text), text


def test_the_four_buttons_carry_what_they_stand_for() -> None:
    """Edits too stand for the announcement they belong to."""
    edit = ALERT.model_copy(update={"alert_id": "edit-1", "edits": "notebook-idle-1"})
    [row] = [block for block in blocks(edit) if block["type"] == "actions"]

    assert actions(ALERT) == ["keep_4h", "keep_until_tomorrow", "stop_now", "never_stop"]
    assert {json.loads(button["value"])["incident"] for button in row["elements"]} == {"notebook-idle-1"}


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ({"observe": True}, "Trial mode", "will stop this notebook"),
        ({"outcome": "kept for 4 h", "by": "U0ANA"}, "Kept for 4 h (<@U0ANA>).", "will stop this notebook"),
        ({"outcome": "stopped at 12:00 UTC", "open": False}, "Stopped at 12:00 UTC", "keep_4h"),
        (
            {"stop_at": None, "advice": "on x it could not be started again", "one_way": True},
            "will not stop this notebook",
            "stop_now",
        ),
        ({"hourly_usd": None, "idle_usd": None}, "Its price is unknown", "$0"),
    ],
)
def test_a_message_says_how_it_stands(changes: dict[str, Any], said: str, unsaid: str) -> None:
    """What is no longer so is not said any more."""
    text = json.dumps(blocks(ALERT.model_copy(update=changes)))

    assert said in text
    assert unsaid not in text


@pytest.mark.parametrize(
    "text", ["x" * 5000, "<!channel> & <https://evil.example|here>", "\u202eright to left", "🙂" * 900]
)
def test_slack_takes_whatever_a_notebook_says(text: str) -> None:
    """Within its limits, and without a mention or a link of theirs."""
    longest = {"name": "n" * 63, "owner": text, "reason": text, "outcome": text, "instances": text}
    news = NotebookNews(
        alert_id="n",
        account=ACCOUNT,
        region="us-east-1",
        instances=None,
        name="a",
        owner=text,
        headline="h",
        sentence=text,
    )
    for alert in (ALERT.model_copy(update=longest), news):
        assert block_errors(blocks(alert)) == []
        assert "<!channel>" not in json.dumps(blocks(alert))
