"""Messages that tell many alerts as one."""

from collections.abc import Sequence
from typing import assert_never

from slack_sdk.models.blocks import Block, HeaderBlock

from sagewatch.alerts.grouping import GroupAlert, GroupKind, GroupSummary
from sagewatch.formatting import money
from sagewatch.slack.blocks import HEADER_LIMIT, context, cut, escape, moment, section

_PARENTS = {
    "hyper-parameter-tuning-job": "Tuning job",
    "automl-job": "AutoML job",
    "pipeline": "Pipeline",
    "training-job": "Training job",
}


def group(alert: GroupAlert) -> tuple[str, Sequence[Block]]:
    """The message of a group, as it stands."""
    gathered = alert.gathered or GroupSummary()
    headline = _headline(alert, gathered)
    blocks: list[Block] = [
        HeaderBlock(text=cut(headline, HEADER_LIMIT)),
        section(f"*{_cost(gathered)}*\n{_counts(gathered)}"),
        context(_small_print(alert)),
    ]
    if alert.gathering is not GroupKind.PARENT and gathered.names:
        blocks.insert(2, section(_names(gathered)))
    return f"{escape(headline)} ({_cost(gathered)})", blocks


def _headline(alert: GroupAlert, gathered: GroupSummary) -> str:
    match alert.gathering:
        case GroupKind.PARENT:
            return f"{_parent(alert.parent_arn or '')}: {_jobs(gathered.count)} to know of"
        case GroupKind.STORM:
            return f"{_jobs(gathered.count)} {alert.label} within ten minutes"
        case GroupKind.STALE:
            return f"{_jobs(gathered.count)} that nobody was told of on {alert.since:%Y-%m-%d}"
        case _:
            assert_never(alert.gathering)


def _small_print(alert: GroupAlert) -> str:
    where = f"Account and region: {escape(alert.account)}, {escape(alert.region)}"
    match alert.gathering:
        case GroupKind.PARENT:
            return f"The first {alert.gathering.singly} are told in this thread, all are counted here.  {where}"
        case GroupKind.STORM:
            begun = moment(alert.since) if alert.since else "unknown"
            return f"Began {begun}; the first {alert.gathering.singly} are told one by one.  {where}"
        case GroupKind.STALE:
            return f"Slack heard of these more than a day late, so they are only counted.  {where}"
        case _:
            assert_never(alert.gathering)


def _parent(arn: str) -> str:
    """``Tuning job hpo-7``; a pipeline's execution is named after the pipeline."""
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    return f"{_PARENTS.get(kind, kind)} {rest.partition('/')[0]}"


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count:,} jobs"


def _cost(gathered: GroupSummary) -> str:
    known = gathered.count - gathered.unpriced
    if not known:
        return "cost unknown"
    rest = f", {gathered.unpriced:,} of unknown cost not counted" if gathered.unpriced else ""
    return f"{money(gathered.usd)} in all{rest}"


def _counts(gathered: GroupSummary) -> str:
    counts = sorted(gathered.by_label.items(), key=lambda entry: (-entry[1], entry[0]))
    return "\n".join(f"\u2022 {count:,} {escape(label)}" for label, count in counts) or "Nothing has gathered."


def _names(gathered: GroupSummary) -> str:
    more = gathered.count - len(gathered.names)
    rest = f" and {more:,} more" if more else ""
    return ", ".join(f"`{escape(name)}`" for name in gathered.names) + rest
