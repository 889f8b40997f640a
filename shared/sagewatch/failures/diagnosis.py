"""Why a job failed, and what to do next: SageMaker's reason and the job's log decide together."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sagewatch.failures.rules import PATTERNS, RULES, UNKNOWN_RULE, FailureClass, Rule
from sagewatch.patterns import lazy_pattern
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job, JobStatus

__all__ = ["FailureClass", "classify", "diagnose", "exit_code", "exit_meaning", "rule_of_class"]

# Above 128 it is 128 and the signal (bash manual, "Exit Status").
_EXIT_CODES: Mapping[int, str] = {
    126: "the command is not executable",
    127: "the command was not found",
    132: "illegal instruction",
    134: "aborted",
    137: "killed, usually because memory ran out",
    139: "segmentation fault",
    143: "terminated from outside",
    247: "killed, usually because memory ran out",
}
_EXIT_CODE = lazy_pattern(r"""exit(?:ed with)?[ _-]?(?:code|status)["']?[:=]?\s{0,3}(-?\d{1,6})\b""", re.IGNORECASE)


def classify(job: Job, log: str | None = None) -> FailureClass | None:
    """Return the class of a job's failure; ``None`` for a job that did not fail."""
    if job.hit_its_limit:
        return _at_its_limit(job)
    if job.status is not JobStatus.FAILED:
        return None
    return diagnose(job.kind, job.failure_reason, secondary=job.secondary_status, log=log).failure_class


def _at_its_limit(job: Job) -> FailureClass:
    """A spot job whose waiting time ended before any capacity was there lacked capacity, not time."""
    ended = diagnose(job.kind, None, secondary=job.secondary_status, started=not job.never_launched)
    return FailureClass.LIMIT_EXCEEDED if ended is UNKNOWN_RULE else ended.failure_class


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What a rule is compared with."""

    kind: ResourceKind
    text: str
    secondary: str | None = None
    started: bool | None = None

    def fits(self, rule: Rule) -> bool:
        if rule.kinds and self.kind not in rule.kinds:
            return False
        if rule.codes and exit_code(self.text) not in rule.codes:
            return False
        return self._ended_so(rule) and (rule.name not in PATTERNS or bool(PATTERNS[rule.name].search(self.text)))

    def _ended_so(self, rule: Rule) -> bool:
        if rule.secondary is None:
            return True
        return rule.secondary == self.secondary and rule.started in {None, self.started}

    def rule(self) -> Rule:
        return next((rule for rule in RULES if self.fits(rule)), UNKNOWN_RULE)


def diagnose(
    kind: ResourceKind,
    reason: str | None,
    *,
    secondary: str | None = None,
    log: str | None = None,
    started: bool | None = None,
) -> Rule:
    """Return the most specific rule. What the log says counts where the reason says only where it failed."""
    found = _Evidence(kind, reason or "", secondary, started).rule()
    if not found.general or not log:
        return found
    in_log = _Evidence(kind, log).rule()
    return found if in_log.general else in_log


_DEFAULTS: Mapping[FailureClass, str] = {
    FailureClass.OUT_OF_MEMORY: "memory",
    FailureClass.CAPACITY: "capacity",
    FailureClass.ACCOUNT_QUOTA: "quota",
    FailureClass.USER_CODE: "script",
    FailureClass.DATA_OR_PERMISSIONS: "request",
    FailureClass.INTERNAL: "internal",
    FailureClass.LIMIT_EXCEEDED: "time-limit",
    FailureClass.SPOT_INTERRUPTED: "spot",
}


def rule_of_class(failure_class: FailureClass) -> Rule:
    """Return the rule for a class of which nothing more is known."""
    name = _DEFAULTS.get(failure_class)
    return next((rule for rule in RULES if rule.name == name), UNKNOWN_RULE)


def exit_code(reason: str | None) -> int | None:
    """Return the exit code that a reason names, if it names one: ``exit code: 1``, ``ExitCode 1``."""
    found = _EXIT_CODE.search(reason or "")
    return int(found[1]) if found else None


def exit_meaning(code: int) -> str | None:
    """Return what an exit code usually means, where it means more than that something went wrong."""
    return _EXIT_CODES.get(code)
