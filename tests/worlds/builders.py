"""Values for tests, each with a sensible whole, of which a test names only what it is about."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sagewatch.alerts.ports import MessageRef
from sagewatch.clock import TimeBudget
from sagewatch.diagnostics.cost_report import CostReporter, UtilizationReader
from sagewatch.diagnostics.failure_context import FailureContextReader
from sagewatch.jobs.inspection import JobInspector
from sagewatch.jobs.record import JobRecorder
from sagewatch.jobs.sweep import JobSweep
from sagewatch.jobs.sweep_run import JobSweepReport
from sagewatch.ledger.records import CostRecord, RecordedBy, record_of
from sagewatch.ledger.rollups import TotalsRefresh
from sagewatch.owners.job_owners import JobOwners
from sagewatch.owners.owner import owner_of
from sagewatch.pricing.book import Price, PriceBook
from sagewatch.pricing.job_cost import cost_of
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.ports import ListedJob
from sagewatch.sagemaker.resources import InstanceGroup, Job, JobStatus
from tests.fakes.alerts import InMemoryAlertQueue
from tests.fakes.diagnostics import InMemoryJobLogs, InMemoryJobMetrics
from tests.fakes.jobs import InMemoryCheckpoints, InMemoryCursors, InMemoryDailyNotices, InMemoryOpenJobs
from tests.fakes.ledger import InMemoryLedger, InMemoryStaleTotals, InMemoryTotalStore
from tests.fakes.pricing import InMemoryPrices
from tests.fakes.sagemaker import InMemoryJobs, InMemoryLists, InMemoryRegions

EVENTS = Path(__file__).parent.parent.parent / "events"
ACCOUNT = "111122223333"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CREATED = datetime(2026, 11, 20, 9, 58, tzinfo=UTC)
STARTED = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ENDED = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def message_ref(channel: str, ts: str) -> MessageRef:
    """A message as Slack names it: its ID is the time it was posted."""
    return MessageRef(channel, ts, datetime.fromtimestamp(float(ts), UTC))


def price(usd: str, component: str = "Training") -> Price:
    """A price of us-east-1."""
    return Price(Decimal(usd), component, "us-east-1", "2026-09-22", "shipped table")


BOOK = PriceBook(
    hourly={
        "Training": {
            "ml.m5.xlarge": price("0.23"),
            "ml.g5.xlarge": price("1.408"),
            "ml.c5.2xlarge": price("0.408"),
        },
        "Processing": {"ml.m5.xlarge": price("0.23", "Processing")},
        "Hosting": {"ml.m5.xlarge": price("0.23", "Hosting"), "ml.m5.large": price("0.115", "Hosting")},
    },
    volumes={"Hosting": price("0.14", "Hosting"), "Processing": price("0.10", "Processing")},
)


def a_job(**changes: Any) -> Job:
    """A training job that completed after an hour on two ml.m5.xlarge, without a volume."""
    job = Job(
        kind=ResourceKind.TRAINING,
        name="Fraud-XGB-01",
        arn=f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:training-job/fraud-xgb-01",
        account=ACCOUNT,
        region="us-east-1",
        status=JobStatus.COMPLETED,
        secondary_status="Completed",
        created_at=CREATED,
        started_at=STARTED,
        ended_at=ENDED,
        groups=(InstanceGroup("ml.m5.xlarge", 2),),
        billable_seconds=3600,
        training_seconds=3600,
        spot=False,
        described=True,
        tags={"sagewatch:owner": "ana@example.com"},
    )
    return replace(job, **changes)


def a_failed_job(**changes: Any) -> Job:
    """The same, failed by its own code."""
    reason = "AlgorithmError: exit code: 1"
    return a_job(**{"status": JobStatus.FAILED, "failure_reason": reason, "secondary_status": "Failed", **changes})


def a_row(job: Job | None = None, **changes: Any) -> CostRecord:
    """The row of a job, priced from ``BOOK``."""
    job = job or a_job()
    row = record_of(job, cost_of(job, BOOK), owner_of(job, ["sagewatch:owner"]), now=NOW, by=RecordedBy.EVENT)
    return replace(row, **changes)


def an_event(name: str, **detail: Any) -> dict[str, Any]:
    """A captured event, with changes to its detail."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    event["detail"] |= detail
    return event


