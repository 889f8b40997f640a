"""Messages about idle standing resources, with the buttons that answer them."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, HeaderBlock, SectionBlock

from sagewatch.sagemaker.kinds import KIND_FACTS, ResourceKind
from sagewatch.slack.actions import RESOURCE_ACTIONS, ActionId
from sagewatch.slack.blocks import FIELD_LIMIT, HEADER_LIMIT, context, field, section
from sagewatch.slack.resource_words import button_of
from sagewatch.slack.text import code, cut, done_by, escape, hourly, links, moment, outcome_of, place, sentence
from sagewatch.standing.actions import ResourceAction
from sagewatch.standing.idling.alerts import StandingAlert

_NOT_DONE = ("being", "not finished", "kept", "not in force", "it ", "deletion cancelled", "nothing is billed")
_BUTTONS = {action: button for button, action in RESOURCE_ACTIONS.items()}
_DANGER = frozenset({ResourceAction.DELETE, ResourceAction.END})
_EXPLAINED = {
    ResourceAction.COPIES_TO_ZERO: "*Copies to 0* removes the components' copies, and their instances then scale in.",
    ResourceAction.SCALE_IN: "*Scale in* leaves the minimum of its autoscaling, or one instance.",
    ResourceAction.DELETE: "*Delete, keep recipe* deletes it, and this message then has a button to restore it.",
    ResourceAction.RESTORE: "*Restore* creates it again as it was, in some minutes.",
}
_LOSES = {
    ResourceKind.CANVAS: "Deleting the app loses nothing but a quick build in progress. It opens again at any time.",
    ResourceKind.MLFLOW_SERVER: "*Stop the server* keeps its experiments and files, and it can be started again.",
}


def standing_idle(alert: StandingAlert, owner: str) -> tuple[str, Sequence[Block]]:
    """The message of an idle resource, with what has become of it."""
    headline, costs = _headline(alert), _what_it_costs(alert)
    blocks: list[Block] = [HeaderBlock(text=cut(headline, HEADER_LIMIT)), section(costs)]
    blocks.append(section("\n".join(_news(alert))))
    if alert.open:
        blocks.append(ActionsBlock(block_id="resource", elements=_buttons(alert)))
    blocks.append(
        SectionBlock(fields=[field(name, cut(text, FIELD_LIMIT - 40)) for name, text in _facts(alert, owner)])
    )
    further = links(alert.kind, alert.name, alert.region)
    blocks.append(context("\n".join(filter(None, (f"Evidence: {escape(alert.reason)}.", further)))))
    news = sentence(alert.outcome) if alert.outcome else next(iter(_intent(alert, _utc(alert)))).replace("*", "")
    return f"{escape(headline)} ({_rate(alert)}). {news}", blocks


def _headline(alert: StandingAlert) -> str:
    label = KIND_FACTS[alert.kind].label
    if _is_deleted(alert):
        return f"{label} deleted: {alert.name}"
    if not alert.open:
        return f"{label}: {alert.name}"
    return f"Still needed? {label} {alert.name}" if alert.unproven else f"{label} idle: {alert.name}"


def _what_it_costs(alert: StandingAlert) -> str:
    used = f"Last used {moment(alert.last_use)}." if alert.last_use else "SageWatch saw no use in the last 90 days."
    if alert.unproven:
        used = "SageWatch cannot tell whether it is used."
    costs = "It cost" if not alert.open or _is_deleted(alert) else "It costs"
    if alert.hourly_usd is None:
        return f"{used} Its price is unknown{f': {escape(alert.price_note)}' if alert.price_note else ''}."
    usd = Decimal(alert.hourly_usd)
    if alert.open and alert.taken and alert.taken.done and not _is_deleted(alert):
        return f"{used} Before that it cost {hourly(usd)}, ${usd * 24:,.2f} a day."
    return f"{used} {costs} {hourly(usd)}, ${usd * 24:,.2f} a day."


def _is_deleted(alert: StandingAlert) -> bool:
    """Whether a restore is all that is left to press."""
    return alert.actions == (ResourceAction.RESTORE,)


def _news(alert: StandingAlert) -> Iterator[str]:
    """What has become of it, else what will."""
    if alert.outcome is None:
        yield from _intent(alert, f"at {moment(alert.stop_at)}" if alert.stop_at else None)
        return
    done = not alert.outcome.startswith(_NOT_DONE)
    yield outcome_of(alert.outcome, alert.by) if done else done_by(alert.outcome, alert.by)
    if alert.open:
        yield from _explained(alert)


def _intent(alert: StandingAlert, when: str | None) -> Iterator[str]:
    """What will happen, first; then what the buttons do."""
    costs = "it is billed" if alert.hourly_usd is None else f"it costs {_rate(alert)}"
    if when and not alert.observe:
        yield f"*SageWatch will delete it {when} unless it is used before then.*"
        yield f"{_lost(alert)} To keep it, use it or press a Keep button."
    elif when:
        yield f"*Trial mode: SageWatch will not delete it; {costs} until someone does.*"
        yield f"Without trial mode, SageWatch would delete it {when} unless it is used before then. {_lost(alert)}"
    elif alert.observe:
        yield f"*Trial mode: SageWatch changes nothing; {costs} until someone ends it.*"
        yield "If it is not needed, end it in the console, or ask SageWatch's operator."
    else:
        yield f"*SageWatch changes nothing by itself; {costs} until someone ends it.*"
        yield from _explained(alert) or (_lost(alert),)


def _explained(alert: StandingAlert) -> list[str]:
    """What each button does, and that it asks first."""
    known = [_EXPLAINED[action] for action in alert.actions if action in _EXPLAINED]
    known += [_lost(alert)] if ResourceAction.END in alert.actions else []
    return [*known, "These buttons ask before they change anything."] if alert.actions else []


def _lost(alert: StandingAlert) -> str:
    return _LOSES.get(alert.kind) or sentence(alert.stopping)


def _utc(alert: StandingAlert) -> str | None:
    return None if alert.stop_at is None else f"at {alert.stop_at:%H:%M} UTC on {alert.stop_at:%Y-%m-%d}"


def _facts(alert: StandingAlert, owner: str) -> Sequence[tuple[str, str]]:
    return (
        ("Configuration", code(alert.configuration)),
        ("Owner", owner),
        ("Account and region", place(alert.account_title(alert.account), alert.region)),
        ("Created", moment(alert.since) if alert.since else "unknown"),
    )


def _rate(alert: StandingAlert) -> str:
    return "price unknown" if alert.hourly_usd is None else hourly(Decimal(alert.hourly_usd))


def _buttons(alert: StandingAlert) -> list[ButtonElement]:
    value = json.dumps({"arn": alert.arn, "name": alert.name, "region": alert.region, "incident": alert.root})
    keep = (ActionId.KEEP_A_DAY, "Keep 1 day") if alert.stop_at else (ActionId.KEEP_A_MONTH, "Keep 30 days")
    kept = [] if ResourceAction.RESTORE in alert.actions else [keep, (ActionId.KEEP_ALWAYS, "Always keep")]
    choices = [(_BUTTONS[action], button_of(action, alert.kind)) for action in alert.actions]
    dangerous = {_BUTTONS[action] for action in _DANGER}
    return [
        ButtonElement(text=text, action_id=action, value=value, style="danger" if action in dangerous else None)
        for action, text in (*kept, *choices)
    ]
