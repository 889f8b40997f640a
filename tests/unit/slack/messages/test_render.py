"""Alerts as Slack messages."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.slack.block_kit import block_errors
from sagewatch.delivery.registry import Alert, read_alert
from sagewatch.errors import MalformedAlertError
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.formatting import duration, money
from sagewatch.jobs.alerts import JobAlert, UnpricedAlert
from sagewatch.pricing.job_cost import WITHOUT_VOLUMES
from sagewatch.sagemaker.console import console_url, logs_url
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.slack.messages.render import Message, render


def an_alert(**changes: Any) -> JobAlert:
    """A failed training job's alert."""
    fields: dict[str, Any] = {
        "alert_id": "job-failed-1",
        "finding": "job-failed",
        "account": "111122223333",
        "region": "us-east-1",
        "instances": "2 x ml.m5.xlarge",
        "kind": ResourceKind.TRAINING,
        "name": "Fraud-XGB-01",
        "owner": "ana@example.com",
        "failure_class": FailureClass.USER_CODE,
        "reason": "AlgorithmError: exit code: 1",
        "secondary_status": "Failed",
        "ran_seconds": 7800,
        "ended_at": "2026-11-20T11:00:00Z",
        "pricing": "priced",
        "pricing_reason": "calculated from its billed time at the on-demand list price",
        "cost_usd": "31.2",
        "prices": "ml.m5.xlarge $0.23/h (Training, us-east-1, shipped table of 2026-09-22)",
    }
    return JobAlert(**(fields | changes))


def texts(message: Message) -> list[str]:
    """The texts of the blocks that have one, and of the elements of small print."""
    blocks = [block.to_dict() for block in message.blocks]
    elements = [element["text"] for block in blocks for element in block.get("elements", [])]
    return [block["text"]["text"] for block in blocks if "text" in block] + elements


def shown(message: Message) -> str:
    """Everything a message says, as one text."""
    return message.text + json.dumps([block.to_dict() for block in message.blocks])


@pytest.mark.parametrize(
    "what",
    [
        "Training job failed: Fraud-XGB-01",
        "(Error in the job's code, $31.20 wasted)",
        "*Next step*\\nLook at the log's last error",
        "*Error in the job's code*",
        "> AlgorithmError: exit code: 1",
        "*Wasted*\\n$31.20",
        "*Ran for*\\n2 h 10 min",
        "*Instances*\\n2 x ml.m5.xlarge",
        "*Owner*\\nana@example.com",
        "2026-11-20 11:00:00 UTC",
        "ml.m5.xlarge $0.23/h (Training, us-east-1, shipped table of 2026-09-22)",
        "home?region=us-east-1#/jobs/Fraud-XGB-01|Open in the console>",
        "$252Faws$252Fsagemaker$252FTrainingJobs$3FlogStreamNameFilter$3DFraud-XGB-01$252F|Logs>",
    ],
)
def test_a_message_says(what: str) -> None:
    """What failed, why, how long it ran, what it cost at which price, whose it is, and where to look."""
    assert what in shown(render(an_alert()))


def test_a_message_can_be_found_by_its_alert() -> None:
    """Its metadata has the identity."""
    assert render(an_alert()).metadata.event_payload == {"alert_id": "job-failed-1"}


def test_a_limit_is_named_as_one() -> None:
    """Stopped by its own limit is neither failed nor stopped by a person."""
    alert = an_alert(
        finding="job-hit-limit",
        failure_class=FailureClass.LIMIT_EXCEEDED,
        reason=None,
        secondary_status="MaxWaitTimeExceeded",
    )

    assert "stopped by its time limit" in shown(render(alert))
    assert "> MaxWaitTimeExceeded" in shown(render(alert))


def test_a_job_that_never_started_is_not_called_failed() -> None:
    """Nothing ran, so nothing is billed."""
    alert = an_alert(finding="job-never-started", failure_class=FailureClass.CAPACITY, ran_seconds=None, cost_usd="0")
    message = shown(render(alert))

    assert "Training job never started: Fraud-XGB-01 (No capacity at AWS, nothing billed)" in message
    assert "*Cost*\\nnothing billed" in message
    assert "wasted" not in message.lower()


def test_a_job_that_its_limit_stopped_may_have_been_worth_its_cost() -> None:
    """It is not called wasted."""
    assert "*Cost*\\n$31.20" in shown(render(an_alert(finding="job-hit-limit")))


