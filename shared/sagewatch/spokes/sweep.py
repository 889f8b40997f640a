"""Sweeps a region of another account, if it can be read; one that cannot is reported daily and affects no other."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import override

from sagewatch.alerts.ports import AlertQueue
from sagewatch.clock import Clock, TimeBudget
from sagewatch.errors import (
    AccessDeniedError,
    PartlyDoneError,
    RegionDisabledError,
    RetryableError,
    RoleRefusedError,
    SageWatchError,
    ThrottledError,
)
from sagewatch.outcomes import EmfMetric, Outcome
from sagewatch.sagemaker.ports import RegionReader
from sagewatch.sagemaker.scopes import Scope
from sagewatch.spokes.alerts import account_unreadable
from sagewatch.spokes.ports import Problem, ScopeQueue, SpokeStates

_OF_THE_OWN_ACCOUNT = frozenset({EmfMetric.SWEEPS_INCOMPLETE, EmfMetric.JOBS_OPEN, EmfMetric.NOTEBOOKS_IN_SERVICE})
_NEVER = datetime.min.replace(tzinfo=UTC)
_PATIENCE = {Problem.SILENT: 2}  # sweeps in a row until it is reported: one that fails alone is not


@dataclass(frozen=True, slots=True)
class SpokeOutcome(Outcome):
    """What a sweep of another account did, or why it could not begin."""

    scope: Scope
    swept: Outcome | None = None
    problem: str | None = None

    @override
    def to_log(self) -> Mapping[str, object]:
        done = self.swept.to_log() if self.swept else {"problem": self.problem}
        return {"scope": self.scope, **done}

    @override
    def metrics(self, sent_at: datetime | None = None) -> Mapping[EmfMetric, float]:
        if self.swept is None:
            return {EmfMetric.SWEEP_FAILURES: 1} if self.problem else {}
        numbers = self.swept.metrics(sent_at).items()
        return {metric: number for metric, number in numbers if metric not in _OF_THE_OWN_ACCOUNT}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokeSweep:
    """Sweeps other accounts. ``probe`` makes one call there, ``sweep`` does the work, ``name`` is the function's."""

    probe: Callable[[Scope], object]
    sweep: Callable[[Scope, TimeBudget], Outcome]
    states: SpokeStates
    alerts: AlertQueue
    clock: Clock
    name: str

    def run(self, scope: Scope, more_time: TimeBudget) -> SpokeOutcome:
        """Sweep a region of an account. Raises what the ports of SageWatch's own state raise."""
        try:
            self.probe(scope)
        except ThrottledError:
            return SpokeOutcome(scope)  # the next sweep tries again
        except RetryableError as exc:
            return self._failed(scope, exc)
        try:
            outcome = SpokeOutcome(scope, self.sweep(scope, more_time))
        except PartlyDoneError as exc:
            outcome = SpokeOutcome(scope, exc.outcome, str(exc))
        self.states.swept(scope, self.name, self.clock())
        return outcome

    def _failed(self, scope: Scope, error: RetryableError) -> SpokeOutcome:
        now = self.clock()
        trouble = self.states.failed(scope, self.name, problem_of(error), now)
        if trouble.times >= _PATIENCE.get(trouble.problem, 1):
            self.alerts.send(account_unreadable(scope, trouble, str(error), now))
        return SpokeOutcome(scope, problem=str(error))


def problem_of(error: RetryableError) -> Problem:
    """Say what kind of problem it is."""
    match error:
        case RoleRefusedError():
            return Problem.ROLE
        case RegionDisabledError():
            return Problem.REGION
        case AccessDeniedError():
            return Problem.DENIED
        case _:
            return Problem.SILENT


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokeCheck:
    """Says of a scope whether it can be read, and whether something may be stopped there; empty is yes."""

    probe: Callable[[Scope], object]
    assume_acting: Callable[[Scope], None] | None

    def run(self, scope: Scope) -> Mapping[str, str]:
        """Return what is wrong. ``act`` is absent in a function that never stops anything."""
        acts = {"act": _wrong(self.assume_acting, scope)} if self.assume_acting else {}
        return {"read": _wrong(self.probe, scope), **acts}


def _wrong(attempt: Callable[[Scope], object], scope: Scope) -> str:
    try:
        attempt(scope)
    except SageWatchError as exc:
        return str(exc)
    return ""


def scopes_of(
    regions: RegionReader,
    *,
    home: str | None,
    home_region: str,
    named_accounts: Collection[str],
    named_regions: Collection[str],
) -> Sequence[Scope]:
    """Return the regions of other accounts to sweep, by account. Raises what ``Ledger.put`` does."""
    places = {home_region, *named_regions}
    named = {f"{account}/{region}" for account in named_accounts for region in places if account != home}
    return sorted({*named, *regions.in_other_accounts()})


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """Queues a sweep for each region of other accounts: those in use, and those of the accounts that are named.

    The one that was swept longest ago comes first, so that a round that takes too long leaves out others each time.
    """

    regions: RegionReader
    queue: ScopeQueue
    states: SpokeStates
    name: str
    clock: Clock
    home: str | None
    home_region: str
    named_accounts: Collection[str]
    named_regions: Collection[str]

    def scopes(self) -> Sequence[Scope]:
        """Return the regions of other accounts. Raises what ``Ledger.put`` does."""
        return scopes_of(
            self.regions,
            home=self.home,
            home_region=self.home_region,
            named_accounts=self.named_accounts,
            named_regions=self.named_regions,
        )

    def send(self) -> int:
        """Queue them, and return their number. Raises what the ports raise."""
        swept = {state.scope: state.swept_at for state in self.states.all() if state.sweep == self.name}
        scopes = sorted(self.scopes(), key=lambda scope: swept.get(scope) or _NEVER)
        self.queue.send(scopes, self.clock())
        return len(scopes)
