"""Alerts as Slack messages, within Block Kit's limits and with the text of jobs made harmless."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from slack_sdk.models.blocks import Block, HeaderBlock
from slack_sdk.models.metadata import Metadata

from sagewatch.delivery.registry import Alert
from sagewatch.slack.blocks import HEADER_LIMIT, section
from sagewatch.slack.text import cut, escape, person

if TYPE_CHECKING:
    from sagewatch.jobs.alerts import UnpricedAlert
    from sagewatch.spokes.alerts import AccountUnreadable

_EVENT_TYPE = "sagewatch_alert"


@dataclass(frozen=True, slots=True)
class Message:
    """One Slack message: the text of its notification, its blocks, and the metadata it can be found by."""

    text: str
    blocks: tuple[Block, ...]
    metadata: Metadata


def render(alert: Alert, mention: str | None = None) -> Message:
    """Write the message an alert asks for. ``mention`` is the Slack user of its owner, where Slack knows one."""
    text, blocks = _written(alert, person(alert.owner, mention))
    return Message(text, tuple(blocks), Metadata(_EVENT_TYPE, {"alert_id": alert.alert_id}))


def _written(alert: Alert, owner: str) -> tuple[str, Sequence[Block]]:  # noqa: C901, PLR0911 - one case for each kind
    match alert.finding:
        case "job-failed" | "job-never-started" | "job-hit-limit":
            from sagewatch.slack.messages.job_ended import job_ended

            return job_ended(alert, owner)
        case "job-report":
            from sagewatch.slack.messages.job_ended import job_report_message

            return job_report_message(alert, owner)
        case "job-long-running":
            from sagewatch.slack.messages.job_running import job_runs

            return job_runs(alert, owner)
        case "unpriced-type":
            return _unpriced(alert)
        case "notebook-idle":
            from sagewatch.slack.messages.notebooks import notebook_idle

            return notebook_idle(alert, owner)
        case "notebook-news":
            from sagewatch.slack.messages.notebooks import notebook_news

            return notebook_news(alert, owner)
        case "standing-idle":
            from sagewatch.slack.messages.standing import standing_idle

            return standing_idle(alert, owner)
        case "group":
            from sagewatch.slack.messages.groups import group

            return group(alert)
        case "digest":
            from sagewatch.slack.messages.digests import digest_message

            return digest_message(alert)
        case "budget":
            from sagewatch.slack.messages.digests import budget_message

            return budget_message(alert)
        case "account-unreadable":
            return _unreadable(alert)
        case _:
            assert_never(alert.finding)


def _unreadable(alert: "AccountUnreadable") -> tuple[str, Sequence[Block]]:
    headline = f"SageWatch cannot read account {alert.account_title(alert.account)}"
    body = (
        f"Its jobs and notebooks in {escape(alert.region)} have not been checked since "
        f"{alert.since:%Y-%m-%d %H:%M} UTC: {escape(alert.reason)}. Other accounts are not affected.\n"
        f"*Next step:* {alert.step}"
    )
    return escape(headline), [HeaderBlock(text=cut(headline, HEADER_LIMIT)), section(body)]


def _unpriced(alert: "UnpricedAlert") -> tuple[str, Sequence[Block]]:
    from sagewatch.pricing.book import component_of

    headline = f"No price known for {alert.instance_type}"
    component = component_of(alert.kind)
    body = (
        f"`{escape(alert.example)}` ran on {escape(alert.instances or alert.instance_type)} in {escape(alert.region)}."
        f" No {component} or Hosting price of `{escape(alert.instance_type)}` is known for that region, so jobs on it"
        " are missing from all totals. You need not do anything: SageWatch looks for one every day. An operator can add"
        " one by hand: see `prices/README.md`."
    )
    return escape(headline), [HeaderBlock(text=cut(headline, HEADER_LIMIT)), section(body)]