@pytest.mark.parametrize(
    ("code", "named"),
    [
        (1, "*Error in the job's code*"),
        (139, "*Segmentation fault (exit code 139)*"),
        (127, "*Error in the job's code (exit code 127: the command was not found)*"),
    ],
)
def test_an_exit_code_that_says_more_is_explained(code: int, named: str) -> None:
    """Next to the class."""
    assert named in shown(render(an_alert(reason=f"AlgorithmError: , exit code: {code}")))


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ({"count": 1, "cost_usd": "31.2"}, "First failure of `fraud-xgb` in 7 days."),
        ({"count": 2, "cost_usd": "32"}, "2nd failure of `fraud-xgb` in 7 days, $32.00 so far."),
        ({"count": 3, "cost_usd": "41.2"}, "3rd failure of `fraud-xgb` in 7 days, $41.20 so far."),
        (
            {"count": 3, "cost_usd": "41.2", "unknown": 1},
            "3rd failure of `fraud-xgb` in 7 days, at least $41.20 so far.",
        ),
        ({"count": 3, "cost_usd": "0", "unknown": 3}, "3rd failure of `fraud-xgb` in 7 days."),
        ({"count": 11, "cost_usd": "9"}, "11th failure of `fraud-xgb` in 7 days, $9.00 so far."),
        (
            {"count": 422, "cost_usd": "9", "more": True},
            "At least the 422nd failure of `fraud-xgb` in 7 days, at least $9.00 so far.",
        ),
    ],
)
def test_a_familys_failures_are_counted_with_their_cost(family: dict[str, Any], said: str) -> None:
    """Unknown is never 0."""
    told = {"name": "fraud-xgb", "unknown": 0, "more": False, **family}

    assert f"\\n{said}" in shown(render(an_alert(family=told)))


def test_the_end_of_the_log_is_shown_as_it_stands() -> None:
    """In a block of code."""
    log = "Traceback (most recent call last):\n  File \"t.py\"\nKeyError: 'x'"

    assert "*End of the log*\n```\n" + log + "\n```" in texts(render(an_alert(log=log)))


def test_a_log_that_may_not_be_read_says_so() -> None:
    """A person can grant it."""
    trouble = "logs:GetLogEvents of x: AccessDeniedException: <no>"

    assert f"SageWatch could not read the log ({trouble.replace('<', '&lt;').replace('>', '&gt;')})." in texts(
        render(an_alert(log_trouble=trouble))
    )


@pytest.mark.parametrize("log", ["a ``` b", "```", "`" * 2500, "x```\n<!channel>\n```y", "`\n`\n`"])
def test_a_log_cannot_leave_its_block_of_code(log: str) -> None:
    """Two fences, at its ends, and no mention between them."""
    [block] = [text for text in texts(render(an_alert(log=log))) if text.startswith("*End of the log*")]
    inside = block.removeprefix("*End of the log*\n```\n").removesuffix("\n```")

    assert "`" not in inside
    assert "<" not in inside
    assert block.endswith("\n```")


@pytest.mark.parametrize("evil", ["<!channel>", "<@U123>", "<https://evil.example.com|click>", "a & b < c > d"])
def test_text_from_jobs_makes_neither_mentions_nor_links(evil: str) -> None:
    """Escaped wherever it is."""
    message = shown(render(an_alert(reason=evil, owner=evil, instances=evil)))

    assert evil not in message
    assert "&lt;" in message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cost_usd": None, "pricing": "unpriced"}, "*Cost*\\nunknown"),
        ({"cost_usd": None, "pricing": "unpriced"}, "cost unknown)"),
        ({"cost_usd": None, "pricing": "covered"}, "*Cost*\\nprepaid by a training plan"),
        ({"cost_usd": "1.5", "pricing": "provisional"}, "*Wasted*\\nabout $1.50"),
        ({"cost_usd": "1.5", "pricing_reason": f"by its time; {WITHOUT_VOLUMES}"}, "*Wasted*\\nat least $1.50"),
        ({"ran_seconds": None}, "*Ran for*\\nunknown"),
        ({"owner": None}, "*Owner*\\nunknown"),
        ({"reason": None, "secondary_status": None}, "SageMaker gave no reason"),
    ],
)
def test_what_is_not_known_is_said_to_be(change: dict[str, Any], said: str) -> None:
    """Never 0 for unknown."""
    assert said in shown(render(an_alert(**change)))


def test_an_unpriced_type_is_told_with_an_example() -> None:
    """And with what it means for the ledger."""
    alert = UnpricedAlert(
        alert_id="u",
        finding="unpriced-type",
        account="111122223333",
        region="us-east-1",
        instances="1 x ml.p9.48xlarge",
        kind=ResourceKind.TRAINING,
        instance_type="ml.p9.48xlarge",
        example="moonshot",
    )

    assert "No Training or Hosting price of `ml.p9.48xlarge`" in shown(render(alert))


