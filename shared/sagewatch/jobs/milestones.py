"""Decides which milestones a running job has reached. Each is alerted once.

Hours and dollars have a milestone at each doubling. If a job passed several at once, only the highest is due: it says
what the lower ones would.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sagewatch.formatting import duration, money
from sagewatch.ledger.families import PastRun, family_name, family_of
from sagewatch.pricing.accrual import accrued, running_for
from sagewatch.sagemaker.resources import Job, JobStatus

RUNNING = frozenset({JobStatus.IN_PROGRESS, JobStatus.STOPPING})  # a job in Stopping may upload for hours
LOOKED_BACK_ON = 20  # completed runs of a family
_ENOUGH = 5  # of them, below which nothing is usual
_ABOVE = timedelta(minutes=30)  # short jobs vary: an alert needs at least that much more than usual
_SILENCED = 3  # times LongRunningHours
_PENDING = timedelta(minutes=60)
_SOON = timedelta(minutes=30)
_HOUR = Decimal(3600)
NEXT_ALERT = "; the next alert comes at "  # up to the end of its brackets
# DescribeTrainingJob, SecondaryStatus; others are shown as SageMaker spells them.
_IN_WORDS = {
    "Starting": "Starting (its instances are being started)",
    "LaunchingMLInstances": "LaunchingMLInstances (its instances are being launched)",
    "PreparingTrainingStack": "PreparingTrainingStack (its instances are being prepared)",
    "DownloadingTrainingImage": "DownloadingTrainingImage (its image is being downloaded)",
    "Pending": "Pending (it waits for instances or a warm pool)",
    "Interrupted": "Interrupted (spot capacity was taken away)",
    "Restarting": "Restarting (a failed instance is being replaced)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertThresholds:
    """After how many hours, and from how many USD on, to alert about a running job. 0 USD means never."""

    long_running: timedelta
    burn_usd: Decimal


@dataclass(frozen=True, slots=True)
class Milestone:
    """One thing to report of a job, in one sentence. ``key`` names it for as long as the job runs."""

    key: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FamilyBaseline:
    """How long a family's runs take: ``typical`` is the longest of the ``within`` shortest of ``runs`` completed runs.

    The longest tenth, and at least one run, is left out: a single run that hung must not count as usual.
    """

    typical: timedelta
    within: int
    runs: int

    @property
    def most(self) -> timedelta:
        """Return how long a run may take and still count as usual."""
        return max(2 * self.typical, self.typical + _ABOVE)


def usual_of(past: Sequence[PastRun]) -> FamilyBaseline | None:
    """Return what is usual for a family, from its past runs, newest first; ``None`` if too few of them completed."""
    seconds = sorted(_completed(past)[:LOOKED_BACK_ON])
    if len(seconds) < _ENOUGH:
        return None
    within = len(seconds) - -(-len(seconds) // 10)
    return FamilyBaseline(timedelta(seconds=seconds[within - 1]), within, len(seconds))


def _completed(past: Sequence[PastRun]) -> list[int]:
    return [run.ran_seconds for run in past if run.status is JobStatus.COMPLETED and run.ran_seconds is not None]


def asks_history(job: Job, now: datetime, alerted: Collection[str]) -> bool:
    """Whether the family's past matters: its milestone can be due, and was not alerted before."""
    ran = running_for(job, now)
    return ran is not None and ran > _ABOVE and not job.kind.is_rollup and "family" not in alerted


def due_milestones(  # noqa: PLR0913, PLR0917 - each is one thing known of the job
    job: Job,
    past: Sequence[PastRun],
    hourly: Decimal | None,
    rules: AlertThresholds,
    now: datetime,
    alerted: Collection[str],
) -> Sequence[Milestone]:
    """Return the milestones that are due and not ``alerted``, the highest first. ``hourly`` is ``None`` if unknown.

    A job that rolls up others spends nothing itself and has no limit of its own: only its hours count.
    """
    ran = running_for(job, now)
    if job.status not in RUNNING:
        return ()
    if ran is None:
        due: tuple[Milestone | None, ...] = (_pending(job, now),)
    elif job.kind.is_rollup:
        due = (_long(job, ran, None, rules, alerted),)
    else:
        usual = usual_of(past)
        due = (
            _limit(job, ran),
            _burn(job, ran, hourly, rules, alerted),
            _family(ran, usual),
            _long(job, ran, usual, rules, alerted) if usual is None or ran > _silent_for(usual, rules) else None,
        )
    return tuple(_with_status(job, milestone) for milestone in due if milestone and milestone.key not in alerted)


def _with_status(job: Job, milestone: Milestone) -> Milestone:
    """Add how far the job is, and that it is stopping: it may upload for hours after the stop."""
    if job.progress:
        milestone = Milestone(milestone.key, f"{milestone.sentence}; SageMaker reports {job.progress}")
    if job.status is not JobStatus.STOPPING:
        return milestone
    doing = f" ({job.secondary_status})" if job.secondary_status not in {None, job.status} else ""
    return Milestone(milestone.key, f"{milestone.sentence}; SageMaker says it is Stopping{doing}")


