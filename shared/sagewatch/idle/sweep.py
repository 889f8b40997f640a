"""Sweeps notebooks: finds idle ones, announces their stop, inspects them again, and stops them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched

from sagewatch.clock import Clock, TimeBudget
from sagewatch.errors import SweepIncompleteError
from sagewatch.idle.advice import NotebookAdvice
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.decision import Verdict
from sagewatch.idle.follow_up import LONGEST_WAIT, FollowUp
from sagewatch.idle.inspection import Inspection, NotebookInspector
from sagewatch.idle.outcomes import NotebookSweepReport, StopOutcome
from sagewatch.idle.ports import NotebookStates
from sagewatch.idle.reconcile import MessageReconciliation
from sagewatch.idle.repair import SessionRepair
from sagewatch.idle.state import NotebookState
from sagewatch.idle.stop import NotebookStop
from sagewatch.notebooks.session import Session
from sagewatch.sagemaker.ports import NotebookLists, Regions, watched_regions
from sagewatch.sweeps import continue_on_error, first_few

_LOOKING_SHARE = 0.7  # of the time; the rest is for inspecting again what will be stopped
_AT_ONCE = 8  # inspections: each mostly waits for AWS, and Describe is throttled per account
_BATCH = 2 * _AT_ONCE  # inspections between two checks of the time that is left


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookSweep:
    """Sweeps the notebook instances of every region in use."""

    lists: NotebookLists
    repair: SessionRepair
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

    def sweep(self, more_time: TimeBudget) -> NotebookSweepReport:
        """Repair sessions, inspect what is due, announce and stop.

        Raises ``SweepIncompleteError``, after everything has been tried, if a failure needs a person.
        """
        report = NotebookSweepReport()
        stops: list[Inspection] = []
        for region in watched_regions(self.home_region, self.regions):
            with continue_on_error(report, region):
                stops += self._region(region, more_time, report)
        self._stop(stops, more_time, report)
        if report.failures:
            raise SweepIncompleteError("; ".join(first_few(report.failures)), outcome=report)
        return report

    def _region(self, region: str, more_time: TimeBudget, report: NotebookSweepReport) -> Sequence[Inspection]:
        running = {notebook.arn: notebook for page in self.lists.in_service(region) for notebook in page}
        report.in_service += len(running)
        sessions = self.repair.repair(region, running, report)
        remembered = self.repair.unreadable.leave_out(self.states.read_region(region), report)
        states = self.reconciliation.reconcile(region, remembered, sessions, report)
        now = self.clock()
        current = {
            arn: states.get(arn, NotebookState(arn=arn)).of_run(sessions[arn].since, notebook.created_at)
            for arn, notebook in running.items()
            if arn in sessions and arn not in report.left_alone
        }
        due = [(sessions[arn], state) for arn, state in current.items() if _due(state, now)]
        due.sort(key=lambda entry: entry[1].next_check_at or now - timedelta(days=365))  # whose turn it was first
        inspections = list(self._look_at(due, more_time, report))
        with continue_on_error(report, f"advice in {region}"):
            self.advice.advise(region, inspections)
        return [inspection for inspection in inspections if inspection.decision.verdict is Verdict.STOP]

    def _look_at(
        self, due: Sequence[tuple[Session, NotebookState]], more_time: TimeBudget, report: NotebookSweepReport
    ) -> Iterator[Inspection]:
        """Inspect several at a time. Act on all but stops, which are counted first. The next sweep takes the rest."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for number, batch in enumerate(batched(due, _BATCH, strict=False)):
                if not more_time(_LOOKING_SHARE):
                    report.carried_over += len(due) - number * _BATCH
                    return
                looks = [pool.submit(self.inspector.inspect, session, state) for session, state in batch]
                for (session, _), look in zip(batch, looks, strict=True):
                    report.looked_at += 1
                    with continue_on_error(report, session.name):
                        inspection = look.result()
                        report.verdicts[inspection.decision.verdict] += 1
                        if inspection.decision.verdict is not Verdict.STOP:
                            self.follow_up.apply(inspection)
                        yield inspection

    def _stop(self, stops: Sequence[Inspection], more_time: TimeBudget, report: NotebookSweepReport) -> None:
        counted = [stop for stop in stops if self._counts(stop, report)]
        if len(counted) > self.max_stops:
            self.announcements.notify_too_many(counted, self.max_stops)
            report.held_back += len(counted)
            return
        for inspection in stops:
            if not more_time():
                report.carried_over += 1
                continue
            if report.stops[StopOutcome.STOPPED] >= self.max_stops:  # more than counted: AWS refuses them no more
                report.held_back += 1
                continue
            with continue_on_error(report, inspection.notebook.name):
                report.stops[self.notebook_stop.stop(inspection)] += 1

    def _counts(self, inspection: Inspection, report: NotebookSweepReport) -> bool:
        """Whether its stop is about to be called, as far as is known: AWS may have refused it before."""
        pending = inspection.state.pending
        with continue_on_error(report, inspection.notebook.name):
            return not (pending and pending.refused) and self.notebook_stop.is_announced(inspection)
        return False


def _due(state: NotebookState, now: datetime) -> bool:
    if state.lease and state.lease.in_force(now):
        return state.pending is not None  # an announced stop that was answered is cancelled
    return state.next_check_at is None or not now < state.next_check_at <= now + LONGEST_WAIT
