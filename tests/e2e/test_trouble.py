"""What goes wrong on the deployed stack, and that nothing is lost by it."""

import json
from typing import Any
from zlib import crc32

import pytest

from local.demo.builders import Run, training
from local.demo.player import PlayedJob
from tests.e2e.conftest import Account, eventually
from tests.template.test_rules import EXPECTED, FILES, default_sources, pattern_of
from tests.worlds.builders import EVENTS, an_event


def a_failure(name: str) -> PlayedJob:
    """A job that fails."""
    run = Run.ago(1 + crc32(name.encode()) % 90 / 6, 30)  # many that end together become one message
    return training(name, run, {"ml.m5.xlarge": 1}, status="Failed", reason="AlgorithmError: exit code: 1")


def test_a_slack_that_says_429_gets_the_message_once(account: Account) -> None:
    """Three times, two seconds each."""
    account.fail_slack(status=429, retry_after=2, times=3)
    account.play(a_failure("trouble-429"))

    assert len(account.settled_messages("trouble-429")) == 1


def test_a_slack_that_is_down_gets_the_message_once_it_is_back(account: Account) -> None:
    """500 is not the end of it."""
    account.fail_slack(status=500, times=1)
    account.play(a_failure("trouble-500"))

    assert len(account.settled_messages("trouble-500")) == 1


@pytest.mark.parametrize(
    ("name", "body", "error"),
    [
        ("poison-json", "{poison-json", "not JSON"),
        ("poison-name", an_event("training-job-failed", TrainingJobName=None, poison="poison-name"), "TrainingJobName"),
        ("poison-arn", an_event("training-job-failed", TrainingJobArn="poison-arn"), "TrainingJobArn"),
        (
            "poison-kind",
            an_event("training-job-failed", note="poison-kind") | {"detail-type": "SageMaker Coffee State Change"},
            "Coffee",
        ),
    ],
)
def test_a_poisoned_message_is_buried_with_its_reason_and_holds_up_no_other(
    account: Account, name: str, body: Any, error: str
) -> None:
    """Sent before a good one; the good one is done."""
    account.send_event(body)
    account.play(a_failure(f"after-{name}"))

    assert eventually(lambda: account.messages(f"after-{name}"))
    [letter] = eventually(lambda: account.dead_letters("EventDeadLetterQueueUrl", name))
    assert letter["ErrorType"] == "MalformedEventError"
    assert error in letter["Reason"]


@pytest.mark.parametrize("queue", ["NotebookEventQueue", "PressQueue"])
def test_a_poisoned_notebook_event_or_press_is_kept_with_its_reason(account: Account, queue: str) -> None:
    """TrackNotebook and AnswerSlack do as RecordJob does."""
    sqs = account.stage.client("sqs")
    sqs.send_message(QueueUrl=account.env[f"{queue}Url"], MessageBody=f"{{poison-{queue}")
    [letter] = eventually(lambda: account.dead_letters("EventDeadLetterQueueUrl", f"poison-{queue}"))

    assert letter["ErrorType"].startswith("Malformed")
    assert letter["SourceQueue"] == account.env[f"{queue}Url"].rpartition("/")[2]


def test_an_alert_for_a_channel_that_is_not_there_waits_for_it(account: Account) -> None:
    """Once the channel is right, its next try delivers it: nothing is dead-lettered."""
    with account.variables("DeliverAlert", SLACK_CHANNEL="#nowhere"):
        account.play(a_failure("trouble-channel"))
        assert account.retries("DeliverAlert", "channel_not_found")
    assert account.dead_letters("AlertDeadLetterQueueUrl", "trouble-channel") == []
    assert len(account.settled_messages("trouble-channel")) == 1


def test_an_alert_without_a_token_is_kept_with_its_reason(account: Account) -> None:
    """A redrive delivers it once the token is there."""
    with account.slack_token(None):
        account.play(a_failure("trouble-token-missing"))
        letters = eventually(lambda: account.dead_letters("AlertDeadLetterQueueUrl", "trouble-token-missing"))
    assert letters == [
        {
            "ErrorType": "SecretMissingError",
            "Reason": "the SSM parameter /sagewatch/slack-token does not exist",
            "SourceQueue": account.env["AlertQueueUrl"].rpartition("/")[2],
            "MessageGroup": letters[0]["MessageGroup"],
        }
    ]

    account.redrive("AlertDeadLetterQueueUrl", "AlertQueueUrl")
    assert len(account.settled_messages("trouble-token-missing")) == 1


def test_an_alert_waits_for_a_right_token(account: Account) -> None:
    """Nothing is dead-lettered, and the next try reads the token again."""
    with account.slack_token("xoxb-wrong"):
        account.play(a_failure("trouble-token-wrong"))
        assert account.retries("DeliverAlert", "invalid_auth")
    assert account.dead_letters("AlertDeadLetterQueueUrl", "trouble-token-wrong") == []
    assert len(account.settled_messages("trouble-token-wrong")) == 1


def test_a_role_without_a_permission_is_denied_and_nothing_is_lost(account: Account) -> None:
    """The event waits until access is granted."""
    job = a_failure("trouble-denied")
    account.stage.create(job)
    account.stage.finish(job)
    event = an_event("training-job-failed") | {"detail": account.stage.detail(job)}
    with account.without_permission("RecordJob", "dynamodb:PutItem"):
        answer = account.invoke("RecordJob", event)
        account.send_event(event)
        assert account.retries("RecordJob", "AccessDeniedException")
        assert account.rows(job.name) == []
    assert "AccessDeniedException" in answer["errorMessage"]
    assert "dynamodb:PutItem" in answer["errorMessage"]

    assert len(eventually(lambda: account.rows(job.name))) == 1
    assert len(account.settled_messages(job.name)) == 1


def test_no_log_line_holds_a_secret_or_a_jobs_parameters(account: Account) -> None:
    """Neither the bot token nor hyperparameters."""
    account.play(a_failure("trouble-logs"))
    assert eventually(lambda: account.messages("trouble-logs"))
    lines = account.log_lines("RecordJob") + account.log_lines("DeliverAlert")

    assert any("trouble-logs" in line for line in lines)
    assert not [line for line in lines if "xoxb" in line or "max_depth" in line]


@pytest.mark.parametrize("rule", sorted(EXPECTED))
def test_the_patterns_mean_the_same_to_another_matcher(account: Account, template: dict[str, Any], rule: str) -> None:
    """MiniStack's TestEventPattern agrees with moto's."""
    events = account.stage.client("events")
    pattern = json.dumps(pattern_of(template, rule, default_sources(template)))
    matched = {
        name
        for name in FILES
        if events.test_event_pattern(EventPattern=pattern, Event=(EVENTS / f"{name}.json").read_text(encoding="utf-8"))[
            "Result"
        ]
    }

    assert matched == EXPECTED[rule]
