"""Audits the Studio domains of a region once a week, and keeps what was found for the digest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sagewatch.clock import Clock
from sagewatch.errors import SageWatchError
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.scopes import Scope
from sagewatch.standing.ports import SageMakerReads
from sagewatch.standing.studio.findings import Finding, findings
from sagewatch.standing.studio.ports import Audits, KeptAudit, KeptFinding
from sagewatch.standing.studio.reading import read_domains

_EVERY = timedelta(days=7)
_KEPT = 20  # findings: a digest shows fewer, and the command shows all


@dataclass(slots=True)
class AuditReport:
    """The findings of a region, and a sentence for each domain that could not be read."""

    findings: list[Finding] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioAudit:
    """Audits domains."""

    api_of: Callable[[Scope], SageMakerReads]
    prices: Prices

    def run(self, scope: Scope) -> AuditReport:
        """Return the findings of a region, the most expensive first. Raises what ``SageMakerReads.pages`` does."""
        report = AuditReport()
        for domain in read_domains(self.api_of(scope), self.prices.rates(scope)):
            if isinstance(domain, SageWatchError):
                report.problems.append(str(domain))
            else:
                report.findings += findings(domain)
        report.findings.sort(key=lambda each: -each.usd)
        return report


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyAudit:
    """Runs the audit of a scope if the last one is a week old."""

    audit: StudioAudit
    audits: Audits
    clock: Clock

    def run(self, scope: Scope) -> Sequence[str]:
        """Audit, if it is due, and return what could not be read. Raises what the ports raise."""
        last, now = self.audits.last(scope), self.clock()
        if last and now - last.audited_at < _EVERY:
            return ()
        report = self.audit.run(scope)
        kept = tuple(_kept(finding) for finding in report.findings[:_KEPT])
        self.audits.save(scope, KeptAudit(audited_at=now, count=len(report.findings), findings=kept))
        return report.problems


def _kept(finding: Finding) -> KeptFinding:
    return KeptFinding(
        fault=finding.fault,
        domain=finding.domain,
        place=finding.place,
        app_type=finding.app_type,
        reason=finding.reason,
        apps=len(finding.apps),
        usd=finding.usd,
    )
