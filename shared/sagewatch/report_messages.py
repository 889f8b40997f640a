"""The message about a job that ended."""

from collections.abc import Sequence
from decimal import Decimal

from slack_sdk.models.blocks import Block, HeaderBlock, SectionBlock

from sagewatch.job_reports import JobReport
from sagewatch.mrkdwn import HEADER_LIMIT, KIND_NAMES, context, cut, escape, field, links, moment, person, section
from sagewatch.phrases import duration, money
from sagewatch.resources import JobStatus

_ENDINGS = {JobStatus.COMPLETED: "Completed", JobStatus.FAILED: "Failed", JobStatus.STOPPED: "Stopped"}


def job_report_message(report: JobReport) -> tuple[str, Sequence[Block]]:
    """What a job cost, how what was paid for was used, and what would have done."""
    cost = _cost(report)
    ending = "ended" if report.cost_usd is None else "cost"
    headline = f"{KIND_NAMES[report.kind]} {ending} {cost}: {report.name}"
    blocks: list[Block] = [
        HeaderBlock(text=cut(headline, HEADER_LIMIT)),
        SectionBlock(fields=[field(name, text) for name, text in _facts(report, cost)]),
    ]
    if report.use:
        blocks.append(section("*Use*\n" + "\n".join(f"• {escape(line)}" for line in report.use)))
    if report.suggestion:
        blocks.append(section(f":bulb: {escape(f'{report.suggestion[:1].upper()}{report.suggestion[1:]}.')}"))
    further = links(report.kind, report.name, report.region)
    blocks.append(context("\n".join(filter(None, (_how_priced(report), further)))))
    return escape(headline), blocks


def _facts(report: JobReport, cost: str) -> Sequence[tuple[str, str]]:
    saved = report.spot_savings_usd
    return (
        (_ENDINGS.get(report.status, "Ended"), moment(report.ended_at)),
        ("Cost", f"{cost}, spot saved {money(Decimal(saved))}" if saved else cost),
        ("Ran for", "unknown" if report.ran_seconds is None else duration(report.ran_seconds)),
        ("On", escape(report.instances or "unknown instances")),
        ("Owner", person(report.owner, report.mention)),
        ("Account and region", f"{escape(report.account)}, {escape(report.region)}"),
    )


def _cost(report: JobReport) -> str:
    if report.cost_usd is None:
        return report.pricing
    return f"{'about ' if report.pricing == 'provisional' else ''}{money(Decimal(report.cost_usd))}"


def _how_priced(report: JobReport) -> str:
    reason = f"{report.pricing_reason[:1].upper()}{report.pricing_reason[1:]}."
    return escape(f"{reason} Price: {report.prices}." if report.prices else reason)
