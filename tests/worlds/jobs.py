"""Everything the watch over running jobs and their buttons meet, in memory, with a clock to turn."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sagewatch.diagnostics.cost_report import UtilizationReader
from sagewatch.jobs.alerts import JobRunsAlert
from sagewatch.jobs.long_running import LongRunningAlerts
from sagewatch.jobs.milestones import AlertThresholds
from sagewatch.jobs.sweep_run import JobSweepReport
from sagewatch.ledger.families import PastRun
from sagewatch.ledger.ports import Families
from sagewatch.ledger.records import key_time
from sagewatch.sagemaker.resources import Job, JobStatus, Key
from sagewatch.slack.actions import ActionId
from sagewatch.slack.interactions.job_buttons import JobButtons
from sagewatch.slack.interactions.payloads import JobPress, PressOutcome
from sagewatch.slack.interactions.people import People
from tests.fakes.idle import InMemoryNotebookStates
from tests.fakes.sagemaker import InMemoryJobStops
from tests.fakes.slack import InMemoryDialogs
from tests.worlds.builders import NOW, World, a_job

RULES = AlertThresholds(long_running=timedelta(hours=24), burn_usd=Decimal(100))


def a_running_job(ran: timedelta = timedelta(hours=1), now: datetime = NOW, **changes: object) -> Job:
    """A training job on two ml.m5.xlarge, at $0.46 an hour, that has run for so long by then."""
    started = now - ran
    running: dict[str, object] = {
        "status": JobStatus.IN_PROGRESS,
        "secondary_status": "Training",
        "created_at": started - timedelta(minutes=2),
        "started_at": started,
        "ended_at": None,
        "billable_seconds": None,
        "training_seconds": None,
        "tags": None,
    }
    return a_job(**{**running, **changes})


@dataclass
class CountedFamilies:
    """The ``Families`` port before another one: who was asked about."""

    behind: Families
    asked: list[str] = field(default_factory=list)
    failure: Exception | None = None

    def recent(self, family: str, since: datetime, most: int) -> "list[PastRun]":
        """Note the family, then ask the port behind."""
        self.asked.append(family)
        if self.failure:
            raise self.failure
        return list(self.behind.recent(family, since, most))

    def instances(self, keys: Sequence[Key]) -> Sequence[str]:
        """Ask the port behind."""
        return self.behind.instances(keys)


class JobWorld(World):
    """An account with running jobs, at ``NOW``."""

    def __init__(self, *, enforce: bool = True, rules: AlertThresholds = RULES) -> None:
        """Reported from 24 h and $100 on, in Berlin."""
        super().__init__()
        self.files, self.dialogs, self.stops = InMemoryNotebookStates(), InMemoryDialogs(), InMemoryJobStops(self.jobs)
        self.families = CountedFamilies(self.ledger)
        self.long_running = LongRunningAlerts(
            families=self.families,
            archive=self.files,
            alerts=self.alerts,
            open_jobs=self.open_jobs,
            owners=self.owners,
            prices=self.prices,
            thresholds=rules,
            utilization=UtilizationReader(self.metrics),
            clock=lambda: self.now,
        )
        inspector = replace(self.job_sweep.inspector, long_running=self.long_running)
        self.job_sweep = replace(self.job_sweep, inspector=inspector)
        self.answerer = JobButtons(
            jobs=self.jobs,
            stops=self.stops,
            snoozes=self.open_jobs,
            archive=self.files,
            alerts=self.alerts,
            people=People(dialogs=self.dialogs, approvers=(), zone=ZoneInfo("UTC")),
            prices=self.prices,
            clock=lambda: self.now,
            zone=ZoneInfo("Europe/Berlin"),
            enforce=enforce,
        )

    def sweep(self, *, later: timedelta = timedelta(0)) -> JobSweepReport:
        """Turn the clock, and sweep with all the time in the world."""
        self.now += later
        return super().sweep()

    def press(self, action: str, job: Job, user: str = "U0ANA", view: str | None = None) -> PressOutcome:
        """Press a button of the job's newest message."""
        root = next((alert.alert_id for alert in reversed(self.told) if alert.arn == job.arn), "none")
        press = JobPress(
            action=ActionId(action),
            user=user,
            arn=job.arn,
            name=job.name,
            region=job.region,
            created_at=datetime.fromisoformat(key_time(job)),
            root=root,
            channel="C0",
            view_id=view,
        )
        return self.answerer.handle(press)

    @property
    def told(self) -> list[JobRunsAlert]:
        """The alerts of running jobs; an alert that was queued twice is there twice."""
        return [alert for alert in self.alerts.sent if isinstance(alert, JobRunsAlert) and alert.edits is None]

    @property
    def edits(self) -> list[JobRunsAlert]:
        """What became of it."""
        return [alert for alert in self.alerts.sent if isinstance(alert, JobRunsAlert) and alert.edits]
