"""Render the message of a group of alerts."""

from collections.abc import Sequence
from typing import assert_never

from slack_sdk.models.blocks import Block, HeaderBlock

from sagewatch.alerts.grouping import GroupAlert, GroupKind, GroupSummary
from sagewatch.formatting import count_of
from sagewatch.sagemaker.failure_rules import FailureClass
from sagewatch.slack.blocks import HEADER_LIMIT, amount, context, cut, escape, moment, section

_PARENTS = {
    "hyper-parameter-tuning-job": "Tuning job",
    "automl-job": "AutoML job",
    "pipeline": "Pipeline",
    "training-job": "Training job",
}


def group(alert: GroupAlert) -> tuple[str, Sequence[Block]]:
    """Return the current message of a group."""
    gathered = alert.gathered or GroupSummary()
    headline = _headline(alert, gathered)
    blocks: list[Block] = [
        HeaderBlock(text=cut(headline, HEADER_LIMIT)),
        section(f"*{_cost(gathered)[:1].upper()}{_cost(gathered)[1:]}*\n{_counts(gathered)}"),
        context(_small_print(alert)),
    ]
    if alert.gathering is not GroupKind.PARENT and gathered.names:
        blocks.insert(2, section(_names(gathered)))
    return f"{escape(headline)} ({_cost(gathered)})", blocks


def _headline(alert: GroupAlert, gathered: GroupSummary) -> str:
    match alert.gathering:
        case GroupKind.PARENT:
            return f"{_parent(alert.parent_arn or '')}: {_need(gathered)}"
        case GroupKind.STORM:
            return f"{_jobs(gathered.count)} {_readable(alert.label or '')} within ten minutes"
        case GroupKind.STALE:
            return f"{count_of(gathered.count, 'alert', 'alerts')} of {alert.since:%Y-%m-%d}, reported late"
        case _:
            assert_never(alert.gathering)


def _small_print(alert: GroupAlert) -> str:
    where = f"Account and region: {escape(alert.account)}, {escape(alert.region)}"
    match alert.gathering:
        case GroupKind.PARENT:
            first = f"The first {alert.gathering.singly} are in this thread, with cause and next step"
            return f"{first}; all are counted here.  {where}"
        case GroupKind.STORM:
            begun = moment(alert.since) if alert.since else "unknown"
            first = f"the first {alert.gathering.singly} have messages of their own, with cause and next step"
            return f"Began {begun}; {first}.  {where}"
        case GroupKind.STALE:
            late = "Slack was unreachable for more than a day, so older alerts are only counted"
            since = f"{alert.since:%Y-%m-%d}" if alert.since else ""
            return f'{late}. To list the jobs: `make costs ARGS="--by job --since {since}"`.  {where}'
        case _:
            assert_never(alert.gathering)


def _parent(arn: str) -> str:
    """``Tuning job hpo-7``; a pipeline's execution is named after the pipeline."""
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    return f"{_PARENTS.get(kind, kind)} {rest.partition('/')[0]}"


def _need(gathered: GroupSummary) -> str:
    jobs = f"{gathered.count:,} of its jobs"
    if all(label.startswith("failed") for label in gathered.by_label) and gathered.by_label:
        return f"{jobs} failed"
    return f"{jobs} {'needs' if gathered.count == 1 else 'need'} attention"


def _jobs(count: int) -> str:
    return count_of(count, "job", "jobs")


def _cost(gathered: GroupSummary) -> str:
    known = gathered.count - gathered.unpriced
    if not known:
        return "cost unknown"
    rest = f", plus {_jobs(gathered.unpriced)} of unknown cost" if gathered.unpriced else ""
    return f"cost so far: {amount(gathered.usd)}{rest}"


def _counts(gathered: GroupSummary) -> str:
    counts = sorted(gathered.by_label.items(), key=lambda entry: (-entry[1], entry[0]))
    return "\n".join(f"\u2022 {count:,} {escape(_readable(label))}" for label, count in counts) or "No jobs yet."


def _readable(label: str) -> str:
    """``failed (user code)`` with the class as single messages name it."""
    for failure_class in FailureClass:
        name = failure_class.label[:1].lower() + failure_class.label[1:]
        label = label.replace(f"({failure_class.replace('-', ' ')})", f"({name})")
    return label


def _names(gathered: GroupSummary) -> str:
    more = gathered.count - len(gathered.names)
    rest = f" and {more:,} more" if more else ""
    return ", ".join(f"`{escape(name)}`" for name in gathered.names) + rest
