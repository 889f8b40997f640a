"""Messages about notebook instances, with the buttons that answer them."""

import json
from collections.abc import Sequence
from decimal import Decimal

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, HeaderBlock, SectionBlock

from sagewatch.formatting import money
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.sagemaker.resources import ResourceKind
from sagewatch.slack.actions import ActionId
from sagewatch.slack.blocks import (
    FIELD_LIMIT,
    HEADER_LIMIT,
    by,
    context,
    cut,
    escape,
    field,
    links,
    moment,
    section,
    sentence,
)


def notebook_idle(alert: NotebookAlert, owner: str) -> tuple[str, Sequence[Block]]:
    """The message of an incident, as it stands."""
    headline = f"Notebook idle: {alert.name}"
    blocks: list[Block] = [
        HeaderBlock(text=cut(headline, HEADER_LIMIT)),
        section(sentence(alert.reason) if alert.outcome else f"{sentence(alert.reason)}\n*{escape(_intent(alert))}*"),
        SectionBlock(fields=[field(name, cut(text, FIELD_LIMIT - 40)) for name, text in _facts(alert, owner)]),
    ]
    if alert.outcome:
        blocks.append(section(f":white_check_mark: {sentence(alert.outcome)}{by(alert.by)}"))
    if alert.open:
        blocks.append(ActionsBlock(block_id="notebook", elements=_buttons(alert)))
    blocks.append(context(links(ResourceKind.NOTEBOOK, alert.name, alert.region)))
    return f"{escape(headline)} ({_rate(alert)}). {escape(alert.outcome or _intent(alert))}", blocks


def notebook_news(alert: NotebookNews, owner: str) -> tuple[str, Sequence[Block]]:
    """A reply in an incident's thread, or a message of its own."""
    text = f"*{escape(alert.headline)}*\n{sentence(alert.sentence)}{by(alert.by)}"
    whose = [context(f"Owner: {owner}")] if alert.owner and not alert.thread else []
    return f"{escape(alert.headline)}: {escape(alert.sentence)}", [section(text), *whose]


def _intent(alert: NotebookAlert) -> str:
    """What will happen, in one sentence for the text and the notification."""
    if not alert.open:
        return "This is over."
    if alert.advice:
        return f"It is not stopped by itself: {alert.advice}."
    at = "soon" if alert.stop_at is None else f"at {alert.stop_at:%H:%M} UTC on {alert.stop_at:%Y-%m-%d}"
    if alert.observe:
        return f"Mode is observe: nothing is stopped. With enforce it would be stopped {at}, unless it is used."
    return f"It will be stopped {at}, unless it is used. Its files stay; what is only in memory is lost."


def _facts(alert: NotebookAlert, owner: str) -> Sequence[tuple[str, str]]:
    return (
        ("On", escape(alert.instances or "unknown")),
        ("Costs", _rate(alert)),
        ("Idle since", moment(alert.idle_since)),
        ("Idling has cost", "unknown" if alert.idle_usd is None else money(Decimal(alert.idle_usd))),
        ("Owner", owner),
        ("Account and region", f"{escape(alert.account)}, {escape(alert.region)}"),
    )


def _rate(alert: NotebookAlert) -> str:
    return "at an unknown price" if alert.hourly_usd is None else f"{money(Decimal(alert.hourly_usd))} an hour"


def _buttons(alert: NotebookAlert) -> list[ButtonElement]:
    value = json.dumps({"arn": alert.arn, "name": alert.name, "region": alert.region, "incident": alert.root})
    choices = [
        (ActionId.KEEP_4H, "Keep 4 h", None),
        (ActionId.KEEP_UNTIL_TOMORROW, "Keep until tomorrow", None),
        (ActionId.STOP_NOW, "Stop now", "danger"),
        (ActionId.NEVER_STOP, "Never stop", None),
    ]
    return [
        ButtonElement(text=text, action_id=action, value=value, style=style)
        for action, text, style in choices
        if not (action is ActionId.STOP_NOW and alert.one_way)
    ]
