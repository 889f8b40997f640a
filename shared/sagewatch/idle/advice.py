"""Gives advice on notebooks that wait for a training job, or that train inside themselves. It never stops one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.at_once import AT_ONCE, in_order
from sagewatch.clock import Clock, TimeBudget, iso
from sagewatch.errors import SageWatchError
from sagewatch.formatting import clock_time, duration, money, utc_once
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.inspection import Inspection, NotebookInspector
from sagewatch.idle.rates import HourlyRates
from sagewatch.jobs.ports import OpenJobReader
from sagewatch.ledger.ports import TotalReader
from sagewatch.ledger.records import describe_instances
from sagewatch.ledger.totals import NOTHING, DayTotal
from sagewatch.patterns import lazy_pattern
from sagewatch.pricing.book import Rates, for_time
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.notebooks import Notebook
from sagewatch.sagemaker.resources import Job

# The smallest type SageMaker offers for notebooks that is no burst of one CPU: enough to wait with.
SMALL = "ml.t3.medium"
_WAITING = timedelta(minutes=15)  # a shorter job is waited for at no cost worth a message
# Accelerated computing, in AWS's own grouping of instance types: GPUs (p, g), Trainium, Inferentia.
_ACCELERATED = lazy_pattern(r"ml\.(p|g|trn|inf)\d")


@dataclass(frozen=True, slots=True)
class Advice:
    """Advice about a notebook. ``identity`` distinguishes it from other advice about the same notebook."""

    headline: str
    sentence: str
    identity: tuple[str, ...]


def waits_in_fit(inspection: Inspection, jobs: Iterable[Job], rates: Rates, now: datetime) -> Advice | None:
    """Find a notebook that is busy while a training job with its role runs. It may only wait for the job in ``fit``.

    Jobs from before its session cannot have been started in it. Reported at most once a day, because roles are shared.
    """
    notebook = inspection.notebook
    ours = [job for job in jobs if job.role_arn == notebook.role_arn and _may_be_waited_for(job, inspection, now)]
    prices = _prices(notebook, rates)
    if inspection.active is None or not ours or prices is None:
        return None
    rate, small = prices
    job = max(ours, key=lambda job: job.created_at or now)
    more = f" (and {len(ours) - 1} more)" if len(ours) > 1 else ""
    sentence = (
        f"{inspection.active.words}, and training job {job.name}{more} runs with the same role "
        f"on {describe_instances(job)} at {_hourly(rates.of_job(job))}. If the notebook ({notebook.instance_type}, "
        f"{_hourly(rate)}) is only waiting for it in fit(), move it to {SMALL} ({_hourly(small)}), "
        "or start the job with fit(wait=False) and stop the notebook"
    )
    headline = f"Notebook {notebook.name} may only be waiting for a training job"
    return Advice(headline, sentence, (iso(inspection.session.since), iso(now)[:10]))


def _may_be_waited_for(job: Job, inspection: Inspection, now: datetime) -> bool:
    return (
        job.kind is ResourceKind.TRAINING
        and job.role_arn is not None
        and job.created_at is not None
        and inspection.session.since <= job.created_at <= now - _WAITING
    )


def _wants_role(inspection: Inspection, jobs: Iterable[Job], rates: Rates, now: datetime) -> bool:
    """Whether there may be such advice: a job has a role and may be waited for, and waiting can be cheaper."""
    cheaper = _prices(inspection.notebook, rates) is not None
    return cheaper and any(_may_be_waited_for(job, inspection, now) for job in jobs)


def _prices(notebook: Notebook, rates: Rates) -> tuple[Decimal, Decimal] | None:
    """Return what an hour of a notebook costs, and of the small one, if that is known to be less."""
    rate, small = (rates.of_type(ResourceKind.NOTEBOOK, name) for name in (notebook.instance_type, SMALL))
    return None if rate is None or small is None or rate <= small else (rate, small)


def is_overlong(inspection: Inspection, limit: timedelta, now: datetime) -> bool:
    """Whether a notebook has accelerators, and every inspection for longer than ``limit`` found it busy."""
    kind, since = inspection.notebook.instance_type, inspection.state.busy_since
    return (
        inspection.active is not None
        and since is not None
        and now - since > limit
        and _ACCELERATED.match(kind or "") is not None
    )


def trains_inside(inspection: Inspection, rates: Rates, saving: Decimal | None, now: datetime) -> Advice | None:
    """Say what the same hours would cost as a training job, which ends by itself and can run on spot.

    ``saving`` is what ``spot_saving`` returns.
    """
    kind, since = inspection.notebook.instance_type, inspection.state.busy_since
    rate = rates.of_type(ResourceKind.TRAINING, kind)
    if inspection.active is None or since is None or rate is None:
        return None
    seconds, on_demand = int((now - since).total_seconds()), for_time(rate, now - since)
    spot = (
        ". The saving on spot is unknown, because no spot job ran in the last 30 days"
        if saving is None
        else f". Spot would cost about {money(on_demand * (1 - saving))}: it saved {saving:.0%} in the last 30 days"
    )
    own = rates.of_type(ResourceKind.NOTEBOOK, kind)
    sentence = utc_once(
        f"it has been busy on {kind} ({_hourly(own)}) for {duration(seconds)}: every inspection since "
        f"{clock_time(since, now)} found it busy ({inspection.active.words}). If this is training, run it as a "
        f"training job: the same {duration(seconds)} would cost {money(on_demand)}, and billing ends with the job{spot}"
    )
    return Advice(f"Notebook {inspection.notebook.name} seems to train inside itself", sentence, (iso(since),))


def spot_saving(totals: Iterable[DayTotal]) -> Decimal | None:
    """Return the share of their on-demand price that spot training jobs saved; ``None`` if none ran.

    SageMaker bills an interrupted job for all its attempts, so the share includes the cost of interruptions.
    """
    spends = (spend for total in totals for cell, spend in total.cells.items() if cell.kind is ResourceKind.TRAINING)
    whole = sum(spends, NOTHING)
    on_demand = whole.spot_cost_usd + whole.spot_savings_usd
    return whole.spot_savings_usd / on_demand if on_demand else None


def _hourly(rate: Decimal | None) -> str:
    return "an unknown price" if rate is None else f"{money(rate)}/h"


_ACCOUNTED = timedelta(days=30)


type _Question = Callable[[Inspection], Advice | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookAdvice:
    """Reads what the advice needs once for a region, and only if one of its notebooks is busy."""

    open_jobs: OpenJobReader
    totals: TotalReader
    inspector: NotebookInspector
    announcements: NotebookAnnouncements
    rates: HourlyRates
    clock: Clock
    long_running: timedelta
    at_once: int = AT_ONCE

    def advise(self, region: str, inspections: Sequence[Inspection], more_time: TimeBudget) -> None:
        """Send the advice about a region's notebooks while there is time; the next inspections give the rest.

        Raises what ``Ledger.put`` does.
        """
        working = [inspection for inspection in inspections if inspection.active]
        if not working or not more_time():
            return
        now, rates = self.clock(), self.rates.of_region(region)
        jobs = [entry.job for entry in self.open_jobs.of_region(region) if not entry.provisional]
        long = [inspection for inspection in working if is_overlong(inspection, self.long_running, now)]
        saving = spot_saving(self._days(now)) if long else None

        def waits(inspection: Inspection) -> Advice | None:
            return waits_in_fit(inspection, jobs, rates, now)

        def trains(inspection: Inspection) -> Advice | None:
            return trains_inside(inspection, rates, saving, now)

        inspector, wanting = self.inspector, [each for each in working if _wants_role(each, jobs, rates, now)]
        asked = [(inspection, inspector.with_role, waits) for inspection in wanting]
        asked += [(inspection, inspector.by_own_tags, trains) for inspection in long]
        for _, sent in in_order(lambda each: self._ask(*each), asked, self.at_once, more_time):
            sent()

    def _ask(self, inspection: Inspection, look: Callable[[Inspection], Inspection], question: _Question) -> None:
        """Send an advice that still holds by the notebook's own tags of this moment."""
        try:
            inspection = look(inspection)
            advice = question(inspection)
            if advice and inspection.older_tags:
                inspection = self.inspector.by_own_tags(inspection)
                advice = question(inspection)
        except SageWatchError:  # what cannot be read gets no advice; the next inspection asks again
            return
        if advice:
            pending = inspection.state.pending
            thread = pending.alert_id if pending else None
            self.announcements.notify(
                inspection.notebook, advice.headline, advice.sentence, *advice.identity, thread=thread
            )

    def _days(self, now: datetime) -> Sequence[DayTotal]:
        """Closed days only: days whose total is still to be formed are left out."""
        today = now.date()
        return list(self.totals.between((today - _ACCOUNTED).isoformat(), today.isoformat()).values())
