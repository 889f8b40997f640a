"""Decides what is to be done about a judged standing resource, with the reason. Pure, without I/O.

The checks come in the order of the harm that they prevent. Only a Canvas session is ended by SageWatch itself, because
it alone publishes how long it has not been used; it is announced before. Everything else is only reported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sagewatch.alerts.ports import Lease
from sagewatch.formatting import clock_time
from sagewatch.idle.decision import opts_out
from sagewatch.idle.state import NotebookState, PendingStop
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.tags import IGNORE_TAG, PROTECT_TAG
from sagewatch.standing.decision import Use, UseDecision
from sagewatch.standing.hourly import HourlyPrice
from sagewatch.standing.resources import StandingResource

_ENDED_BY_US = frozenset({ResourceKind.CANVAS})
_ASKED_ABOUT = frozenset({ResourceKind.MLFLOW_SERVER})  # no metric, and a stop that loses nothing
_REPEATED, _ASKED_EVERY = timedelta(days=7), timedelta(days=30)
_LAPSES = timedelta(hours=6)  # as for notebooks: an announcement whose stop is this late is made again


class Verdict(StrEnum):
    """What is to be done."""

    KEEP = "keep"
    CLOSE = "keep, and close its message"
    REPORT = "report"
    WARN = "warn"
    STOP = "stop"
    WOULD_STOP = "would stop"


@dataclass(frozen=True, slots=True)
class EndRules:
    """How long before it a deletion is announced, and whether anything is changed."""

    warn: timedelta
    enforce: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A resource with the decision about its use. ``tags`` are ``None`` where they could not be read."""

    resource: StandingResource
    decision: UseDecision
    hourly: HourlyPrice
    tags: Mapping[str, str] | None
    owner: str | None

    @property
    def unproven(self) -> bool:
        """Whether nothing ever shows its use, so that people are asked whether they need it."""
        return self.decision.use is Use.UNKNOWN and self.resource.kind in _ASKED_ABOUT

    @property
    def ended_by_us(self) -> bool:
        """Whether SageWatch ends it without a person."""
        return self.resource.kind in _ENDED_BY_US and self.resource.end is not None


@dataclass(frozen=True, slots=True)
class EndDecision:
    """The verdict and its reason in one clause."""

    verdict: Verdict
    reason: str


def decide_end(judged: Judged, state: NotebookState, rules: EndRules, now: datetime) -> EndDecision:
    """Decide about one resource. What is used, unknown, new, leased or protected is never ended."""
    if judged.decision.use is not Use.IDLE and not judged.unproven:
        return _in_use(judged.decision, state)
    if against := _against(judged, state, now):
        return against
    return _announced(judged, state, rules, now) if judged.ended_by_us else _reported(judged, state, now)


def _against(judged: Judged, state: NotebookState, now: datetime) -> EndDecision | None:
    if all(part.covered for part in judged.resource.parts if part.bills):
        return EndDecision(Verdict.CLOSE, "it was paid for before, so ending it saves nothing")
    if judged.tags is None:
        return EndDecision(Verdict.KEEP, f"its tags could not be read, so {PROTECT_TAG} may protect it")
    if tag := tag_against(judged.tags):
        return EndDecision(Verdict.CLOSE, tag)
    if state.lease and state.lease.in_force(now):
        return EndDecision(Verdict.KEEP, kept_by(state.lease, now))
    if state.message and state.message.is_being_sent(now):
        return EndDecision(Verdict.KEEP, "another sweep is sending its message")
    return None


def tag_against(tags: Mapping[str, str]) -> str | None:
    """Name the tag that keeps SageWatch from a resource."""
    if PROTECT_TAG in tags:
        return f"its tag {PROTECT_TAG} forbids SageWatch to end it"
    return f"its tag {IGNORE_TAG} opts out" if opts_out(tags) else None


def kept_by(lease: Lease, now: datetime) -> str:
    """Say who keeps it, and until when."""
    until = f"until {clock_time(lease.until, now)}" if lease.until else "with no end, until a button is pressed again"
    return f"{lease.author} keeps it {until}"


def remembered(resource: StandingResource, state: NotebookState) -> NotebookState:
    """What is remembered of this very resource, without what belongs to an earlier one of its name.

    Canvas makes its app again at every log-in: a person who keeps it keeps that user's.
    """
    created = resource.since
    if created is None:
        return state
    return state.of_run(created, None if resource.kind is ResourceKind.CANVAS else created)


def _in_use(decision: UseDecision, state: NotebookState) -> EndDecision:
    match decision.use:
        case Use.UNKNOWN if state.pending:
            words = "deletion cancelled: SageWatch cannot tell whether it is in use"
            return EndDecision(Verdict.CLOSE, f"{words} ({decision.reason})")
        case Use.UNKNOWN:
            return EndDecision(Verdict.KEEP, decision.reason)
        case Use.BILLS_NOTHING:
            return EndDecision(Verdict.CLOSE, f"nothing is billed any more: {decision.reason}")
        case Use.USED:
            return EndDecision(Verdict.CLOSE, f"it is in use again: {decision.reason}")
        case _:
            return EndDecision(Verdict.CLOSE, f"it was {decision.reason}")


def _reported(judged: Judged, state: NotebookState, now: datetime) -> EndDecision:
    every = _ASKED_EVERY if judged.unproven else _REPEATED
    message = state.message
    recent = message and not message.planned and now - message.sent_at < every
    return EndDecision(Verdict.KEEP if recent else Verdict.REPORT, judged.decision.reason)


def _announced(judged: Judged, state: NotebookState, rules: EndRules, now: datetime) -> EndDecision:
    pending, reason, last = in_force(state, rules, now), judged.decision.reason, judged.decision.last_use
    if pending is None or (state.message and state.message.planned):
        return EndDecision(Verdict.WARN, reason)
    if last and last > pending.warned_at:
        return EndDecision(Verdict.CLOSE, "deletion cancelled: it was used after the warning")
    if pending.held or now < pending.stop_at:
        return EndDecision(Verdict.KEEP, reason)
    return EndDecision(Verdict.STOP if rules.enforce else Verdict.WOULD_STOP, reason)


def in_force(state: NotebookState, rules: EndRules, now: datetime) -> PendingStop | None:
    """Return the announcement that still counts: of the same mode, not answered by a lease, and not too old."""
    pending = state.pending
    if pending is None or pending.trial is rules.enforce:
        return None
    if state.lease and state.lease.written_at > pending.warned_at:
        return None
    late = _REPEATED if pending.held or pending.refused or pending.postponed else max(rules.warn, _LAPSES)
    return pending if now <= pending.stop_at + late else None
