"""Messages about notebook instances, with the buttons that answer them."""

import json
from collections.abc import Sequence
from decimal import Decimal

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, HeaderBlock, SectionBlock

from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.notebooks import KEPT_FOLDER
from sagewatch.slack.actions import ActionId
from sagewatch.slack.blocks import FIELD_LIMIT, HEADER_LIMIT, context, field, section
from sagewatch.slack.text import amount, code, cut, done_by, escape, hourly, links, moment, outcome_of, place, sentence


def notebook_idle(alert: NotebookAlert, owner: str) -> tuple[str, Sequence[Block]]:
    """The message of an idle notebook, with what has become of it."""
    headline = f"Notebook idle: {alert.name}" if alert.open else f"Notebook: {alert.name}"
    blocks: list[Block] = [HeaderBlock(text=cut(headline, HEADER_LIMIT)), section(_what_it_costs(alert))]
    if alert.outcome:
        blocks.append(section(outcome_of(alert.outcome, alert.by)))
    else:
        blocks.append(section(_intent(alert, _time(alert))))
    if alert.open:
        blocks.append(ActionsBlock(block_id="notebook", elements=_buttons(alert)))
    blocks.append(
        SectionBlock(fields=[field(name, cut(text, FIELD_LIMIT - 40)) for name, text in _facts(alert, owner)])
    )
    further = links(ResourceKind.NOTEBOOK, alert.name, alert.region)
    evidence = f"Evidence: {escape(alert.reason)}." if alert.open or _ended(alert) else ""
    blocks.append(context("\n".join(filter(None, (evidence, further)))))
    utc = None if alert.stop_at is None else f"at {alert.stop_at:%H:%M} UTC on {alert.stop_at:%Y-%m-%d}"
    news = sentence(alert.outcome) if alert.outcome else _intent(alert, utc).partition("\n")[0].replace("*", "")
    return f"{escape(headline)} ({_rate(alert)}). {news}", blocks


def _what_it_costs(alert: NotebookAlert) -> str:
    idled = None if alert.idle_usd is None else amount(Decimal(alert.idle_usd))
    costs = "It cost" if _ended(alert) else "It costs"
    price = "Its price is unknown." if alert.hourly_usd is None else f"{costs} {_rate(alert)}."
    if alert.open:
        idling = f" Idling has cost {idled}." if idled else ""
        return f"No activity since {moment(alert.idle_since)}. {price}{idling}"
    if (alert.outcome or "").startswith("stopped at"):
        idling = f" Idling cost {idled}." if idled else ""
        return f"No activity from {moment(alert.idle_since)} until the stop. {price}{idling}"
    idling = f", and idling had cost {idled}" if idled else ""
    return f"When SageWatch sent this, there was no activity since {moment(alert.idle_since)}{idling}. {price}"


def _ended(alert: NotebookAlert) -> bool:
    """Whether the notebook was stopped or deleted; a message is closed too when its stop is cancelled."""
    gone = ("stopped", "it was stopped", "the notebook was deleted")
    return not alert.open and (alert.outcome or "").startswith(gone)


def _time(alert: NotebookAlert) -> str | None:
    return None if alert.stop_at is None else f"at {moment(alert.stop_at)}"


def notebook_news(alert: NotebookNews, owner: str) -> tuple[str, Sequence[Block]]:
    """A reply in an announcement's thread, or a message of its own."""
    text = f"*{escape(alert.headline)}*\n{done_by(alert.sentence, alert.by)}"
    whose = [context(f"Owner: {owner}")] if alert.owner and not alert.thread else []
    return f"{escape(alert.headline)}: {sentence(alert.sentence)}", [section(text), *whose]


def _intent(alert: NotebookAlert, at: str | None) -> str:
    """What will happen, first; then what a stop deletes."""
    when, costs = at or "soon", "it is billed" if alert.hourly_usd is None else f"it costs {_rate(alert)}"
    if alert.advice:
        how = "stop it in the console" if alert.one_way else "press Stop now"
        return (
            f"*SageWatch will not stop this notebook; {costs} until someone does.*\n"
            f"{sentence(alert.advice)} If you are done with it, {how}."
        )
    if alert.observe:
        return (
            f"*Trial mode: SageWatch will not stop this notebook; {costs} until someone does.*\n"
            f"Without trial mode, SageWatch would stop it {when} unless it is used before then. "
            "If you are done with it, stop it in the console."
        )
    return (
        f"*SageWatch will stop this notebook {when} unless it is used before then.*\n"
        f"Only files in `{KEPT_FOLDER}` are kept. Variables, running cells and files anywhere else are lost. "
        "To keep it running, use it or press a Keep button."
    )


def _facts(alert: NotebookAlert, owner: str) -> Sequence[tuple[str, str]]:
    return (
        ("Instance type", code(alert.instances or "unknown")),
        ("Owner", owner),
        ("Account and region", place(alert.account_title(alert.account), alert.region)),
    )


def _rate(alert: NotebookAlert) -> str:
    return "price unknown" if alert.hourly_usd is None else hourly(Decimal(alert.hourly_usd))


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
