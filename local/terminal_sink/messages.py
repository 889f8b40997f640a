"""Alerts as plain text: what happened, what it cost, what to do next.

Text of jobs is untrusted: control characters, which a terminal would obey, become ``\N{REPLACEMENT CHARACTER}``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from sagewatch.alerts.grouping import GroupAlert, GroupSummary
from sagewatch.delivery.registry import Alert
from sagewatch.diagnostics.alerts import JobReport
from sagewatch.digest.alerts import BudgetAlert, DigestAlert
from sagewatch.failures.diagnosis import diagnose
from sagewatch.formatting import clock_time, count_of, duration, money
from sagewatch.idle.alerts import NotebookAlert, NotebookNews
from sagewatch.jobs.alerts import JobAlert, JobRunsAlert, UnpricedAlert
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.sagemaker.notebooks import KEPT_FOLDER
from sagewatch.spokes.alerts import AccountUnreadable
from sagewatch.standing.idling.alerts import StandingAlert


@dataclass(frozen=True, slots=True)
class PlainMessage:
    """A title and its paragraphs, all of them safe to print."""

    title: str
    lines: tuple[str, ...]


def render(alert: Alert) -> PlainMessage:
    """Write an alert as text. Every kind of alert has its own form; amounts are USD, times UTC."""
    title, lines = _parts(alert)
    return PlainMessage(printable(title), tuple(printable(line) for line in (*lines, *_place(alert))))


def printable(text: str) -> str:
    """The text without the control characters that move a cursor, set a title or change colours."""
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)


def _parts(alert: Alert) -> tuple[str, Iterable[str]]:  # noqa: C901, PLR0911 - one case for each kind of alert
    match alert:
        case JobAlert():
            return f"{alert.name}: {alert.finding.replace('-', ' ')}", _job_ended(alert)
        case JobReport():
            return f"{alert.name} ended and cost {_usd(alert.cost_usd)}", _job_report(alert)
        case JobRunsAlert():
            return f"{alert.name} {'still runs' if alert.started_at else 'has not started'}", _job_runs(alert)
        case UnpricedAlert():
            return f"No price known for {alert.instance_type}", (f"{alert.example} ran on it. It has no cost.",)
        case NotebookAlert():
            return f"Notebook {alert.name} {'is idle' if alert.open else 'was idle'}", _notebook(alert)
        case NotebookNews():
            return alert.headline, (f"{alert.sentence}.",)
        case StandingAlert():
            return f"{KIND_FACTS[alert.kind].label} {alert.name} {'is idle' if alert.open else 'was idle'}", _standing(
                alert
            )
        case GroupAlert():
            return "Several jobs need attention", _group(alert.summary or GroupSummary())
        case DigestAlert():
            span = alert.digest.span
            return f"Digest of {span.first} to {span.last}", _digest(alert)
        case AccountUnreadable():
            return f"Cannot read account {alert.account}", (f"{alert.reason}.", f"Next step: {alert.step}")
        case BudgetAlert():
            return f"Budget of {alert.state.owner}", _budget(alert)
        case _:
            assert_never(alert)


def _place(alert: Alert) -> Iterator[str]:
    owner = f"Owner: {alert.owner}. " if alert.owner else ""
    yield f"{owner}Account {alert.account}, {alert.region}."


def _usd(amount: str | None) -> str:
    return "an unknown amount" if amount is None else money(Decimal(amount))


def _job_ended(alert: JobAlert) -> Iterator[str]:
    yield alert.reason or alert.secondary_status or "SageMaker gave no reason."
    ran = "an unknown time" if alert.ran_seconds is None else duration(alert.ran_seconds)
    yield f"It ran for {ran} on {alert.instances or 'unknown instances'} and cost {_usd(alert.cost_usd)}."
    started = alert.finding != "job-never-started"
    rule = diagnose(alert.kind, alert.reason, secondary=alert.secondary_status, log=alert.log, started=started)
    yield f"Next step: {rule.step}"
    if alert.log:
        yield f"End of the log:\n{alert.log}"


def _job_report(alert: JobReport) -> Iterator[str]:
    yield from alert.use
    if alert.suggestion:
        yield f"{alert.suggestion}."


def _job_runs(alert: JobRunsAlert) -> Iterator[str]:
    yield from (f"{sentence}." for sentence in alert.sentences)
    yield f"It has cost {_usd(alert.so_far_usd)}, and costs {_usd(alert.hourly_usd)} per hour."
    if alert.use:
        yield f"{alert.use}."
    if alert.outcome:
        yield f"{alert.outcome}."


def _notebook(alert: NotebookAlert) -> Iterator[str]:
    yield f"It costs {_usd(alert.hourly_usd)} per hour. Idle since {clock_time(alert.idle_since, alert.idle_since)}."
    if alert.outcome or alert.advice:
        yield f"{alert.outcome or alert.advice}."
    elif alert.stop_at:
        would = "would stop" if alert.observe else "will stop"
        yield f"SageWatch {would} it at {clock_time(alert.stop_at, alert.idle_since)} unless it is used before then."
        yield f"A stop keeps only the files in {KEPT_FOLDER}."


def _standing(alert: StandingAlert) -> Iterator[str]:
    yield f"It costs {_usd(alert.hourly_usd)} per hour. {alert.reason}."
    if alert.outcome:
        yield f"{alert.outcome}."
    elif alert.stop_at:
        would = "would delete" if alert.observe else "will delete"
        yield f"SageWatch {would} it at {clock_time(alert.stop_at, alert.stop_at)} unless it is used before then."
    else:
        yield f"{alert.stopping}."


def _group(summary: GroupSummary) -> Iterator[str]:
    yield from (f"{count:,} {label}" for label, count in summary.by_label.items())
    unknown = f", plus {count_of(summary.unpriced, 'job', 'jobs')} whose cost is unknown" if summary.unpriced else ""
    yield f"Together they cost {money(summary.usd)}{unknown}."


def _digest(alert: DigestAlert) -> Iterator[str]:
    digest = alert.digest
    yield f"{money(digest.spend.cost_usd)} in {digest.spend.jobs:,} jobs and notebook sessions."
    yield from (f"{money(share.usd)}  {share.name}" for share in digest.by_owner.top)


def _budget(alert: BudgetAlert) -> Iterator[str]:
    state = alert.state
    yield f"{money(state.used_usd)} of {money(state.budget_usd)} used in {state.day:%B %Y}."
