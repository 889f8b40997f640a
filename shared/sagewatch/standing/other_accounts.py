"""Adds what bills in a hub's other accounts to a survey of its own: from the sessions that sweeps keep of them.

The roles there trust the hub's functions alone, so a person's survey calls nothing there. Each answer is as old as
the sweep, and the report says how old. An account without a sweep is named.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from sagewatch.clock import Clock
from sagewatch.errors import SageWatchError, SettingsError, UnreadableError
from sagewatch.formatting import duration
from sagewatch.notebooks.session import Session
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.scopes import Scope, account_in, region_of
from sagewatch.spokes.ports import SpokeStates
from sagewatch.standing.kept import kept_notebook, kept_resources
from sagewatch.standing.sessions import StandingSession
from sagewatch.standing.survey import Standing, Survey, SurveyProgress, SurveyReport
from sagewatch.sweeps import Sweep

OLD = timedelta(days=1)
_KEPT_BY = {Sweep.RESOURCES: "endpoints, Studio and others", Sweep.NOTEBOOKS: "notebook instances"}
_LIVE = "Your own account is read now, other accounts are as their sweeps found them."
_KEPT_ONLY = "Other accounts are as their sweeps found them."
_NO_OTHERS = "No other account is known: no event has come from one, and SpokeAccounts names none."

Swept = Mapping[tuple[Scope, str], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAccounts:
    """Reads the open sessions of other accounts. ``standing`` and ``notebooks`` return them, or an error, by ARN."""

    scopes: Callable[[], Sequence[Scope]]
    states: SpokeStates
    standing: Callable[[Scope], Mapping[str, StandingSession | UnreadableError]]
    notebooks: Callable[[Scope], Mapping[str, Session | UnreadableError]]
    prices: Prices
    clock: Clock
    progress: SurveyProgress

    def add_to(self, report: SurveyReport, scopes: Sequence[Scope]) -> None:
        """Add what bills in these scopes, and how old that is. What cannot be read is a problem of the report."""
        now = self.clock()
        report.found[:] = [replace(each, as_of=now) for each in report.found]
        try:
            swept = {(state.scope, state.sweep): state.swept_at for state in self.states.all()}
        except SageWatchError as exc:
            report.problems.append(f"last sweeps of other accounts: {exc}")
            swept = {}
        for scope in scopes:
            self.progress(f"Reading what sweeps found in {scope}")
            try:
                report.found += self._of_scope(scope, swept, report, now)
            except SageWatchError as exc:
                report.problems.append(f"{scope}: {exc}")
        report.notes += ages(scopes, swept, now)

    def _of_scope(self, scope: Scope, swept: Swept, report: SurveyReport, now: datetime) -> Sequence[Standing]:
        rates = self.prices.rates(scope)
        resources = _readable(self.standing(scope), report)
        notebooks = _readable(self.notebooks(scope), report)
        at = swept.get((scope, Sweep.NOTEBOOKS))
        return [
            *kept_resources(resources, rates, now, swept.get((scope, Sweep.RESOURCES))),
            *(kept_notebook(each, rates, now, at) for each in notebooks),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsSurvey:
    """A survey of the own account, ``home`` if it is known, and of other accounts in a hub.

    ``regions`` are those that the own account is read in; ``only`` are those that a person asked for, if any.
    """

    own: Survey
    regions: Sequence[str]
    only: Collection[str]
    home: str | None
    others: OtherAccounts | None

    def run(self, accounts: Collection[str], *, everything: bool = False) -> SurveyReport:
        """Return what bills in these accounts, else in all. Raises ``SettingsError`` for one that is not known."""
        others, problems = self._scopes()
        if not problems:
            self._check(accounts, others)
        live = not accounts or self.home is None or self.home in accounts
        report = self.own.run(self.regions, everything=everything) if live else SurveyReport()
        report.problems += problems
        if self.others and not problems:
            self.others.add_to(report, [scope for scope in others if self._wanted(scope, accounts)])
            report.notes[:0] = [_LIVE if live else _KEPT_ONLY] if others else [_NO_OTHERS]
        report.found[:] = [each for each in report.found if not accounts or each.resource.account in accounts]
        report.sort()
        return report

    def _scopes(self) -> tuple[Sequence[Scope], Sequence[str]]:
        try:
            return (self.others.scopes() if self.others else ()), ()
        except SageWatchError as exc:
            return (), [f"other accounts: {exc}"]

    def _wanted(self, scope: Scope, accounts: Collection[str]) -> bool:
        return (not accounts or account_in(scope) in accounts) and (not self.only or region_of(scope) in self.only)

    def _check(self, accounts: Collection[str], others: Sequence[Scope]) -> None:
        known = {self.home, *(account_in(scope) for scope in others)}
        unknown = [account for account in accounts if self.home and account not in known]
        if unknown:
            raise SettingsError(f"account {unknown[0]} is not known to this stack; `make spokes` lists those of a hub.")


def ages(scopes: Iterable[Scope], swept: Swept, now: datetime) -> Iterator[str]:
    """Yield sentences about when these scopes were last swept: in a day, longer ago, or not at all."""
    asked = sorted(scopes)
    for sweep, what in _KEPT_BY.items():
        at = {scope: moment for scope in asked if (moment := swept.get((scope, sweep)))}
        fresh = {scope: moment for scope, moment in at.items() if now - moment <= OLD}
        if fresh:
            yield f"{_accounts(fresh)}: {what} as of {_between(fresh.values())}."
        for scope in sorted(at.keys() - fresh.keys()):
            ago = duration(int((now - at[scope]).total_seconds()))
            yield f"{_accounts([scope])}: {what} as of {_minute(at[scope])}, {ago} ago. See `make spokes`."
        never = [scope for scope in asked if scope not in at]
        if never:
            yield f"{_accounts(never)}: {what} were never swept, so the list may lack some."


def _accounts(scopes: Iterable[Scope]) -> str:
    """Name accounts with their regions; the scopes are in order."""
    named = [
        f"{account} ({', '.join(region_of(scope) for scope in group)})"
        for account, group in groupby(scopes, account_in)
    ]
    return f"{'Account' if len(named) == 1 else 'Accounts'} {', '.join(named)}"


def _between(moments: Collection[datetime]) -> str:
    first, last = _minute(min(moments)), _minute(max(moments))
    return f"the sweep of {first}" if first == last else f"the sweeps from {first} to {last}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _readable[T](found: Mapping[str, T | UnreadableError], report: SurveyReport) -> Sequence[T]:
    report.problems += [str(each) for each in found.values() if isinstance(each, UnreadableError)]
    return [each for each in found.values() if not isinstance(each, UnreadableError)]
