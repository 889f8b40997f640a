"""What runs at this moment, and what it costs an hour."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.digest.summary import Running
from sagewatch.idle.ports import NotebookStateReader
from sagewatch.idle.state import NotebookState
from sagewatch.jobs.ports import OpenJobReader
from sagewatch.notebooks.open_costs import OpenSessionCosts, SessionCost
from sagewatch.pricing.book import Rates, for_time
from sagewatch.sagemaker.resources import ResourceKind

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningNowReader:
    """Reads the open jobs, the open sessions of notebooks, and which of those have been announced as idle.

    Jobs at the on-demand price of all their instances: the index does not say which run on spot, or wait to start.
    """

    meter: OpenSessionCosts
    open_jobs: OpenJobReader
    watches: NotebookStateReader

    def read(self) -> Running:
        """Read everything, in every region in use. Raises what the ports raise."""
        in_service = [reading for reading in self.meter.read() if reading.session.in_service]
        hourly = list(self._jobs())
        idle = list(self._idle(in_service))
        return Running(
            jobs=len(hourly),
            jobs_usd=_sum(hourly),
            notebooks=len(in_service),
            notebooks_usd=_sum(reading.hourly.usd for reading in in_service),
            unpriced=hourly.count(None) + sum(reading.hourly.usd is None for reading in in_service),
            idle=len(idle),
            idle_usd=_sum(idle),
        )

    def _jobs(self) -> Iterator[Decimal | None]:
        """An hour of each job. One that rolls up others runs nothing itself."""
        for region in self.meter.all_regions():
            rates = self._rates(region)
            for entry in self.open_jobs.of_region(region):
                if not entry.provisional and not entry.job.kind.is_rollup:
                    yield rates.of_job(entry.job)

    def _idle(self, in_service: Iterable[SessionCost]) -> Iterator[Decimal | None]:
        """What each has cost since it was last used. One that was stopped since it was announced is not there."""
        sessions = {reading.session.arn: reading.session for reading in in_service}
        now = self.meter.clock()
        for region in sorted({session.region for session in sessions.values()}):
            rates = self._rates(region)
            for arn, state in self.watches.of_region(region).items():
                if arn in sessions and state.pending:
                    hourly = rates.of_type(ResourceKind.NOTEBOOK, sessions[arn].instance_type)
                    yield hourly and for_time(hourly, _idled(state, now))

    def _rates(self, region: str) -> Rates:
        return Rates(self.meter.prices.book(region), self.meter.discount_percent)


def _idled(state: NotebookState, now: datetime) -> timedelta:
    since = state.pending.idle_since if state.pending else now
    return max(timedelta(0), now - since)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((usd for usd in amounts if usd is not None), _ZERO)