@given(
    st.text(max_size=1024),
    st.text(min_size=1, max_size=256),
    st.sampled_from(list(ResourceKind)),
    st.integers(0, 10**8) | st.none(),
    st.text(max_size=2500) | st.none(),
    st.sampled_from(["job-failed", "job-never-started", "job-hit-limit"]),
)
def test_slack_takes_whatever_a_job_says(
    reason: str, owner: str, kind: ResourceKind, seconds: int | None, log: str | None, finding: str
) -> None:
    """Block Kit's limits hold for the longest and strangest text."""
    family = {"name": "a" * 63, "count": 500, "cost_usd": "1" * 20, "unknown": 1, "more": True}
    texts = {"reason": reason, "owner": owner, "log": log, "log_trouble": reason}
    alert = an_alert(**texts, finding=finding, family=family, kind=kind, ran_seconds=seconds, name="a" * 63)

    assert block_errors([block.to_dict() for block in render(alert).blocks]) == []


@pytest.mark.parametrize(
    "log",
    [
        "&" * 2500,
        "<\n" * 1250,
        "`" * 2500,
        "שלום " * 500,
        "😀" * 2500,
        "<!channel>" * 250,
        "a&" * 1000 + "\n" + "b<" * 150,
    ],
)
def test_the_longest_logs_fit(log: str) -> None:
    """Whole lines are left out from the beginning; an entity is never cut in two."""
    message = render(an_alert(log=log, log_trouble=log))
    [block] = [text for text in texts(message) if text.startswith("*End of the log*")]

    assert block_errors([block.to_dict() for block in message.blocks]) == []
    assert block.endswith("\n```")
    assert not re.search(r"&(?!(?:amp|lt|gt);)", block)


@pytest.mark.parametrize("reason", ["&" * 1024, "<" * 1024, "\n" * 1024, "שלום" * 256, "😀" * 512])
def test_the_longest_reasons_fit(reason: str) -> None:
    """1,024 characters grow fivefold when escaped."""
    assert block_errors([block.to_dict() for block in render(an_alert(reason=reason)).blocks]) == []


def test_an_alert_survives_its_queue() -> None:
    """Written and read, it is the same."""
    family = {"name": "fraud-xgb", "count": 2, "cost_usd": "3", "unknown": 0, "more": False}
    alert: Alert = an_alert(family=family, log="boom", finding="job-never-started")

    assert read_alert(alert.model_dump_json()) == alert


@pytest.mark.parametrize(
    "body", ["", "{}", "null", '{"finding": "job-failed"}', '{"finding": "coffee"}', "not json at all"]
)
def test_what_is_no_alert_is_refused(body: str) -> None:
    """Typed, so that it is dead-lettered with its reason."""
    with pytest.raises(MalformedAlertError, match="alert: "):
        read_alert(body)


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("31.2", "free", "cost_usd"),
        ("2026-11-20T11:00:00Z", "soon", "ended_at"),
        ("us-east-1", "evil.example.com/", "region"),
        ("Fraud-XGB-01", "<!channel>", "name"),
    ],
)
def test_what_makes_no_message_is_refused(before: str, after: str, named: str) -> None:
    """The queue is a border too: nothing gets through that rendering would stumble over."""
    body = an_alert(prices=None).model_dump_json().replace(before, after)

    with pytest.raises(MalformedAlertError, match=named):
        read_alert(body)


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0", "$0.00"),
        ("0.235", "$0.24"),
        ("1204.5", "$1,204.50"),
        ("0.0035", "$0.0035"),
        ("0.000012345", "$0.000012"),
        ("0.01", "$0.01"),
    ],
)
def test_money_is_rounded_for_people(usd: str, text: str) -> None:
    """To the cent, and below it to two digits that say something."""
    assert money(Decimal(usd)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (58, "58 s"),
        (60, "1 min"),
        (7800, "2 h 10 min"),
        (7805, "2 h 10 min"),
        (86400, "1 d"),
        (90061, "1 d 1 h"),
    ],
)
def test_durations_have_two_units(seconds: int, text: str) -> None:
    """More would not be read."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "us-east-1.console.aws.amazon.com"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
    ],
)
def test_links_lead_to_the_partitions_console(region: str, host: str) -> None:
    """GovCloud and China have their own."""
    assert str(console_url(ResourceKind.PROCESSING, "p", region)).startswith(f"https://{host}/sagemaker/")
    assert str(logs_url(ResourceKind.PROCESSING, "p", region)).startswith(f"https://{host}/cloudwatch/")


def test_a_tuning_jobs_logs_are_its_training_jobs() -> None:
    """Their names begin with its own, so no slash follows."""
    assert str(logs_url(ResourceKind.TUNING, "hpo", "us-east-1")).endswith("TrainingJobs$3FlogStreamNameFilter$3Dhpo")
