"""Gives advice on notebooks that wait for a training job, or that train inside themselves. It never stops one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.clock import Clock, iso
from sagewatch.errors import SageWatchError
from sagewatch.formatting import clock_time, duration, money, utc_once
from sagewatch.idle.announcements import NotebookAnnouncements
from sagewatch.idle.inspection import Inspection
from sagewatch.idle.rates import HourlyRates
from sagewatch.jobs.ports import OpenJobReader
from sagewatch.ledger.ports import TotalReader
from sagewatch.ledger.records import describe_instances
from sagewatch.ledger.totals import NOTHING, DayTotal
from sagewatch.patterns import lazy_pattern
from sagewatch.pricing.book import Rates, for_time
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.ports import Notebooks
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
    ours = [job for job in jobs if _may_be_waited_for(job, inspection, now)]
    rate, small = (rates.of_type(ResourceKind.NOTEBOOK, name) for name in (notebook.instance_type, SMALL))
    if inspection.active is None or not ours or rate is None or small is None or rate <= small:
        return None
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
        job.role_arn is not None
        and job.role_arn == inspection.notebook.role_arn
        and _began_meanwhile(job, inspection, now)
    )


def _began_meanwhile(job: Job, inspection: Inspection, now: datetime) -> bool:
    return (
        job.kind is ResourceKind.TRAINING
        and job.created_at is not None
        and inspection.session.since <= job.created_at <= now - _WAITING
    )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookAdvice:
    """Reads what the advice needs once for a region, and only if one of its notebooks is busy."""

    open_jobs: OpenJobReader
    totals: TotalReader
    notebooks: Notebooks
    announcements: NotebookAnnouncements
    rates: HourlyRates
    clock: Clock
    long_running: timedelta

    def advise(self, region: str, inspections: Sequence[Inspection]) -> None:
        """Send the advice about a region's notebooks. Raises what ``Ledger.put`` does."""
        working = [inspection for inspection in inspections if inspection.active]
        if not working:
            return
        now, rates = self.clock(), self.rates.of_region(region)
        jobs = [entry.job for entry in self.open_jobs.of_region(region) if not entry.provisional]
        long = [inspection for inspection in working if is_overlong(inspection, self.long_running, now)]
        saving = spot_saving(self._days(now)) if long else None
        found = [(each, waits_in_fit(each, jobs, rates, now)) for each in self._with_roles(working, jobs, now)]
        found += [(inspection, trains_inside(inspection, rates, saving, now)) for inspection in long]
        for inspection, advice in found:
            if advice:
                pending = inspection.state.pending
                thread = pending.alert_id if pending else None
                self.announcements.notify(
                    inspection.notebook, advice.headline, advice.sentence, *advice.identity, thread=thread
                )

    def _with_roles(self, working: Sequence[Inspection], jobs: Sequence[Job], now: datetime) -> Iterator[Inspection]:
        """Add the roles that no listing names, where a job runs that a notebook may wait for."""
        for inspection in working:
            waits = any(_began_meanwhile(job, inspection, now) for job in jobs)
            yield self._with_role(inspection) if waits and not inspection.notebook.role_arn else inspection

    def _with_role(self, inspection: Inspection) -> Inspection:
        notebook = inspection.notebook
        try:
            found = self.notebooks.describe(notebook.name, notebook.region, notebook.account)
        except SageWatchError:  # without its role there is no advice; the next inspection asks again
            return inspection
        return replace(inspection, notebook=replace(notebook, role_arn=found.role_arn))

    def _days(self, now: datetime) -> Sequence[DayTotal]:
        """Closed days only: days whose total is still to be formed are left out."""
        today = now.date()
        return list(self.totals.between((today - _ACCOUNTED).isoformat(), today.isoformat()).values())