def _silent_for(usual: FamilyBaseline, rules: AlertThresholds) -> timedelta:
    """How long a family's own history keeps LongRunningHours from counting: never beyond three times these hours."""
    return min(usual.most, _SILENCED * rules.long_running)


def _without_history(job: Job) -> str:
    if job.kind.is_rollup:
        return "Its jobs have alerts of their own"
    family = family_name(family_of(job.kind, job.name))
    return f"Fewer than {_ENOUGH} recent runs of {family} have completed, too few to say how long one usually takes"


def _next(job: Job, at: str, after: timedelta | None) -> str:
    """When the next alert comes; nothing if the job is stopping, or its own limit ends it before."""
    limit = timedelta(seconds=job.max_runtime_seconds) if job.max_runtime_seconds and not job.spot else None
    ends_before = limit is not None and after is not None and after >= limit
    return "" if ends_before or job.status is JobStatus.STOPPING else f"{NEXT_ALERT}{at}"


def _limit(job: Job, ran: timedelta) -> Milestone | None:
    """Its own limit is about to end it: less than a tenth of its time or half an hour is left, whichever is less."""
    if not job.max_runtime_seconds:
        return None
    limit = timedelta(seconds=job.max_runtime_seconds)
    left = limit - ran
    if left >= min(limit / 10, _SOON) or ran < limit / 2:
        return None
    when = f"in {_text(left)}" if left > timedelta(0) else "at any moment"
    spot = " (on spot, interruptions do not count and may give it longer)" if job.spot else ""
    return Milestone(
        "limit",
        f"its own limit ends it {when}: it has run for {_text(ran)} of the {_text(limit)} that its MaxRuntimeInSeconds "
        f"allows{spot}. Work not saved in a checkpoint by then is lost. For the next run, raise max_run",
    )


def _burn(
    job: Job, ran: timedelta, hourly: Decimal | None, rules: AlertThresholds, alerted: Collection[str]
) -> Milestone | None:
    if hourly is None or not rules.burn_usd:
        return None
    usd = accrued(hourly, ran)
    level = _highest(rules.burn_usd, usd, "burn", alerted)
    if level is None:
        return None
    at_most = "at most " if job.spot else ""
    return Milestone(
        f"burn#{level:f}",
        f"it has cost {at_most}{money(usd)} so far, past {money(level)} "
        f"(BurnAlertUsd is {money(rules.burn_usd)}{_next(job, money(2 * level), _time_of(2 * level, hourly))})",
    )


def _time_of(usd: Decimal, hourly: Decimal) -> timedelta | None:
    """After how long a job has cost that much."""
    return timedelta(hours=float(usd / hourly)) if hourly else None


def _family(ran: timedelta, usual: FamilyBaseline | None) -> Milestone | None:
    if usual is None or ran <= usual.most:
        return None
    how = "more than twice" if usual.most == 2 * usual.typical else f"over {_text(_ABOVE)} more than"
    return Milestone(
        "family",
        f"it has run for {_text(ran)}, {how} the {_text(usual.typical)} that {usual.within} of the last "
        f"{usual.runs} completed runs of its family stayed within",
    )


def _long(
    job: Job, ran: timedelta, usual: FamilyBaseline | None, rules: AlertThresholds, alerted: Collection[str]
) -> Milestone | None:
    """The family's history comes first: a job that is always long is not alerted while it is within its history."""
    first = Decimal(rules.long_running // timedelta(seconds=1)) / _HOUR
    level = _highest(first, Decimal(ran // timedelta(seconds=1)) / _HOUR, "long", alerted)
    if level is None:
        return None
    why = f", and than the {_text(_silent_for(usual, rules))} that its family's own runs allow" if usual else ""
    return Milestone(
        f"long#{level:f}h",
        f"it has run for {_text(ran)}, longer than {level:f} h{why} (LongRunningHours is {first:f}"
        f"{_next(job, f'{2 * level:f} h', timedelta(hours=float(2 * level)))})"
        f"{'' if usual else f'. {_without_history(job)}'}",
    )


def _pending(job: Job, now: datetime) -> Milestone | None:
    if job.created_at is None or now - job.created_at < _PENDING:
        return None
    status = job.secondary_status or ""
    words = f"SageMaker status: {_IN_WORDS.get(status, status)}" if status else "SageMaker does not say why"
    return Milestone(
        "pending",
        f"it was created {_text(now - job.created_at)} ago and has not started. {words}. Waiting is not billed",
    )


def _highest(first: Decimal, reached: Decimal, ladder: str, alerted: Collection[str]) -> Decimal | None:
    """Return the highest of ``first``, its double and so on that was passed; ``None`` if alerted at that or higher."""
    level = first
    while level * 2 < reached:
        level *= 2
    keys = (re.fullmatch(rf"{ladder}#(\d+(?:\.\d+)?)h?", key) for key in alerted)  # a later release may write others
    before = (Decimal(key[1]) for key in keys if key)
    return _plain(level) if level < reached and level > max(before, default=Decimal(0)) else None


def _plain(level: Decimal) -> Decimal:
    """Drop trailing zeros, so that the key is the same however the parameter was written."""
    return Decimal(f"{level.normalize():f}")


def _text(span: timedelta) -> str:
    return duration(span // timedelta(seconds=1))
