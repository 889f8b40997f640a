"""Alerts as Slack messages, within Block Kit's limits and with the text of jobs made harmless."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from slack_sdk.models.blocks import Block, HeaderBlock
from slack_sdk.models.metadata import Metadata

from sagewatch.alerts.grouping import GroupAlert
from sagewatch.delivery.registry import Alert
from sagewatch.diagnostics.cost_report import JobReport
from sagewatch.digest.alerts import BudgetAlert, DigestAlert
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.jobs.alerts import JobAlert, JobRunsAlert, UnpricedAlert
from sagewatch.pricing.book import component_of
from sagewatch.slack.blocks import HEADER_LIMIT, section
from sagewatch.slack.messages.digests import budget_message, digest_message
from sagewatch.slack.messages.groups import group
from sagewatch.slack.messages.job_ended import job_ended, job_report_message
from sagewatch.slack.messages.job_running import job_runs
from sagewatch.slack.messages.notebooks import notebook_idle, notebook_news
from sagewatch.slack.messages.standing import standing_idle
from sagewatch.slack.text import cut, escape, person
from sagewatch.spokes.alerts import AccountUnreadable
from sagewatch.standing.idling.alerts import StandingAlert

_EVENT_TYPE = "sagewatch_alert"


@dataclass(frozen=True, slots=True)
class Message:
    """One Slack message: the text of its notification, its blocks, and the metadata it can be found by."""

    text: str
    blocks: tuple[Block, ...]
    metadata: Metadata


def render(alert: Alert, mention: str | None = None) -> Message:  # noqa: C901 - one case for each kind of alert
    """Write the message an alert asks for. ``mention`` is the Slack user of its owner, where Slack knows one."""
    owner = person(alert.owner, mention)
    match alert:
        case JobAlert():
            text, blocks = job_ended(alert, owner)
        case JobReport():
            text, blocks = job_report_message(alert, owner)
        case UnpricedAlert():
            text, blocks = _unpriced(alert)
        case NotebookAlert():
            text, blocks = notebook_idle(alert, owner)
        case StandingAlert():
            text, blocks = standing_idle(alert, owner)
        case GroupAlert():
            text, blocks = group(alert)
        case NotebookNews():
            text, blocks = notebook_news(alert, owner)
        case DigestAlert():
            text, blocks = digest_message(alert)
        case BudgetAlert():
            text, blocks = budget_message(alert)
        case JobRunsAlert():
            text, blocks = job_runs(alert, owner)
        case AccountUnreadable():
            text, blocks = _unreadable(alert)
        case _:
            assert_never(alert)
    return Message(text, tuple(blocks), Metadata(_EVENT_TYPE, {"alert_id": alert.alert_id}))


def _unreadable(alert: AccountUnreadable) -> tuple[str, Sequence[Block]]:
    headline = f"SageWatch cannot read account {alert.account_title(alert.account)}"
    body = (
        f"Its jobs and notebooks in {escape(alert.region)} have not been checked since "
        f"{alert.since:%Y-%m-%d %H:%M} UTC: {escape(alert.reason)}. Other accounts are not affected.\n"
        f"*Next step:* {alert.step}"
    )
    return escape(headline), [HeaderBlock(text=cut(headline, HEADER_LIMIT)), section(body)]


def _unpriced(alert: UnpricedAlert) -> tuple[str, Sequence[Block]]:
    headline = f"No price known for {alert.instance_type}"
    component = component_of(alert.kind)
    body = (
        f"`{escape(alert.example)}` ran on {escape(alert.instances or alert.instance_type)} in {escape(alert.region)}."
        f" No {component} or Hosting price of `{escape(alert.instance_type)}` is known for that region, so jobs on it"
        " are missing from all totals. You need not do anything: SageWatch looks for one every day. An operator can add"
        " one by hand: see `prices/README.md`."
    )
    return escape(headline), [HeaderBlock(text=cut(headline, HEADER_LIMIT)), section(body)]
