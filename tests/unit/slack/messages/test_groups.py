"""Messages that tell many alerts as one."""

from datetime import timedelta
from decimal import Decimal

import pytest

from local.slack.block_kit import block_errors
from sagewatch.alerts.grouping import GroupAlert, GroupKind, GroupSummary
from sagewatch.failures.diagnosis import FailureClass
from sagewatch.slack.messages.render import render
from tests.unit.slack.messages.test_render import shown
from tests.worlds.builders import ACCOUNT, NOW

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
GATHERED = GroupSummary(
    count=120,
    by_label={"failed (user code)": 100, "failed (out of memory)": 20},
    usd=Decimal("4.6"),
    unpriced=3,
    names=tuple(f"job-{number:02}" for number in range(20)),
)


def a_group(group_kind: GroupKind, summary: GroupSummary = GATHERED, **changes: object) -> GroupAlert:
    """A group as it is delivered."""
    told = {"alert_id": "g", "account": ACCOUNT, "region": "us-east-1", "instances": None, "group_kind": group_kind}
    return GroupAlert.model_validate({**told, "group": "g", "summary": summary, **changes})


@pytest.mark.parametrize(
    ("alert", "text"),
    [
        (
            a_group(GroupKind.PARENT, parent_arn=f"{ARN}:hyper-parameter-tuning-job/hpo"),
            "Tuning job hpo: 120 of its jobs failed (cost: $4.60, plus 3 jobs whose cost is unknown)",
        ),
        (
            a_group(GroupKind.PARENT, parent_arn=f"{ARN}:pipeline/nightly/execution/x1"),
            "Pipeline nightly: 120 of its jobs failed (cost: $4.60, plus 3 jobs whose cost is unknown)",
        ),
        (
            a_group(GroupKind.STORM, label="failed (user code)", since=NOW),
            (
                "120 jobs failed (error in the job's code) within ten minutes "
                "(cost: $4.60, plus 3 jobs whose cost is unknown)"
            ),
        ),
        (
            a_group(GroupKind.STALE, since=NOW - timedelta(days=3)),
            "120 alerts of 2026-11-17, reported late (cost: $4.60, plus 3 jobs whose cost is unknown)",
        ),
    ],
    ids=["a tuning job", "a pipeline", "a storm", "old news"],
)
def test_a_group_says_how_many_and_what_they_cost(alert: GroupAlert, text: str) -> None:
    """In its text, which is what a notification shows; a cost that is not known is not 0."""
    message = render(alert)

    assert message.text == text
    assert "100 failed (error in the job's code)" in shown(message)


def test_a_storm_lists_its_first_members() -> None:
    """And how many more there are."""
    assert "`job-19` and 100 more" in shown(render(a_group(GroupKind.STORM, label="failed", since=NOW)))


def test_nothing_known_of_the_cost_is_said_so() -> None:
    """It is not $0.00."""
    one = GroupSummary(count=1, by_label={"failed (unknown)": 1}, unpriced=1, names=("job",))

    assert render(a_group(GroupKind.STALE, one, since=NOW)).text.endswith(
        "1 alert of 2026-11-20, reported late (cost: unknown)"
    )


@pytest.mark.parametrize("group_kind", list(GroupKind))
def test_slack_takes_the_largest_group(group_kind: GroupKind) -> None:
    """The longest names, every class, and more members than anybody has; what could be markup is none."""
    labels = {f"{how} ({name})": 999_999 for how in ("failed", "never started") for name in FailureClass}
    names = tuple(f"{'&<>' * 21}" for _ in range(20))
    summary = GroupSummary(count=9_999_999, by_label=labels, usd=Decimal("123456789.99"), unpriced=999_999, names=names)
    arn = f"{ARN}:pipeline/{'p' * 256}/execution/{'x' * 12}"
    message = render(a_group(group_kind, summary, parent_arn=arn, label="failed (<!channel>)", since=NOW))

    assert block_errors([block.to_dict() for block in message.blocks]) == []
    assert "<!channel>" not in message.text
