"""A random history of training jobs and tuning jobs: the truth, what SageWatch sees of it, and what is wrong."""

import random
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from sagewatch.alerts.base import alert_id
from sagewatch.alerts.jobs import EndedJobAlert
from sagewatch.clock import iso
from sagewatch.errors import (
    JobNotFoundError,
    MalformedEventError,
    RetryableError,
    SageWatchError,
    SweepIncompleteError,
    ThrottledError,
    UnavailableError,
    UnreadableError,
)
from sagewatch.jobs.alerts import JobRunsAlert
from sagewatch.ledger.queries import GroupBy, LedgerQueries, LedgerQuery
from sagewatch.ledger.records import CostRecord, RecordedBy
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus, Key
from tests.worlds.builders import ACCOUNT, a_job, enough_for, no_time_limit
from tests.worlds.jobs import RULES, JobWorld

if TYPE_CHECKING:
    from sagewatch.jobs.sweep_run import JobSweepReport

PARENT = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:hyper-parameter-tuning-job/hpo"
BAD = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/bad"
BEGIN = datetime(2026, 11, 10, 8, tzinfo=UTC)
REPORT_USD = Decimal(1)
_MOST = 12  # jobs in one history
_CHANGING = ("put", "send", "save", "remove", "mark_provisional", "mark_alerted")
_SECOND, _MINUTE, _PENDING = timedelta(seconds=1), timedelta(seconds=61), timedelta(hours=1)
_INSTANT = timedelta(microseconds=1)  # it may start in the moment of an inspection, right after it
_NEWS = timedelta(hours=40)  # before the end of a history; older ends may be recorded when they are no news
_KINDS = {ResourceKind.TRAINING: "training-job", ResourceKind.TUNING: "hyper-parameter-tuning-job"}


class Killed(BaseException):
    """The process is gone, here and now."""


@dataclass
class Life:
    """One job as SageMaker knows it: the truth."""

    name: str
    created: datetime
    spot: bool = False
    pool: int = 0
    tuner: "Life | None" = None
    kind: ResourceKind = ResourceKind.TRAINING
    started: datetime | None = None
    ended: datetime | None = None
    status: JobStatus = JobStatus.IN_PROGRESS
    deleted: bool = False
    uncounted: bool = False  # SageMaker never says what is billed of some jobs
    settled: bool = False  # its row was right and final before it was deleted
    odd: bool = False  # Describe answers with something that cannot be read, as long as faults last

    @property
    def arn(self) -> str:
        """As AWS writes it."""
        return f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:{_KINDS[self.kind]}/{self.name}"

    @property
    def key(self) -> Key:
        """The key its row must have."""
        return self.arn, iso(self.created)

    @property
    def elapsed(self) -> int:
        """Seconds from its start to its end."""
        return int((self.ended - self.started).total_seconds()) if self.started and self.ended else 0

    @property
    def billed(self) -> int:
        """Seconds; spot bills a third. Where nothing says what is billed, it is all the time that it ran."""
        return self.elapsed // 3 if self.spot and not self.uncounted else self.elapsed

    @property
    def cost(self) -> Decimal:
        """Two ml.m5.xlarge, $0.46 an hour, and as much for the time in the warm pool."""
        return _usd(self.billed + self.pooled(None))

    def may_cost(self, usd: Decimal | None) -> bool:
        """Whether a report of it may name that amount: its event alone does not know what was billed."""
        pool = self.pooled(None)
        return usd is None or any(_usd(base) <= usd <= _usd(base + pool) for base in (self.billed, self.elapsed))

    def pooled(self, now: datetime | None) -> int:
        """Seconds in the warm pool by then, or in all: only what ran to its end is kept."""
        kept = self.pool if self.status is JobStatus.COMPLETED else 0
        return kept if now is None or self.ended is None else min(kept, int((now - self.ended).total_seconds()))

    def runs_at(self, moment: datetime) -> bool:
        """Whether it had been created by then, and had not ended."""
        return self.created <= moment and (self.ended is None or moment <= self.ended)

    def is_late_at(self, moment: datetime) -> bool:
        """Whether people are alerted to it then: it has been running for long, or has not started."""
        if not self.runs_at(moment):
            return False
        if self.started is None or moment < self.started:
            return moment - self.created >= _PENDING - _INSTANT
        return moment - self.started > RULES.long_running

    def seen(self, now: datetime, *, described: bool) -> Job:
        """The job as Describe or an event shows it at that time."""
        ended = self.ended is not None and now >= self.ended
        failed = ended and self.status is JobStatus.FAILED
        job = a_job(
            kind=self.kind,
            name=self.name,
            arn=self.arn,
            status=self.status if ended else JobStatus.IN_PROGRESS,
            secondary_status=None,
            created_at=self.created,
            started_at=self.started if self.started and now >= self.started else None,
            ended_at=self.ended if ended else None,
            modified_at=self.ended if ended else self.created,
            groups=(InstanceGroup("ml.m5.xlarge", 2),),
            billable_seconds=self.billed if described and ended and self.started and not self.uncounted else None,
            training_seconds=None,
            spot=self.spot if described else None,
            parent_arn=PARENT if self.tuner else None,
            keep_alive_seconds=self.pool or None,
            warm_pool_status=self._pool_status(now) if described and ended else None,
            warm_pool_seconds=self.pooled(now) if described and ended and self.pool else None,
            failure_reason="AlgorithmError: x" if failed else None,
            described=described,
            tags=None if described else {"owner": "ana"},
        )
        return job if self.kind is ResourceKind.TRAINING else replace(job, groups=(), billable_seconds=None, spot=None)

    def _pool_status(self, now: datetime) -> str | None:
        if not self.pool:
            return None
        return "Terminated" if self.pooled(now) == self.pooled(None) else "Available"


