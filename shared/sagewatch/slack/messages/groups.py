"""Render the message of a group of alerts."""

from collections.abc import Sequence
from typing import assert_never

from slack_sdk.models.blocks import Block, HeaderBlock

from sagewatch.alerts.grouping import GroupAlert, GroupKind, GroupSummary
from sagewatch.formatting import count_of
from sagewatch.sagemaker.failure_rules import FailureClass
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.slack.blocks import HEADER_LIMIT, amount, context, cut, escape, moment, section

_PARENTS = {facts.arn_type: facts.label for facts in KIND_FACTS.values()} | {"pipeline": "Pipeline"}


def group(alert: GroupAlert) -> tuple[str, Sequence[Block]]:
    """Return the current message of a group."""
    summary = alert.summary or GroupSummary()
    headline = _headline(alert, summary)
    blocks: list[Block] = [
        HeaderBlock(text=cut(headline, HEADER_LIMIT)),
        section(f"*{_cost(summary)[:1].upper()}{_cost(summary)[1:]}*\n{_counts(summary)}"),
        context(_small_print(alert)),
    ]
    if alert.group_kind is not GroupKind.PARENT and summary.names:
        blocks.insert(2, section(_names(summary)))
    return f"{escape(headline)} ({_cost(summary)})", blocks


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


def _small_print(alert: GroupAlert) -> str:
    where = f"Account and region: {escape(alert.account)}, {escape(alert.region)}"
    match alert.group_kind:
        case GroupKind.PARENT:
            first = f"The first {alert.group_kind.sent_individually} are in this thread, with cause and next step"
            return f"{first}; all are counted here.  {where}"
        case GroupKind.STORM:
            begun = moment(alert.since) if alert.since else "unknown"
            first = (
                f"the first {alert.group_kind.sent_individually} have messages of their own, with cause and next step"
            )
            return f"Began {begun}; {first}.  {where}"
        case GroupKind.STALE:
            late = "Slack was unreachable for more than a day, so older alerts are only counted"
            since = f"{alert.since:%Y-%m-%d}" if alert.since else ""
            return f'{late}. To list the jobs: `make costs ARGS="--by job --since {since}"`.  {where}'
        case _:
            assert_never(alert.group_kind)


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
        return "cost unknown"
    rest = f", plus {_jobs(summary.unpriced)} of unknown cost" if summary.unpriced else ""
    return f"cost so far: {amount(summary.usd)}{rest}"


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