def event_of(event: dict[str, Any], *, region: str = "us-east-1", account: str = ACCOUNT) -> dict[str, Any]:
    """The same event as another account or region sends it: its envelope and its ARNs."""
    moved = json.dumps(event).replace(f":us-east-1:{ACCOUNT}:", f":{region}:{account}:")
    return {**json.loads(moved), "region": region, "account": account}


def no_time_limit(share: float = 1) -> bool:
    """All the time in the world."""
    del share
    return True


def timeless(share: float = 1) -> bool:
    """No time at all."""
    del share
    return False


def enough_for(looks: int) -> TimeBudget:
    """A time budget that is used up after so many checks."""
    left = iter([True] * looks)

    def more_time(share: float = 1) -> bool:
        del share
        return next(left, False)

    return more_time


class World:
    """Everything RecordJob and SweepJobs meet, in memory."""

    def __init__(self) -> None:
        """An empty account at ``NOW``."""
        self.now = NOW
        self.jobs = InMemoryJobs()
        self.marks = InMemoryStaleTotals()
        self.ledger = InMemoryLedger(self.marks)
        self.open_jobs = InMemoryOpenJobs(self.ledger)
        self.alerts = InMemoryAlertQueue()
        self.regions = InMemoryRegions()
        self.lists = InMemoryLists()
        self.logs = InMemoryJobLogs()
        self.checkpoints = InMemoryCheckpoints()
        self.cursors = InMemoryCursors()
        self.totals = InMemoryTotalStore()
        self.metrics = InMemoryJobMetrics()
        self.prices = InMemoryPrices({"us-east-1": BOOK})
        self.owners = JobOwners(self.jobs, ("sagewatch:owner", "owner", "Owner"))
        self.recorder = JobRecorder(
            jobs=self.jobs,
            prices=self.prices,
            ledger=self.ledger,
            open_jobs=self.open_jobs,
            alerts=self.alerts,
            regions=self.regions,
            owners=self.owners,
            failure_context=FailureContextReader(self.ledger, self.logs),
            cost_reports=CostReporter(UtilizationReader(self.metrics), self.prices),
            clock=lambda: self.now,
            report_usd=Decimal(10),
        )
        self.totals_refresh = TotalsRefresh(
            rows=self.ledger, roll_ups=self.ledger, totals=self.totals, marks=self.marks, clock=lambda: self.now
        )
        inspector = JobInspector(
            recorder=self.recorder,
            jobs=self.jobs,
            ledger=self.ledger,
            open_jobs=self.open_jobs,
            notices=InMemoryDailyNotices(lambda: self.now),
            owners=self.owners,
            clock=lambda: self.now,
        )
        self.job_sweep = JobSweep(
            inspector=inspector,
            lists=self.lists,
            ledger=self.ledger,
            open_jobs=self.open_jobs,
            tracked=self.open_jobs,
            checkpoints=self.checkpoints,
            cursors=self.cursors,
            regions=self.regions,
            totals=self.totals_refresh,
            clock=lambda: self.now,
            home_region="us-east-1",
            at_once=1,  # so that alerts have one order
        )

    def sweep(self) -> JobSweepReport:
        """Sweep with all the time in the world."""
        return self.job_sweep.sweep(no_time_limit)

    def has(self, job: Job) -> None:
        """Let SageMaker know a job, and list it if it says when it was created."""
        self.jobs.found[job.kind, job.region, job.name] = job
        if job.created_at:
            listed = ListedJob(kind=job.kind, name=job.name, arn=job.arn, created_at=job.created_at)
            self.lists.listed = [other for other in self.lists.listed if other.arn != job.arn] + [listed]

    @property
    def rows(self) -> list[CostRecord]:
        """The ledger."""
        return list(self.ledger.rows.values())