def _usd(seconds: int) -> Decimal:
    return (Decimal("0.46") * seconds / 3600).quantize(Decimal("1e-10"))


class History:
    """One random history, and the world that SageWatch sees of it."""

    def __init__(self, seed: int) -> None:
        """Draw how often calls are throttled, the process is killed, a sweep is cut off, and an end has an event."""
        self.rng = random.Random(seed)  # noqa: S311 - a test's dice
        self.world, self.lives = JobWorld(), list[Life]()
        recorder = replace(self.world.recorder, report_usd=REPORT_USD)
        inspector = replace(self.world.job_sweep.inspector, recorder=recorder)
        self.world.recorder, self.world.job_sweep = recorder, replace(self.world.job_sweep, inspector=inspector)
        self.events: list[tuple[Life, datetime]] = []
        self.dead: list[tuple[Life, datetime]] = []
        self.missed: list[str] = []
        self.calm = self._sweeping = False
        self.throttled, self.killed = self.rng.choice([0, 0, 0.02, 0.08, 0.2]), self.rng.choice([0, 0, 0.02, 0.1, 0.3])
        self.cut, self.odd = self.rng.choice([0, 0.3]), self.rng.choice([0, 0, 0.3])
        self.reported = self.rng.choice([0.2, 0.75, 0.95])
        self.world.now = BEGIN + timedelta(seconds=self.rng.randrange(86_400))
        if self.rng.random() < 0.3:
            self.world.open_jobs.unreadable.add(f"{BAD}#x")
            self.world.lists.unreadable = [UnreadableError("a listed training job: TrainingJobName: bad")]
        self._break()

    def _break(self) -> None:
        world: Any = self.world
        world.jobs.describe, world.jobs.tags = self._describe, lambda *_: {"owner": "ana"}
        world.lists.created_since, world.alerts.send = self._listed, partial(self._sent, world.alerts.send)
        stores: Sequence[tuple[Any, Sequence[str]]] = (
            (world.ledger, ("put", "recorded", "runs_of", "of", "save", "amounts_of_day", "amounts_of_children")),
            (world.marks, ("add", "remove", "all")),
            (world.totals, ("save",)),
            (
                world.open_jobs,
                ("add_all", "add", "remove", "mark_provisional", "mark_alerted", "tracked", "find", "after"),
            ),
            (world.alerts, ("send",)),
            (world.files, ("archive",)),
            (world.checkpoints, ("read", "save")),
            (world.cursors, ("read", "save")),
            (world.regions, ("add",)),
            (world.jobs, ("describe", "tags")),
        )
        calls = [(store, name) for store, names in stores for name in names]
        for name in ("amounts_of_day", "amounts_of_children"):
            setattr(world.ledger, name, partial(self._meanwhile, getattr(world.ledger, name)))
        # One call fails most of the time, so that it counts what was done before it.
        changing = [call for call in calls if call[1] in _CHANGING]
        weak = self.rng.choice([None, *calls, *changing, *changing, *changing])
        for store, name in calls:
            setattr(store, name, self._faulty(getattr(store, name), weak=(store, name) == weak))

    def _faulty(self, real: Callable[..., Any], *, weak: bool) -> Callable[..., Any]:
        """A call that is throttled, or whose process is killed, before or after it took effect."""

        def call(*args: Any, **kwargs: Any) -> Any:
            dice = self.rng.random()
            self._fault(dice, weak=weak)
            answer = real(*args, **kwargs)
            self._fault(1 - dice, weak=weak)
            return answer

        return call

    def _fault(self, dice: float, *, weak: bool = False) -> None:
        throttled, killed = (0.5, 0.1) if weak and not self.calm else (self.throttled, self.killed)
        if dice < throttled / 2:
            raise self.rng.choice([ThrottledError, UnavailableError])("a fault")
        if dice < (throttled + killed) / 2:
            raise Killed

    def _describe(self, job: Job) -> Job:
        for life in reversed(self.lives):
            if (life.kind, life.name) == (job.kind, job.name) and not life.deleted:
                if life.odd:
                    raise MalformedEventError("TrainingJobStatus: odd")
                return life.seen(self.world.now, described=True)
        raise JobNotFoundError(job.name)

    def _listed(
        self, kind: ResourceKind, region: str, since: datetime, before: datetime | None = None
    ) -> Iterator[Sequence[ListedJob | UnreadableError]]:
        del region
        there = [life for life in self.lives if life.kind is kind and not life.deleted]
        jobs = [ListedJob(kind=kind, name=life.name, arn=life.arn, created_at=life.created) for life in there]
        jobs = [job for job in jobs if job.created_at > since and (before is None or job.created_at < before)]
        jobs.sort(key=lambda job: job.created_at, reverse=True)
        for first in range(0, max(1, len(jobs)), 2):
            self._fault(self.rng.random())
            yield [*jobs[first : first + 2], *self.world.lists.unreadable]

    def play(self) -> None:
        """Play the history; then all jobs end, faults cease an hour later, and events and sweeps continue for a day."""
        actions = [
            self._create,
            self._create_twice,
            self._start,
            self._end,
            self._delete,
            self._deliver,
            self._sweep,
            self._next_tuner,
        ]
        for _ in range(self.rng.randrange(20, 120)):
            self.rng.choice(actions)()
            self.world.now += timedelta(seconds=self.rng.choice([0, 1, 10, 30, 60, 600, 3600, 4 * 3600]))
        while any(life.ended is None for life in self.lives):
            self._end()
            self._end_tuner()
            self.world.now += _SECOND
        for _ in range(4):
            self._sweep()
            self.world.now += timedelta(minutes=15)
        self._calm_down()
        steps = [timedelta(hours=hours) for hours in [0.25] * 30 + [1.0] * 20]
        while steps:
            self._sweep()
            self.world.now += self._next_step(steps)
            for _ in range(len(self.events)):
                self._deliver()

    def _calm_down(self) -> None:
        """Faults cease, and a person returns what lies in the dead-letter queue."""
        self.throttled = self.killed = self.cut = 0
        self.calm = True
        for life in self.lives:
            life.odd = False
        self.events.extend(self.dead)

    def _next_step(self, steps: list[timedelta]) -> timedelta:
        """Return the time to the next sweep: longer once each end is recorded and no event is on its way."""
        open_jobs = self.world.open_jobs.of_region("us-east-1")
        busy = self.events or any(not entry.provisional for entry in open_jobs)
        count = 1 if busy else 10
        taken, steps[:count] = steps[:count], []
        return sum(taken, timedelta(0))

    @property
    def _tuner(self) -> Life | None:
        """The tuning job that runs."""
        return next((life for life in self.lives if life.kind is ResourceKind.TUNING and life.ended is None), None)

    def _create(self) -> None:
        self._create_named(self.rng.choice("abcde"))

    def _create_named(self, name: str) -> Life | None:
        """A name is free once its job is deleted."""
        of_name = [life for life in self.lives if life.name == name]
        if len(self.lives) >= _MOST or not all(self._is_over(life) for life in of_name):
            return None
        pool, child = self.rng.choice([0, 0, 600, 7200]), self.rng.random() < 0.3
        life = Life(name, self.world.now, self.rng.random() < 0.3, pool, self._tuner if child else None)
        life.odd = self.rng.random() < self.odd
        self.lives.append(life)
        self._announce(life, 0.9)
        return life

    def _create_twice(self) -> None:
        """A job ends within seconds, is deleted and created again, with a sweep and events in between or without."""
        life = self._create_named(self.rng.choice("abcde"))
        if life is None or life.tuner:
            return
        for step in (self._start, self._sweep, self._deliver):
            if self.rng.random() < 0.5:
                step()
        self.world.now += timedelta(seconds=self.rng.randrange(1, 20))
        if self._may_end(life):
            self._end_life(life)
        for step in (self._deliver, self._sweep, self._deliver):
            if self.rng.random() < 0.5:
                step()
        if life.ended and life.key in self._known():
            self._delete_life(life)
        self.world.now += timedelta(seconds=self.rng.randrange(1, 20))
        self._create_named(life.name)

    def _is_over(self, life: Life) -> bool:
        """Whether its name may be used again.

        Within a minute only if its end is on record or will be: reports of two jobs may be those of one then, because
        clocks differ, and only their ends tell them apart.
        """
        if not life.deleted or life.ended is None:
            return False
        told = life.key in self.world.ledger.rows or (life, life.ended) in self.events
        age = self.world.now - life.created
        return age > _MINUTE or (told and self.world.now - life.ended >= _SECOND)

    def _start(self) -> None:
        for life in self.lives:
            if life.started is None and life.ended is None and life.kind is ResourceKind.TRAINING:
                life.started = self.world.now
                self._announce(life, 0.7)
                return

    def _end(self) -> None:
        running = [life for life in self.lives if life.ended is None and self._may_end(life)]
        if running:
            self._end_life(self.rng.choice(running))

    def _end_life(self, life: Life) -> None:
        ends = [JobStatus.COMPLETED] * bool(life.started) + [JobStatus.FAILED, JobStatus.STOPPED]
        life.ended, life.status = self.world.now, self.rng.choice(ends)
        life.uncounted = self.rng.random() < 0.2
        self._announce(life, self.reported)
        self._announce(life, self.reported / 3)

    def _may_end(self, life: Life) -> bool:
        """Two jobs of a name created within a minute end further apart; a child ends after its parent began."""
        if life.kind is not ResourceKind.TRAINING or (life.tuner and self.world.now - life.tuner.created < _SECOND):
            return False
        earlier = [other for other in self.lives if other.name == life.name and other is not life]
        near = (other for other in earlier if abs(life.created - other.created) <= _MINUTE)
        return all(other.ended and self.world.now - other.ended > _MINUTE for other in near)

    def _next_tuner(self) -> None:
        """End a tuning job whose children have ended, or use its name again."""
        if self._tuner:
            if self.rng.random() < 0.3:
                self._end_tuner()
                self._sweep()
                self.world.now += _MINUTE
            if self.rng.random() < 0.5:
                return
        tuners = [life for life in self.lives if life.kind is ResourceKind.TUNING]  # an open one is not recorded
        recorded = all(life.key in self.world.ledger.rows and life.ended for life in tuners)
        if recorded and all(life.ended and self.world.now - life.ended > _MINUTE for life in tuners):
            for life in tuners:
                life.deleted = True
            tuner = Life("hpo", self.world.now, kind=ResourceKind.TUNING)
            tuner.started = tuner.created
            self.lives.append(tuner)
            self._announce(tuner, 0.9)
            self.world.now += timedelta(seconds=self.rng.randrange(2, 400))
            self._create()
            self._end()

    def _end_tuner(self) -> None:
        """It waits for its children."""
        tuner = self._tuner
        if tuner and all(life.ended for life in self.lives if life.tuner is tuner):
            tuner.ended, tuner.status = self.world.now, self.rng.choice([JobStatus.COMPLETED, JobStatus.STOPPED])
            self._announce(tuner, self.reported)

    def _announce(self, life: Life, chance: float) -> None:
        if self.rng.random() < chance:
            self.events.append((life, self.world.now))

    def _delete(self) -> None:
        """Only jobs that are known: without an event and a listing, nothing could be recorded.

        A job that is deleted before its end was read has a row without an amount, until its event arrives.
        """
        known = self._known()
        jobs = [life for life in self.lives if life.kind is ResourceKind.TRAINING]
        ended = [life for life in jobs if life.ended and not life.deleted and life.key in known]
        if ended and self.rng.random() < 0.4:
            self._delete_life(self.rng.choice(ended))

    def _delete_life(self, life: Life) -> None:
        row = self.world.ledger.rows.get(life.key)
        life.deleted, life.settled = True, row is not None and row.pricing is PricingStatus.PRICED

    def _deliver(self) -> None:
        if not self.events:
            return
        event = self.events.pop(self.rng.randrange(len(self.events)))
        reported = event[0].seen(event[1], described=False)
        recorder: Any = self.world.recorder
        try:
            if reported.status.ended:
                recorder.record(recorder._complete(reported), RecordedBy.EVENT)  # noqa: SLF001 - an event without JSON
            else:
                recorder._track(reported)  # noqa: SLF001 - as above
        except (RetryableError, Killed):
            self.events.append(event)
        except MalformedEventError:
            self.dead.append(event)

    def _sweep(self) -> None:
        cut, known = self.rng.random() < self.cut, self._known()
        self._sweeping = True
        try:
            report = self.world.job_sweep.sweep(enough_for(self.rng.randrange(3, 40)) if cut else no_time_limit)
        except SweepIncompleteError as exc:
            report = cast("JobSweepReport", exc.outcome)
        except (SageWatchError, Killed):
            return
        finally:
            self._sweeping = False
        if report.complete and not report.postponed and all("cannot read" in failure for failure in report.failures):
            untold = (life for life in self._untold() if life.key in known)
            self.missed.extend(f"{life.key}: untold by a sweep that left nothing" for life in untold)

    def _known(self) -> AbstractSet[Key]:
        """The jobs that SageWatch tracks or has recorded; a listing that was cut off finds others a sweep later."""
        return self.world.ledger.rows.keys() | self.world.open_jobs.jobs.keys()

    def _untold(self) -> Iterator[Life]:
        """The jobs people should be alerted to by now: each runs for long, or failed lately and no event will tell."""
        now, sent = self.world.now, {alert.alert_id for alert in self.world.alerts.sent}
        for life in self.lives:
            if life.deleted or life.odd or any(_is_near(other, life.created) for other in self._others(life)):
                continue
            late = life.ended is None and life.is_late_at(now)
            if late and not any((alert.arn, alert.created_at) == life.key for alert in self.world.told):
                yield life
            failed = life.status is JobStatus.FAILED and life.ended and now - life.ended < timedelta(days=1)
            retried = any(other is life for other, _ in (*self.events, *self.dead))
            if failed and not retried and alert_id("job-failed", *life.key) not in sent:
                yield life

    def _others(self, life: Life) -> Iterator[Life]:
        return (other for other in self.lives if other is not life and other.arn == life.arn)

    def _meanwhile(self, real: Callable[..., Any], *args: Any) -> Any:
        """Read rows; an event may be recorded before they are added up."""
        rows = list(real(*args))
        if self.rng.random() < 0.5:
            self._sweeping = False
            self._deliver()
            self._sweeping = True
        return iter(rows)

    def _sent(self, send: Callable[[Any], None], alert: Any) -> None:
        """Queue an alert. Its reader may look for the row at once."""
        if isinstance(alert, EndedJobAlert):
            kinds = ("job-failed", "job-report")
            lives = [life for life in self.lives for kind in kinds if alert.alert_id == alert_id(kind, *life.key)]
            self.missed.extend(f"{alert.alert_id}: {why}" for life in lives for why in self._too_early(alert, life))
        send(alert)

    def _too_early(self, alert: EndedJobAlert, life: Life) -> Iterator[str]:
        now = self.world.now
        if life.key not in self.world.ledger.rows:
            yield "reported before its row was written"
        if alert.alert_id.startswith("job-report") and life.pooled(now) < life.pooled(None):
            yield "its cost is reported before its warm pool ended"
        if self._sweeping and life.ended and now - life.ended > timedelta(days=1):
            yield "a sweep reports what is no news"

    def wrong(self) -> Iterator[str]:
        """Yield what differs from the truth."""
        rows = {key: row for key, row in self.world.ledger.rows.items() if key[0] != PARENT}
        yield from self.missed
        yield from self._wrong_sums(list(rows.values()))
        yield from self._wrong_alerts()
        if self.world.ledger.rows.keys() != {life.key for life in self.lives}:
            yield f"rows {sorted(self.world.ledger.rows.keys() ^ {life.key for life in self.lives})}"
        yield from (f"still open: {entry.job.name}" for entry in self._left_open())
        for life in self.lives:
            row = self.world.ledger.rows.get(life.key)
            if row and not _is_true(row, life):
                yield f"{life.key}: {row.status} {row.cost_usd}, not {life.status} {life.cost}"

    def _left_open(self) -> Iterator[Any]:
        return (entry for entry in self.world.open_jobs.of_region("us-east-1") if not entry.provisional)

    def _wrong_alerts(self) -> Iterator[str]:
        """Each late failure and each expensive job is reported, nothing else is, and each amount is one it may have."""
        sent = {alert.alert_id: alert for alert in self.world.alerts.sent}
        names = {alert_id(kind, *life.key): life for life in self.lives for kind in ("job-failed", "job-report")}
        for life in self.lives:
            lately = life.ended and not life.deleted and self.world.now - life.ended < _NEWS
            for kind in _alerts_of(life) if lately else ():
                if alert_id(kind, *life.key) not in sent:
                    yield f"{life.key}: no {kind}"
        for name, alert in sent.items():
            if isinstance(alert, EndedJobAlert):
                yield from _wrong_alert(alert, names.get(name), self.world.told)
            elif isinstance(alert, JobRunsAlert):
                moments = [at - instant for at in [alert.happened_at] if at for instant in (timedelta(0), _INSTANT)]
                created = datetime.fromisoformat(alert.created_at)
                near = [life for life in self.lives if life.arn == alert.arn and _is_near(life, created)]
                if not any(life.is_late_at(moment) for life in near for moment in moments):
                    yield f"{name}: {alert.sentences} of no such job"
            else:
                yield f"{name} is no alert of these jobs"

    def _wrong_sums(self, rows: Sequence[CostRecord]) -> Iterator[str]:
        """A total is that of the rows, and every closed day's is kept; so is each parent's."""
        queries = LedgerQueries(rows=self.world.ledger, totals=self.world.totals, marks=self.world.marks)
        asked = LedgerQuery(first_day=BEGIN.date(), last_day=self.world.now.date())
        for day, spend in queries.grouped(asked, GroupBy.DAY).items():
            told = [row for row in rows if row.ended_on == day]
            if (spend.jobs, spend.cost_usd) != (len(told), sum((row.cost_usd or 0 for row in told), Decimal(0))):
                yield f"{day}: {spend}"
        for tuner in (life for life in self.lives if life.kind is ResourceKind.TUNING):
            keys = {life.key for life in self.lives if life.tuner is tuner}
            children = [row for row in rows if row.parent_arn and (row.resource_arn, row.created_at) in keys]
            found = self.world.ledger.roll_ups.get(tuner.key)
            usd = sum((row.cost_usd or 0 for row in children), Decimal(0))
            if (found.jobs, found.cost_usd or 0) != (len(children), usd) if found else children:
                yield f"roll-up {found} of {tuner.key}, not {len(children)} for {usd}"


