"""Tells what is worth saying of notebooks that work while training jobs do, or that train inside themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sagewatch.advice import is_overlong, spot_saving, trains_inside, waits_in_fit
from sagewatch.incidents import Incidents
from sagewatch.looker import Case
from sagewatch.ports import Clock
from sagewatch.stores import KeptTotals, OpenJobList
from sagewatch.totals import DayTotal

_ACCOUNTED = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adviser:
    """Asks what the two findings need, once for all notebooks of a region, and only where one of them works."""

    open_jobs: OpenJobList
    totals: KeptTotals
    incidents: Incidents
    clock: Clock
    long_running: timedelta

    def advise(self, region: str, cases: Sequence[Case]) -> None:
        """Tell what there is to say of the notebooks of a region. Raises what ``Ledger.put`` does."""
        working = [case for case in cases if case.active]
        if not working:
            return
        now, rates = self.clock(), self.incidents.rates(region)
        jobs = [entry.job for entry in self.open_jobs.of_region(region) if not entry.provisional]
        long = [case for case in working if is_overlong(case, self.long_running, now)]
        saving = spot_saving(self._days(now)) if long else None
        found = [(case, waits_in_fit(case, jobs, rates, now)) for case in working]
        found += [(case, trains_inside(case, rates, saving, now)) for case in long]
        for case, advice in found:
            if advice:
                thread = case.watched.warned.alert_id if case.watched.warned else None
                self.incidents.tell(case.notebook, advice.headline, advice.sentence, *advice.identity, thread=thread)

    def _days(self, now: datetime) -> Sequence[DayTotal]:
        """Closed days only: days whose total is still to be formed are left out."""
        today = now.date()
        return list(self.totals.between((today - _ACCOUNTED).isoformat(), today.isoformat()).values())
