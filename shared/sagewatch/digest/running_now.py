"""What is running now, and its cost per hour."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from sagewatch.budgets.budget import OpenCost, month_start
from sagewatch.clock import Clock
from sagewatch.digest.summary import Running, Standing, StandingPart
from sagewatch.idle.ports import NotebookStateReader
from sagewatch.idle.state import NotebookState
from sagewatch.jobs.ports import OpenJobReader
from sagewatch.notebooks.open_costs import OpenSessionCosts, SessionCost
from sagewatch.notebooks.session import accrued
from sagewatch.pricing.book import for_time
from sagewatch.pricing.job_cost import stored
from sagewatch.pricing.ports import Prices
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.resources import Job, account_of
from sagewatch.standing.decision import Use
from sagewatch.standing.open_costs import StandingCost, StandingCosts

_ZERO = Decimal(0)
_TOP_STANDING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningNowReader:
    """Reads the open jobs, the open sessions of notebooks, and which of those SageWatch announced as idle.

    A job counts from its creation at the on-demand price of all its instances, because the index does not say when it
    started or whether it runs on spot. Jobs that no instance hours are billed for, prepaid or free, are left out.
    """

    meter: OpenSessionCosts
    open_jobs: OpenJobReader
    watches: NotebookStateReader
    standing: StandingCosts
    prices: Prices
    clock: Clock

    def read(self) -> Running:
        """Read everything, in every region in use. Raises what the ports raise."""
        in_service = [reading for reading in self.meter.read() if reading.session.in_service]
        jobs = list(self._jobs())
        hourly = [usd for _, usd in jobs]
        idle = list(self._idle(in_service))
        standing = list(self.standing.read())
        return Running(
            jobs=len(hourly),
            jobs_usd=_sum(hourly),
            notebooks=len(in_service),
            notebooks_usd=_sum(reading.hourly.usd for reading in in_service),
            unpriced=hourly.count(None) + sum(reading.hourly.usd is None for reading in in_service),
            idle=len(idle),
            idle_usd=_sum(idle),
            so_far_usd=stored(_sum([*(reading.usd for reading in in_service), *map(self._so_far, jobs)])),
            standing=_standing(standing),
        )

    def open_costs(self, day: date, until: datetime) -> Iterator[OpenCost]:
        """Yield what open work has cost in the month of a day, up to a time. Raises what the ports raise.

        A session counts the part of it that lies in the month and in no row, as its next row will. A job counts as a
        whole in the month it ends in, which is this one as long as the month is not over; the index does not say who
        owns it.
        """
        start = month_start(day)
        for reading in self.meter.read():
            since = max(reading.session.unbooked_since, start)
            if since < until:
                rates = self.prices.rates(reading.session.scope)
                cost = accrued(replace(reading.session, since=since), until, rates)
                session, hourly = reading.session, reading.hourly.usd or _ZERO
                yield OpenCost(session.owner, cost.usd or _ZERO, hourly, account_of(session.arn))
        for standing in self.standing.read(since=start, until=until):
            kept, hourly = standing.session, standing.hourly.usd or _ZERO
            yield OpenCost(kept.owner, standing.so_far or _ZERO, hourly, kept.account)
        if start.month == until.month:
            for job in self._jobs():
                yield OpenCost(None, self._so_far(job), job[1] or _ZERO, account_of(job[0].arn))

    def _so_far(self, job: tuple[Job, Decimal | None]) -> Decimal:
        started, hourly = job[0].created_at, job[1]
        if started is None or hourly is None:
            return _ZERO
        return for_time(hourly, max(timedelta(0), self.clock() - started))

    def _jobs(self) -> Iterator[tuple[Job, Decimal | None]]:
        """Each billed job with the price of an hour. A job that rolls up others runs nothing itself."""
        for region in self.meter.all_regions():
            rates = self.prices.rates(region)
            for entry in self.open_jobs.of_region(region):
                if not entry.provisional and not entry.unbilled and not entry.job.kind.is_rollup:
                    yield entry.job, rates.of_job(entry.job)

    def _idle(self, in_service: Iterable[SessionCost]) -> Iterator[Decimal | None]:
        """What each notebook cost since its last activity. Notebooks stopped since their warning are skipped."""
        sessions = {reading.session.arn: reading.session for reading in in_service}
        now = self.clock()
        for region in sorted({session.scope for session in sessions.values()}):
            rates = self.prices.rates(region)
            for arn, state in self.watches.of_region(region).items():
                if arn in sessions and state.pending:
                    hourly = rates.of_type(ResourceKind.NOTEBOOK, sessions[arn].instance_type)
                    yield hourly and for_time(hourly, _idled(state, now))


def _standing(costs: Sequence[StandingCost]) -> Standing:
    priced = [cost for cost in costs if cost.hourly.usd is not None]
    idle = [cost for cost in costs if cost.session.use is Use.IDLE]
    expensive = sorted(priced, key=lambda cost: cost.hourly.usd or _ZERO, reverse=True)[:_TOP_STANDING]
    return Standing(
        count=len(costs),
        usd=stored(_sum(cost.hourly.usd for cost in priced)),
        unpriced=sum(cost.hourly.usd is None and cost.session.covered is None for cost in costs),
        idle=len(idle),
        idle_usd=stored(_sum(cost.hourly.usd for cost in idle)),
        top=tuple(
            StandingPart(cost.session.kind, cost.session.name, cost.session.owner, stored(cost.hourly.usd or _ZERO))
            for cost in expensive
        ),
    )


def _idled(state: NotebookState, now: datetime) -> timedelta:
    since = state.pending.idle_since if state.pending else now
    return max(timedelta(0), now - since)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((usd for usd in amounts if usd is not None), _ZERO)
