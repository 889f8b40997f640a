"""Sweeps notebooks: finds idle ones, announces their stop, inspects them again, and stops them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sagewatch.at_once import AT_ONCE, in_order
from sagewatch.clock import Clock, TimeBudget
from sagewatch.idle.advice import NotebookAdvice
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.decision import Verdict
from sagewatch.idle.follow_up import LONGEST_WAIT, FollowUp
from sagewatch.idle.inspection import Inspection, NotebookInspector
from sagewatch.idle.known import with_tags
from sagewatch.idle.outcomes import NotebookSweepReport, StopOutcome
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.reconcile import MessageReconciliation
from sagewatch.idle.repair import SessionRepair, agreeing
from sagewatch.idle.state import NotebookState
from sagewatch.idle.stop import NotebookStop
from sagewatch.notebooks.month_ends import MonthEnds
from sagewatch.notebooks.session import Session
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.ports import KnownTags, NotebookLists, Regions, watched_regions
from sagewatch.sagemaker.scopes import Scope
from sagewatch.sweeps import continue_on_error, finished

# Of the time: neither new sessions nor inspections may use up the time to inspect again what will be stopped.
_REPAIR_SHARE, _LOOKING_SHARE = 0.4, 0.7
_NEVER = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class DueCheck:
    """A notebook whose turn it is. ``seen`` is how this sweep has listed it, or described it for a new session."""

    region: str
    session: Session
    state: NotebookState
    seen: Notebook

    @property
    def is_announced(self) -> bool:
        """Whether a message is there that may have to be changed."""
        return self.state.pending is not None or self.state.message is not None

    @property
    def wants_tags(self) -> bool:
        """Whether tags that are known of it may save reading its own."""
        return self.seen.tags is None and not self.is_announced


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookSweep:
    """Sweeps the notebook instances of every region in use."""

    lists: NotebookLists
    known: KnownTags
    repair: SessionRepair
    month_ends: MonthEnds
    reconciliation: MessageReconciliation
    states: NotebookStates
    regions: Regions
    inspector: NotebookInspector
    announcements: NotebookAnnouncements
    follow_up: FollowUp
    advice: NotebookAdvice
    notebook_stop: NotebookStop
    clock: Clock
    home_region: str
    max_stops: int
    at_once: int = AT_ONCE

    def sweep(self, more_time: TimeBudget, scopes: Sequence[Scope] = ()) -> NotebookSweepReport:
        """Repair sessions, inspect what is due, announce and stop: in those scopes, or in every region in use.

        Raises ``SweepIncompleteError``, after everything has been tried, if a failure needs a person.
        """
        report, regions = NotebookSweepReport(), scopes or watched_regions(self.home_region, self.regions)
        due: list[DueCheck] = []
        for number, region in enumerate(regions, 1):
            share = _REPAIR_SHARE * number / len(regions)
            with continue_on_error(report, region):
                due += self._due(region, lambda share=share: more_time(share), report)  # type: ignore[misc] # bound early
        now = self.clock()
        due.sort(key=lambda check: check.state.next_check_at or now - _NEVER)  # the least recently inspected first
        inspections = list(self._look_at(due, more_time, report))
        self._stop([each for _, each in inspections if each.decision.verdict is Verdict.STOP], more_time, report)
        for region in regions:
            here = [inspection for check, inspection in inspections if check.region == region]
            with continue_on_error(report, f"advice in {region}"):
                self.advice.advise(region, here, more_time)
        return finished(report)

    def _due(self, region: str, more: Callable[[], bool], report: NotebookSweepReport) -> Sequence[DueCheck]:
        """Repair the sessions and messages of a region, and return the notebooks to inspect."""
        running = {notebook.arn: notebook for page in self.lists.in_service(region) for notebook in page}
        report.in_service += len(running)
        sessions, seen = self.repair.repair(region, running, report, more)
        sessions = {**sessions, **self._book(agreeing(sessions, running), report, more)}
        remembered = self.repair.unreadable.leave_out(self.states.read_region(region), report)
        states = self.reconciliation.reconcile(region, remembered, sessions, report)
        current = {
            arn: states.get(arn, NotebookState(arn=arn)).of_run(sessions[arn].since, notebook.created_at)
            for arn, notebook in running.items()
            if arn in sessions and arn not in report.left_alone
        }
        now = self.clock()
        return [
            DueCheck(region, sessions[arn], state, seen.get(arn, running[arn]))
            for arn, state in current.items()
            if _is_due(state, now)
        ]

    def _book(
        self, sessions: Mapping[str, Session], report: NotebookSweepReport, more: Callable[[], bool]
    ) -> Mapping[str, Session]:
        """Book the sessions of which a month is over, and return them as they are now. The next sweep books the rest.

        A session that the listing contradicts is not among them: its repair failed, so its end may be in that month.
        One at a time, because each row marks the total of the same day.
        """
        booked: dict[str, Session] = {}
        for session in self.month_ends.due(sessions):
            if not more():
                report.complete = False
                break
            with continue_on_error(report, session.name):
                booked[session.arn] = self.month_ends.book(session)
        report.booked += len(booked)
        return booked

    def _look_at(
        self, due: Sequence[DueCheck], more_time: TimeBudget, report: NotebookSweepReport
    ) -> Iterator[tuple[DueCheck, Inspection]]:
        """Inspect several at a time. Act on all but stops, which are counted first. The next sweep takes the rest."""
        report.carried_over += len(due)
        tagged = self._tagged(due)
        for check, look in in_order(self._look, tagged, self.at_once, lambda: more_time(_LOOKING_SHARE)):
            report.carried_over -= 1
            report.looked_at += 1
            with continue_on_error(report, check.session.name):
                inspection = look()
                report.verdicts[inspection.decision.verdict] += 1
                yield check, inspection

    def _tagged(self, due: Sequence[DueCheck]) -> Iterator[DueCheck]:
        """Add the tags that are known, but for what was described, and for what is announced: its own are read."""
        tagged = with_tags(self.known, [check.seen for check in due if check.wants_tags])
        for check in due:
            yield replace(check, seen=next(tagged)) if check.wants_tags else check

    def _look(self, check: DueCheck) -> Inspection:
        seen = None if check.seen.tags is None else check.seen
        inspection = self.inspector.inspect(check.session, check.state, seen=seen)
        if inspection.decision.verdict is not Verdict.STOP:
            self.follow_up.apply(inspection)
        return inspection

    def _stop(self, stops: Sequence[Inspection], more_time: TimeBudget, report: NotebookSweepReport) -> None:
        announced = self._announced(stops, report)
        counted = [stop for stop in stops if stop.notebook.arn in announced and not _is_refused(stop)]
        if len(counted) > self.max_stops:
            self.announcements.notify_too_many(counted, self.max_stops)
            report.held_back += len(counted)
            return
        left = list(stops)
        while left and (free := self.max_stops - report.stops[StopOutcome.STOPPED]) > 0 and more_time():
            left = [*self._stop_some(left[:free], announced, more_time, report), *left[free:]]
        if report.stops[StopOutcome.STOPPED] >= self.max_stops:  # more than counted: AWS refuses them no more
            report.held_back += len(left)
        else:
            report.carried_over += len(left)

    def _stop_some(
        self,
        stops: Sequence[Inspection],
        announced: Collection[str],
        more_time: TimeBudget,
        report: NotebookSweepReport,
    ) -> Sequence[Inspection]:
        """Stop several at a time; return those that no time was left for."""
        begun = 0
        for inspection, stop in in_order(
            lambda each: self.notebook_stop.stop(each, announced=each.notebook.arn in announced),
            stops,
            self.at_once,
            more_time,
        ):
            begun += 1
            with continue_on_error(report, inspection.notebook.name):
                report.stops[stop()] += 1
        return stops[begun:]

    def _announced(self, stops: Sequence[Inspection], report: NotebookSweepReport) -> Collection[str]:
        """Return the ARNs of those whose announcement has been in Slack for long enough, as far as is known."""
        found: set[str] = set()
        for stop, is_announced in in_order(self.notebook_stop.is_announced, stops, self.at_once, lambda: True):
            with continue_on_error(report, stop.notebook.name):
                if is_announced():
                    found.add(stop.notebook.arn)
        return found


def _is_refused(inspection: Inspection) -> bool:
    """Whether AWS has refused its stop, so that it is not about to be called, as far as is known."""
    pending = inspection.state.pending
    return pending is not None and pending.refused


def _is_due(state: NotebookState, now: datetime) -> bool:
    if state.message and state.message.is_being_sent(now):
        return False
    if state.lease and state.lease.in_force(now):
        return state.pending is not None  # an announced stop that was answered is cancelled
    return state.next_check_at is None or not now < state.next_check_at <= now + LONGEST_WAIT
