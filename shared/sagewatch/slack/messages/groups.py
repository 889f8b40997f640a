"""Render the message of a group of alerts."""

from collections.abc import Sequence
from typing import assert_never

from slack_sdk.models.blocks import Block, HeaderBlock

from sagewatch.alerts.grouping import GroupAlert, GroupKind, GroupSummary
from sagewatch.failures.rules import FailureClass
from sagewatch.formatting import count_of
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.slack.blocks import HEADER_LIMIT, context, section
from sagewatch.slack.text import amount, cut, escape, moment, place

_PARENTS = {facts.arn_type: facts.label for facts in KIND_FACTS.values()} | {"pipeline": "Pipeline"}


def group(alert: GroupAlert) -> tuple[str, Sequence[Block]]:
    """Return the current message of a group."""
    summary = alert.summary or GroupSummary()
    headline = _headline(alert, summary)
    blocks: list[Block] = [
        HeaderBlock(text=cut(headline, HEADER_LIMIT)),
        section(f"*Cost of these jobs: {_cost(summary)}*\n{_counts(summary)}"),
        section(_what_to_do(alert)),
        context(_small_print(alert)),
    ]
    if alert.group_kind is not GroupKind.PARENT and summary.names:
        blocks.insert(2, section(_names(summary)))
    return f"{escape(headline)} (cost: {_cost(summary)})", blocks


def _headline(alert: GroupAlert, summary: GroupSummary) -> str:
    match alert.group_kind:
        case GroupKind.PARENT:
            return f"{_parent(alert.parent_arn or '')}: {_need(summary)}"
        case GroupKind.STORM:
            return f"{_jobs(summary.count)} {_readable(alert.label or '')} within ten minutes"
        case GroupKind.STALE:
            return f"{count_of(summary.count, 'alert', 'alerts')} of {alert.since:%Y-%m-%d}, reported late"
        case _:
            assert_never(alert.group_kind)


def _what_to_do(alert: GroupAlert) -> str:
    first = alert.group_kind.sent_individually
    match alert.group_kind:
        case GroupKind.PARENT:
            return f"*Next step*\nSee the first {first} in this thread: each has its cause and what to do."
        case GroupKind.STORM:
            return f"*Next step*\nSee the first {first} in this channel: each has its cause and what to do."
        case GroupKind.STALE:
            since = f"{alert.since:%Y-%m-%d}" if alert.since else ""
            return (
                "These alerts could not be sent to Slack for more than a day, so SageWatch only counts them here. "
                "None has a message of its own. Look at your own jobs in the console; SageWatch's operator can list "
                f'all: `make costs ARGS="--by job --since {since}"`.'
            )
        case _:
            assert_never(alert.group_kind)


def _small_print(alert: GroupAlert) -> str:
    began = f"Began {moment(alert.since)}.  " if alert.group_kind is GroupKind.STORM and alert.since else ""
    return f"{began}Account and region: {place(alert.account_title(alert.account), alert.region)}"


def _parent(arn: str) -> str:
    """``Tuning job hpo-7``; a pipeline's execution is named after the pipeline."""
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    return f"{_PARENTS.get(kind, kind)} {rest.partition('/')[0]}"


def _need(summary: GroupSummary) -> str:
    jobs = f"{summary.count:,} of its jobs"
    if all(label.startswith("failed") for label in summary.by_label) and summary.by_label:
        return f"{jobs} failed"
    return f"{jobs} {'needs' if summary.count == 1 else 'need'} attention"


def _jobs(count: int) -> str:
    return count_of(count, "job", "jobs")


def _cost(summary: GroupSummary) -> str:
    known = summary.count - summary.unpriced
    if not known:
        return "unknown"
    return f"{amount(summary.usd)}{_unpriced(summary.unpriced)}"


def _unpriced(count: int) -> str:
    return f", plus {_jobs(count)} whose cost is unknown" if count else ""


def _counts(summary: GroupSummary) -> str:
    counts = sorted(summary.by_label.items(), key=lambda entry: (-entry[1], entry[0]))
    return "\n".join(f"\u2022 {count:,} {escape(_readable(label))}" for label, count in counts) or "No jobs yet."


def _readable(label: str) -> str:
    """``failed (user code)`` with the class as single messages name it."""
    for failure_class in FailureClass:
        name = failure_class.label[:1].lower() + failure_class.label[1:]
        label = label.replace(f"({failure_class.replace('-', ' ')})", f"({name})")
    return label


def _names(summary: GroupSummary) -> str:
    more = summary.count - len(summary.names)
    rest = f" and {more:,} more" if more else ""
    return ", ".join(f"`{escape(name)}`" for name in summary.names) + rest
