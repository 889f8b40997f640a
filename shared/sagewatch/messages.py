"""Alerts as Slack messages, within Block Kit's limits and with the text of jobs made harmless."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from slack_sdk.models.blocks import Block, HeaderBlock, SectionBlock
from slack_sdk.models.metadata import Metadata

from sagewatch.alerts import Alert, JobAlert, UnpricedAlert
from sagewatch.failures import FailureClass
from sagewatch.links import console_url, logs_url
from sagewatch.mrkdwn import HEADER_LIMIT, context, cut, escape, field, moment, section
from sagewatch.notebook_alerts import NotebookAlert, NotebookNews
from sagewatch.notebook_messages import notebook_idle, notebook_news
from sagewatch.phrases import duration, money
from sagewatch.resources import KINDS, JobKind
from sagewatch.running_alerts import JobRunsAlert
from sagewatch.running_messages import job_runs

_EVENT_TYPE = "sagewatch_alert"

_KIND_NAMES: Mapping[JobKind, str] = {
    JobKind.TRAINING: "Training job",
    JobKind.PROCESSING: "Processing job",
    JobKind.TRANSFORM: "Transform job",
    JobKind.TUNING: "Tuning job",
    JobKind.AUTOML: "AutoML job",
    JobKind.NOTEBOOK: "Notebook instance",
}
_CLASS_NAMES: Mapping[FailureClass, str] = {
    FailureClass.OUT_OF_MEMORY: "Out of memory",
    FailureClass.CAPACITY: "No capacity at AWS",
    FailureClass.USER_CODE: "The job's own code",
    FailureClass.DATA_OR_PERMISSIONS: "Data or permissions",
    FailureClass.INTERNAL: "AWS internal error",
    FailureClass.LIMIT_EXCEEDED: "Time limit",
    FailureClass.SPOT_INTERRUPTED: "Spot interrupted",
    FailureClass.UNKNOWN: "Unclassified",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One Slack message: the text of its notification, its blocks, and the metadata it can be found by."""

    text: str
    blocks: tuple[Block, ...]
    metadata: Metadata


def render(alert: Alert) -> Message:
    """Write the message an alert asks for."""
    match alert:
        case JobAlert():
            text, blocks = _job(alert)
        case UnpricedAlert():
            text, blocks = _unpriced(alert)
        case NotebookAlert():
            text, blocks = notebook_idle(alert)
        case NotebookNews():
            text, blocks = notebook_news(alert)
        case JobRunsAlert():
            text, blocks = job_runs(alert, _KIND_NAMES[alert.kind])
        case _:
            assert_never(alert)
    return Message(text, tuple(blocks), Metadata(_EVENT_TYPE, {"alert_id": alert.alert_id}))


def _job(alert: JobAlert) -> tuple[str, Sequence[Block]]:
    ending = "stopped by its time limit" if alert.finding == "job-hit-limit" else "failed"
    headline = f"{_KIND_NAMES[alert.kind]} {ending}: {alert.name}"
    blocks = [
        HeaderBlock(text=cut(headline, HEADER_LIMIT)),
        section(f"*{_CLASS_NAMES[alert.failure_class]}*\n{_reason(alert)}"),
        SectionBlock(fields=[field(name, text) for name, text in _facts(alert)]),
        context("\n".join(filter(None, (_how_priced(alert), _links(alert))))),
    ]
    return f"{escape(headline)} ({_CLASS_NAMES[alert.failure_class]}, {_cost(alert)})", blocks


def _reason(alert: JobAlert) -> str:
    if alert.reason:
        return "\n".join(f"> {line}" for line in escape(alert.reason).splitlines())
    if alert.secondary_status:
        return f"> {escape(alert.secondary_status)}"
    return "> SageMaker gave no reason."


def _facts(alert: JobAlert) -> Sequence[tuple[str, str]]:
    return (
        ("Cost", _cost(alert)),
        ("Ran for", "unknown" if alert.ran_seconds is None else duration(alert.ran_seconds)),
        ("On", escape(alert.instances or "unknown instances")),
        ("Owner", escape(alert.owner or "unknown")),
        ("Ended", moment(alert.ended_at)),
        ("Account and region", f"{escape(alert.account)}, {escape(alert.region)}"),
    )


def _cost(alert: JobAlert) -> str:
    if alert.cost_usd is None:
        return alert.pricing
    about = "about " if alert.pricing == "provisional" else ""
    return f"{about}{money(Decimal(alert.cost_usd))}"


def _how_priced(alert: JobAlert) -> str:
    reason = f"{alert.pricing_reason[:1].upper()}{alert.pricing_reason[1:]}."
    return escape(f"{reason} Price: {alert.prices}." if alert.prices else reason)


def _links(alert: JobAlert) -> str:
    links = (("Open in the console", console_url), ("Logs", logs_url))
    urls = ((name, make(alert.kind, alert.name, alert.region)) for name, make in links)
    return "  |  ".join(f"<{escape(url)}|{name}>" for name, url in urls if url)


def _unpriced(alert: UnpricedAlert) -> tuple[str, Sequence[Block]]:
    headline = f"No price known for {alert.instance_type}"
    component = KINDS[alert.kind].component
    body = (
        f"`{escape(alert.example)}` ran on {escape(alert.instances or alert.instance_type)} in {escape(alert.region)}."
        f" The price table has neither a {component} nor a Hosting price for `{escape(alert.instance_type)}` there,"
        " so such jobs are in the ledger without a cost. This is told once for each type, kind of job and region."
    )
    return escape(headline), [HeaderBlock(text=cut(headline, HEADER_LIMIT)), section(body)]
