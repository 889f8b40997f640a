"""Random histories of jobs against an oracle: whatever is late, doubled, lost, cut off or killed, the money is right.

Rows, totals of days, the roll-up of a parent, and alerts are compared. Some jobs keep a warm pool, run on spot, or are
children of a tuning job, and some stored or listed items cannot be read.

Each history is named by its seed. ``make prove`` plays 20,000 of them, ``make test`` 300.
"""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sagewatch.alerts.base import alert_id
from sagewatch.clock import iso
from sagewatch.errors import (
    JobNotFoundError,
    RetryableError,
    SageWatchError,
    ThrottledError,
    UnavailableError,
    UnreadableError,
)
from sagewatch.ledger.queries import GroupBy, LedgerQueries, LedgerQuery
from sagewatch.ledger.records import CostRecord, RecordedBy
from sagewatch.pricing.job_cost import PricingStatus
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus, Key
from tests.worlds.builders import ACCOUNT, World, a_job, a_row, enough_for, no_time_limit

PARENT = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:hyper-parameter-tuning-job/hpo"
BAD = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/bad"
HISTORIES = int(os.environ.get("HISTORIES", "300"))
BATCH = 50
BEGIN = datetime(2026, 11, 10, 8, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone, here and now."""


@dataclass
class Life:
    """One job as SageMaker knows it: the truth."""

    name: str
    created: datetime
    spot: bool
    pool: int = 0
    parent: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    status: JobStatus = JobStatus.IN_PROGRESS
    deleted: bool = False
    uncounted: bool = False  # SageMaker never says what is billed of some jobs that did not complete

    @property
    def arn(self) -> str:
        """As AWS writes it."""
        return f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/{self.name}"

    @property
    def key(self) -> Key:
        """The key its row must have."""
        return self.arn, iso(self.created)

    @property
    def billed(self) -> int:
        """Seconds; spot bills a third. Where nothing says what is billed, it is all the time that it ran."""
        ran = int((self.ended - self.started).total_seconds()) if self.started and self.ended else 0
        return ran // 3 if self.spot and not self.uncounted else ran

    @property
    def cost(self) -> Decimal:
        """Two ml.m5.xlarge, $0.46 an hour, and as much for the time in the warm pool."""
        return _usd(self.billed + self.pooled(None))

    def pooled(self, now: datetime | None) -> int:
        """Seconds in the warm pool by then, or in all: only what ran to its end is kept."""
        kept = self.pool if self.status is JobStatus.COMPLETED else 0
        return kept if now is None or self.ended is None else min(kept, int((now - self.ended).total_seconds()))

    def seen(self, now: datetime, *, described: bool) -> Job:
        """The job as Describe or an event shows it at that time."""
        ended = self.ended is not None and now >= self.ended
        failed = ended and self.status is JobStatus.FAILED
        return a_job(
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
            parent_arn=self.parent,
            keep_alive_seconds=self.pool or None,
            warm_pool_status=self._pool_status(now) if described and ended else None,
            warm_pool_seconds=self.pooled(now) if described and ended and self.pool else None,
            failure_reason="AlgorithmError: x" if failed else None,
            described=described,
            tags=None if described else {"owner": "ana"},
        )

    def _pool_status(self, now: datetime) -> str | None:
        if not self.pool:
            return None
        return "Terminated" if self.pooled(now) == self.pooled(None) else "Available"


def _usd(seconds: int) -> Decimal:
    return (Decimal("0.46") * seconds / 3600).quantize(Decimal("1e-10"))


class History:
    """One random history, and the world that SageWatch sees of it."""

    def __init__(self, seed: int) -> None:
        """Draw how often writes are throttled, how often the process is killed, and how many ends have an event."""
        self.rng = random.Random(seed)  # noqa: S311 - a test's dice
        self.world, self.lives = World(), list[Life]()
        self.events: list[tuple[Life, datetime]] = []
        if self.rng.random() < 0.3:
            self.world.open_jobs.unreadable.add(f"{BAD}#x")
            self.world.lists.unreadable = [UnreadableError("a listed training job: TrainingJobName: bad")]
        self.throttled, self.killed = self.rng.choice([0, 0.02, 0.08, 0.2]), self.rng.choice([0, 0.02, 0.1, 0.3])
        self.reported = self.rng.choice([0.2, 0.75, 0.95])
        self.world.now = BEGIN + timedelta(seconds=self.rng.randrange(86_400))
        world: Any = self.world
        world.jobs.describe, world.jobs.tags = self._describe, lambda *_: {"owner": "ana"}
        world.lists.created_since = self._listed
        for store, names in (
            (world.ledger, ("put", "recorded", "runs_of")),
            (world.marks, ("add", "remove")),
            (world.open_jobs, ("add", "remove", "mark_provisional", "tracked")),
            (world.alerts, ("send",)),
            (world.checkpoints, ("save",)),
            (world.cursors, ("save",)),
        ):
            for name in names:
                setattr(store, name, self._faulty(getattr(store, name)))

    def _faulty(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            dice = self.rng.random()
            self._fault(dice)
            answer = real(*args, **kwargs)
            self._fault(1 - dice)
            return answer

        return call

    def _fault(self, dice: float) -> None:
        if dice < self.throttled / 2:
            raise self.rng.choice([ThrottledError, UnavailableError])("a fault")
        if dice < (self.throttled + self.killed) / 2:
            raise Killed

    def _describe(self, job: Job) -> Job:
        for life in reversed(self.lives):
            if life.name == job.name and not life.deleted:
                return life.seen(self.world.now, described=True)
        raise JobNotFoundError(job.name)

    def _listed(
        self, kind: ResourceKind, region: str, since: datetime, before: datetime | None = None
    ) -> Iterator[Sequence[ListedJob]]:
        del region
        there = [] if kind is not ResourceKind.TRAINING else [life for life in self.lives if not life.deleted]
        jobs = [ListedJob(kind=kind, name=life.name, arn=life.arn, created_at=life.created) for life in there]
        jobs = [job for job in jobs if job.created_at > since and (before is None or job.created_at < before)]
        jobs.sort(key=lambda job: job.created_at, reverse=True)
        for first in range(0, max(1, len(jobs)), 2):
            yield jobs[first : first + 2]

    def play(self) -> None:
        """Play the history; then all jobs end, faults cease an hour later, and events and sweeps continue for a day."""
        for _ in range(self.rng.randrange(20, 120)):
            self.rng.choice([self._create, self._start, self._end, self._delete, self._deliver, self._sweep])()
            self.world.now += timedelta(seconds=self.rng.choice([0, 1, 30, 60, 600, 3600, 4 * 3600]))
        while any(life.ended is None for life in self.lives):
            self._end()
        for _ in range(4):
            self._sweep()
            self.world.now += timedelta(minutes=15)
        self.throttled = self.killed = 0
        self._end_parent()
        steps = [timedelta(hours=hours) for hours in [0.25] * 30 + [1.0] * 20]
        while steps:
            self._sweep()
            self.world.now += self._next_step(steps)
            for _ in range(len(self.events)):
                self._deliver()

    def _next_step(self, steps: list[timedelta]) -> timedelta:
        """Return the time to the next sweep: longer once each end is recorded and no event is on its way."""
        open_jobs = self.world.open_jobs.of_region("us-east-1")
        busy = self.events or any(not entry.provisional for entry in open_jobs)
        count = 1 if busy else 10
        taken, steps[:count] = steps[:count], []
        return sum(taken, timedelta(0))

    def _end_parent(self) -> None:
        tuner = a_row(kind=ResourceKind.TUNING, pricing=PricingStatus.NOT_INSTANCE_PRICED, cost_usd=None)
        times = {"created_at": iso(BEGIN), "ended_at": iso(self.world.now), "ended_on": iso(self.world.now)[:10]}
        self.world.ledger.put(replace(tuner, resource_arn=PARENT, **times))  # type: ignore[arg-type] # by name

    def _create(self) -> None:
        name = self.rng.choice("abcde")
        of_name = [life for life in self.lives if life.name == name]
        free = all(life.deleted and self.world.now - life.created > timedelta(minutes=5) for life in of_name)
        if free and len(self.lives) < 9:
            pool, parent = self.rng.choice([0, 0, 600, 7200]), self.rng.choice([None, None, PARENT])
            self.lives.append(Life(name, self.world.now, self.rng.random() < 0.3, pool, parent))
            self._announce(self.lives[-1], 0.9)

    def _start(self) -> None:
        for life in self.lives:
            if life.started is None and life.ended is None:
                life.started = self.world.now
                self._announce(life, 0.7)
                return

    def _end(self) -> None:
        running = [life for life in self.lives if life.ended is None]
        if running:
            life = self.rng.choice(running)
            ends = [JobStatus.COMPLETED] * bool(life.started) + [JobStatus.FAILED, JobStatus.STOPPED]
            life.ended, life.status = self.world.now, self.rng.choice(ends)
            life.uncounted = life.status is not JobStatus.COMPLETED and self.rng.random() < 0.3
            self._announce(life, self.reported)
            self._announce(life, self.reported / 3)

    def _announce(self, life: Life, chance: float) -> None:
        if self.rng.random() < chance:
            self.events.append((life, self.world.now))

    def _delete(self) -> None:
        """Only jobs that are known: without an event and a listing, nothing could be recorded.

        A job that is deleted before its end was read has a row without an amount, until its event arrives.
        """
        known = self.world.ledger.rows.keys() | self.world.open_jobs.jobs.keys()
        ended = [life for life in self.lives if life.ended and not life.deleted and life.key in known]
        if ended:
            self.rng.choice(ended).deleted = True

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

    def _sweep(self) -> None:
        cut = self.throttled and self.rng.random() < 0.3
        try:
            self.world.job_sweep.sweep(enough_for(self.rng.randrange(3, 40)) if cut else no_time_limit)
        except (SageWatchError, Killed):
            return

    def wrong(self) -> Iterator[str]:
        """Yield what differs from the truth."""
        rows = {key: row for key, row in self.world.ledger.rows.items() if key[0] != PARENT}
        yield from self._wrong_sums(list(rows.values()))
        sent = {alert.alert_id for alert in self.world.alerts.sent}
        if rows.keys() != {life.key for life in self.lives}:
            yield f"rows {sorted(rows)}"
        for life in self.lives:
            row = rows.get(life.key)
            if row and not life.deleted and (row.cost_usd != life.cost or row.status is not life.status):
                yield f"{life.key}: {row.status} {row.cost_usd}, not {life.status} {life.cost}"
            lately = life.ended and self.world.now - life.ended < timedelta(hours=40)
            failed = life.status is JobStatus.FAILED and not life.deleted and lately
            if failed and alert_id("job-failed", *life.key) not in sent:
                yield f"{life.key}: no alert"
        failures = {alert_id("job-failed", *life.key) for life in self.lives if life.status is JobStatus.FAILED}
        if others := {name for name in sent if name.startswith("job-failed")} - failures:
            yield f"alerts of no failure, or a second one: {others}"

    def _wrong_sums(self, rows: Sequence[CostRecord]) -> Iterator[str]:
        """A total is that of the rows, and every closed day's is kept; so is the parent's."""
        queries = LedgerQueries(rows=self.world.ledger, totals=self.world.totals, marks=self.world.marks)
        asked = LedgerQuery(first_day=BEGIN.date(), last_day=self.world.now.date())
        for day, spend in queries.grouped(asked, GroupBy.DAY).items():
            told = [row for row in rows if row.ended_on == day]
            if (spend.jobs, spend.cost_usd) != (len(told), sum((row.cost_usd or 0 for row in told), Decimal(0))):
                yield f"{day}: {spend}"
        children = [row for row in rows if row.parent_arn == PARENT]
        found = self.world.ledger.roll_ups.get((PARENT, iso(BEGIN)))
        usd = sum((row.cost_usd or 0 for row in children), Decimal(0))
        if (found.jobs, found.cost_usd or 0) != (len(children), usd) if found else children:
            yield f"roll-up {found}, not {len(children)} for {usd}"


@pytest.mark.parametrize("first", range(0, HISTORIES, BATCH))
def test_rows_and_alerts_of_any_history_are_those_of_the_oracle(first: int) -> None:
    """Events late, doubled, lost and reordered; sweeps cut off; faults before and after each write; names reused."""
    for seed in range(first, first + BATCH):
        history = History(seed)
        history.play()

        assert not list(history.wrong()), f"seed {seed}"