def _is_near(life: Life, created: datetime) -> bool:
    """Whether reports of a job that runs may be those of the one created then."""
    return abs(life.created - created) <= _MINUTE


def _is_true(row: CostRecord, life: Life) -> bool:
    """A row has the truth. Of a job that was deleted it has what its event said, or no amount, and never another's."""
    if life.kind is ResourceKind.TUNING:
        return row.status is life.status and row.cost_usd is None
    if life.deleted and not life.settled:
        return row.status in {life.status, JobStatus.DELETING} and life.may_cost(row.cost_usd)
    return row.status is life.status and row.cost_usd == life.cost


def _alerts_of(life: Life) -> Iterator[str]:
    """The alerts that its end must lead to. A child that failed is counted with its parent's failures, once."""
    failed = life.status is JobStatus.FAILED
    if failed:
        yield "job-failed"
    if life.kind is ResourceKind.TRAINING and life.cost > REPORT_USD and not (failed and life.tuner):
        yield "job-report"


def _wrong_alert(alert: EndedJobAlert, life: Life | None, told: Sequence[JobRunsAlert]) -> Iterator[str]:
    usd = None if alert.cost_usd is None else Decimal(alert.cost_usd)
    if life is None or alert.name != life.name or life.ended is None:
        yield f"{alert.alert_id} is about no job of this history"
    elif not life.may_cost(usd) or alert.ended_at != life.ended.replace(microsecond=0):
        yield f"{alert.alert_id}: {usd}, ended {alert.ended_at}, not {life.cost}, {life.ended}"
    elif alert.alert_id.startswith("job-failed"):
        if life.status is not JobStatus.FAILED:
            yield f"{alert.alert_id}: {life.key} did not fail"
    elif life.tuner and life.status is JobStatus.FAILED:
        yield f"{alert.alert_id}: {life.key} is counted with its parent's failures"
    elif not (usd and usd > REPORT_USD) and not any(
        one.arn == life.arn and _is_near(life, datetime.fromisoformat(one.created_at)) for one in told
    ):
        yield f"{alert.alert_id}: {usd} is not worth a report"
