"""Messages about jobs that still run, with the buttons that answer them."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, HeaderBlock, SectionBlock

from sagewatch.formatting import duration
from sagewatch.jobs.alerts import JobRunsAlert
from sagewatch.jobs.milestones import NEXT_ALERT
from sagewatch.patterns import lazy_pattern
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.slack.actions import ActionId
from sagewatch.slack.blocks import FIELD_LIMIT, HEADER_LIMIT, context, field, section
from sagewatch.slack.text import amount, cut, escape, hourly, links, moment, outcome_of, place, sentence

_LOOK = "Look at its log. If it hangs, press Stop job; if it runs as it should, press Snooze 24 h."
_LET_END = "Look at its log. If it hangs, press Stop job; if it runs as it should, let its limit end it."
_WAIT = "Waiting costs nothing. If it takes too long, stop it and try another `instance_type` or region."
_SOON = timedelta(minutes=30)
_NEXT_ALERT, _PRESENT = lazy_pattern(rf"{NEXT_ALERT}[^)]*"), lazy_pattern("^it has ")


def job_runs(alert: JobRunsAlert, owner: str) -> tuple[str, Sequence[Block]]:
    """Return the current message."""
    headline = f"{KIND_FACTS[alert.kind].label}{_state(alert)}: {alert.name}"
    blocks: list[Block] = [
        HeaderBlock(text=cut(headline, HEADER_LIMIT)),
        section("\n".join(f"• {sentence(_as_is_now(clause, alert))}" for clause in alert.sentences)),
        SectionBlock(fields=[field(name, cut(text, FIELD_LIMIT - 40)) for name, text in _facts(alert, owner)]),
    ]
    if alert.use:
        blocks.append(section(sentence(alert.use)))
    if alert.open and not alert.outcome:
        blocks.append(section(f"*Next step*\n{_next_step(alert)}"))
    if alert.outcome:
        blocks.append(section(outcome_of(alert.outcome, alert.by)))
    if alert.open:
        blocks.append(ActionsBlock(block_id="job", elements=_buttons(alert)))
    notes = (sentence(alert.price_note or ""), links(alert.kind, alert.name, alert.region))
    blocks.append(context("\n".join(filter(None, notes))))
    when = "so far" if alert.open else "when alerted"
    so_far = "cost unknown" if alert.so_far_usd is None else f"{_so_far(alert)} {when}"
    return f"{escape(headline)} ({so_far}). {sentence(alert.outcome or alert.sentences[0])}", blocks


def _as_is_now(clause: str, alert: JobRunsAlert) -> str:
    """A reason for the alert. No alert follows while it is snoozed, and a job that ended is in the past."""
    if alert.open and not (alert.outcome or "").startswith("snoozed"):
        return clause
    without_next = _NEXT_ALERT.sub("", clause)
    return without_next if alert.open else _PRESENT.sub("it had ", without_next).replace(" so far, past ", ", past ")


def _next_step(alert: JobRunsAlert) -> str:
    if alert.started_at is None:
        return _WAIT
    return _LET_END if _ends_soon(alert) else _LOOK


def _ends_soon(alert: JobRunsAlert) -> bool:
    """Whether its own limit ends it so soon that a snooze is of no use."""
    if not (alert.limit_seconds and alert.started_at and alert.happened_at):
        return False
    return alert.started_at + timedelta(seconds=alert.limit_seconds) - alert.happened_at <= _SOON


def _state(alert: JobRunsAlert) -> str:
    """What the headline says of the job; nothing if only its outcome does."""
    if not alert.open:
        return " stopped" if (alert.outcome or "").startswith("stopped") else ""
    return " still running" if alert.started_at else " has not started"


def _facts(alert: JobRunsAlert, owner: str) -> Sequence[tuple[str, str]]:
    since = alert.started_at or datetime.fromisoformat(alert.created_at)
    limit = (("Cost at its time limit", _at_limit(alert)),) if alert.open else ()
    per_hour = "Cost per hour" if alert.started_at else "Cost per hour once started"
    began = ("Running since" if alert.open else "Started") if alert.started_at else "Created"
    return (
        ("Cost so far" if alert.open else "Cost when alerted", _so_far(alert)),
        (per_hour, hourly(Decimal(alert.hourly_usd)) if alert.hourly_usd else "unknown"),
        *limit,
        (began, moment(since)),
        ("Instances", escape(alert.instances or "unknown instances")),
        ("Owner", owner),
        ("Account and region", place(alert.account_title(alert.account), alert.region)),
    )


def _so_far(alert: JobRunsAlert) -> str:
    if alert.so_far_usd is None:
        return "unknown"
    return f"{'at most ' if alert.spot else ''}{amount(Decimal(alert.so_far_usd))}"


def _at_limit(alert: JobRunsAlert) -> str:
    """The worst case: what it costs if it runs until its own limit ends it."""
    if alert.limit_seconds is None:
        return "no time limit"
    usd = "unknown cost" if alert.at_limit_usd is None else f"at most {amount(Decimal(alert.at_limit_usd))}"
    return f"{usd} (its limit is {duration(alert.limit_seconds)})"


def _buttons(alert: JobRunsAlert) -> list[ButtonElement]:
    target = {name: getattr(alert, name) for name in ("arn", "name", "region", "created_at")}
    value = json.dumps({**target, "incident": alert.root})
    return [
        ButtonElement(text="Stop job", action_id=ActionId.STOP_JOB, value=value, style="danger"),
        ButtonElement(text="Snooze 24 h", action_id=ActionId.SNOOZE_JOB, value=value),
    ]
