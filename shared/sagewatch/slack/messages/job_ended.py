"""Messages about jobs that ended: failed, never started, hit a limit, or cost a lot."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from slack_sdk.models.blocks import Block, HeaderBlock, SectionBlock

from sagewatch.alerts.jobs import EndedJobAlert
from sagewatch.diagnostics.alerts import JobReport
from sagewatch.failures.diagnosis import FailureClass, diagnose, exit_code, exit_meaning, rule_of_class
from sagewatch.failures.rules import Rule
from sagewatch.formatting import duration, ordinal
from sagewatch.jobs.alerts import FamilyFailures, JobAlert, JobFinding
from sagewatch.pricing.job_cost import is_lower_bound
from sagewatch.sagemaker.kinds import KIND_FACTS
from sagewatch.sagemaker.resources import JobStatus
from sagewatch.slack.blocks import HEADER_LIMIT, SECTION_LIMIT, context, field, section
from sagewatch.slack.text import amount, code, code_block, cut, escape, links, moment, place, sentence

_ENDINGS: Mapping[JobFinding, str] = {
    "job-failed": "failed",
    "job-never-started": "never started",
    "job-hit-limit": "stopped by its time limit",
}
_WITHOUT_AMOUNT = {
    "covered": "prepaid by a training plan",
    "free": "free",
    "not-instance-priced": "not priced by instance",
}
_SAY_NOTHING = frozenset({"Failed", "Stopped", "Completed"})  # secondary statuses that repeat the status
_LOG_TITLE = "*End of the log*\n"


def job_ended(alert: JobAlert, owner: str) -> tuple[str, Sequence[Block]]:
    """The text of the notification, and the blocks."""
    headline = f"{KIND_FACTS[alert.kind].label} {_ENDINGS[alert.finding]}: {alert.name}"
    rule = _rule(alert)
    blocks = [
        HeaderBlock(text=cut(headline, HEADER_LIMIT)),
        section(f"*{_cause(alert, rule)}*\n{_reason(alert)}"),
        SectionBlock(fields=[field(name, text) for name, text in _facts(alert, owner)]),
        section("\n".join((f"*Next step*\n{_step(alert, rule)}", *_worked(alert), *_family(alert.family)))),
        *_log(alert),
        context("\n".join(filter(None, (_priced(alert), links(alert.kind, alert.name, alert.region))))),
    ]
    return f"{escape(headline)} ({alert.failure_class.label}, {_in_short(alert)})", blocks


def _rule(alert: JobAlert) -> Rule:
    """Return what SageWatch knows of this kind of failure; if only its class is known, the rule of the class."""
    rule = diagnose(
        alert.kind,
        alert.reason,
        secondary=alert.secondary_status,
        log=alert.log,
        started=alert.finding != "job-never-started",
    )
    agrees = not rule.general or rule.failure_class is alert.failure_class
    return rule if agrees else rule_of_class(alert.failure_class)


def _step(alert: JobAlert, rule: Rule) -> str:
    if rule.failure_class is FailureClass.UNKNOWN and not alert.reason:
        return "Open the job and its log to find the reason."
    return rule.step


def _cause(alert: JobAlert, rule: Rule) -> str:
    """The kind of failure, with the exit code where its reason names one that says more."""
    exited = exit_code(alert.reason)
    meaning = None if exited is None else exit_meaning(exited)
    name = alert.failure_class.label if rule.general else rule.title
    if meaning is None:
        return name
    return f"{name} (exit code {exited})" if meaning in name.lower() else f"{name} (exit code {exited}: {meaning})"


def _worked(alert: JobAlert) -> Iterator[str]:
    """What worked before: ``The last 12 successful runs used 1 x ml.g5.2xlarge.``."""
    if alert.worked:
        yield escape(alert.worked)


def _family(family: FamilyFailures | None) -> Iterator[str]:
    """How often, and what it cost: ``3rd failure of `fraud-xgb` in 7 days, $41.20 so far``."""
    if family is None:
        return
    which = f"at least the {ordinal(family.count)}" if family.more else ordinal(family.count)
    yield f"{which[:1].upper()}{which[1:]} failure of {code(family.name)} in 7 days{_family_cost(family)}."


def _family_cost(family: FamilyFailures) -> str:
    if family.count in {1, family.unknown}:  # the first one's cost is in the cost line; unknown is never 0
        return ""
    return f", {'at least ' if family.unknown or family.more else ''}{amount(Decimal(family.cost_usd))} so far"


def _log(alert: JobAlert) -> Iterator[Block]:
    if alert.log:
        yield section(f"{_LOG_TITLE}{code_block(alert.log, SECTION_LIMIT - len(_LOG_TITLE))}")
    elif alert.log_trouble:
        yield context(f"SageWatch could not read the log ({escape(alert.log_trouble)}).")


def _reason(alert: JobAlert) -> str:
    if alert.reason:
        return "\n".join(f"> {line}" for line in escape(alert.reason).splitlines())
    if alert.secondary_status and alert.secondary_status not in _SAY_NOTHING:
        return f"> {escape(alert.secondary_status)}"
    return "> SageMaker gave no reason."


def _facts(alert: JobAlert, owner: str) -> Sequence[tuple[str, str]]:
    ran = (("Ran for", "unknown" if alert.ran_seconds is None else duration(alert.ran_seconds)),)
    return (
        (_cost_name(alert), _cost(alert)),
        *(() if alert.finding == "job-never-started" else ran),
        ("Instances", escape(alert.instances or "unknown instances")),
        ("Owner", owner),
        ("Ended", moment(alert.ended_at)),
        ("Account and region", place(alert.account_title(alert.account), alert.region)),
    )


def _cost_name(alert: JobAlert) -> str:
    return "Wasted" if _is_lost(alert) else "Cost"


def _cost(alert: JobAlert) -> str:
    if alert.cost_usd is None:
        return _without_amount(alert)
    usd = Decimal(alert.cost_usd)
    if alert.finding == "job-never-started" and not usd:
        return "nothing billed"
    return f"{_how_sure(alert)}{amount(usd)}"


def _without_amount(alert: EndedJobAlert) -> str:
    """Say why a job has no amount of its own: unknown, prepaid, or free."""
    return _WITHOUT_AMOUNT.get(alert.pricing, "unknown")


def _how_sure(alert: EndedJobAlert) -> str:
    if is_lower_bound(alert.pricing_reason):
        return "at least "
    return "about " if alert.pricing == "provisional" else ""


def _in_short(alert: JobAlert) -> str:
    if alert.cost_usd is None:
        return f"cost {_without_amount(alert)}"
    return f"{_cost(alert)} wasted" if _is_lost(alert) else _cost(alert)


def _is_lost(alert: JobAlert) -> bool:
    """What a failed job cost is; one that its limit stopped may have left something behind."""
    return alert.finding == "job-failed" and alert.cost_usd is not None


_REPORT_ENDINGS = {JobStatus.COMPLETED: "Completed", JobStatus.FAILED: "Failed", JobStatus.STOPPED: "Stopped"}


def job_report_message(report: JobReport, owner: str) -> tuple[str, Sequence[Block]]:
    """What a job cost, how what was paid for was used, and what would have done."""
    cost = _report_cost(report)
    spent = f"ended, cost {cost}" if report.cost_usd is None else f"cost {cost}"
    failed = "failed, " if report.status is JobStatus.FAILED and report.cost_usd else ""
    headline = f"{KIND_FACTS[report.kind].label} {failed}{spent}: {report.name}"
    blocks: list[Block] = [
        HeaderBlock(text=cut(headline, HEADER_LIMIT)),
        SectionBlock(fields=[field(name, text) for name, text in _report_facts(report, cost, owner)]),
    ]
    if report.use:
        blocks.append(section("*Utilization*\n" + "\n".join(f"• {escape(line)}" for line in report.use)))
    if report.suggestion:
        blocks.append(section(f":bulb: {sentence(report.suggestion)}"))
    if report.failed:
        blocks.append(section("Its failure has a message of its own, with cause and next step."))
    further = links(report.kind, report.name, report.region)
    spot = "On spot, SageMaker bills less time than the job ran." if report.spot_savings_usd else ""
    blocks.append(context("\n".join(filter(None, (spot, _priced(report), further)))))
    return escape(headline), blocks


def _report_facts(report: JobReport, cost: str, owner: str) -> Sequence[tuple[str, str]]:
    saved = report.spot_savings_usd
    return (
        (_REPORT_ENDINGS.get(report.status, "Ended"), moment(report.ended_at)),
        ("Cost", f"{cost}, spot saved {amount(Decimal(saved))}" if saved else cost),
        ("Ran for", "unknown" if report.ran_seconds is None else duration(report.ran_seconds)),
        ("Instances", escape(report.instances or "unknown instances")),
        ("Owner", owner),
        ("Account and region", place(report.account_title(report.account), report.region)),
    )


def _report_cost(report: JobReport) -> str:
    if report.cost_usd is None:
        return _without_amount(report)
    return f"{_how_sure(report)}{amount(Decimal(report.cost_usd))}"


def _priced(alert: EndedJobAlert) -> str:
    """How the cost was found, and at which price."""
    price = f" Price: {escape(alert.prices)}." if alert.prices else ""
    return f"{sentence(alert.pricing_reason)}{price}"
