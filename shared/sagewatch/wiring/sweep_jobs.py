"""SweepJobs: its settings, and what it is given."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Self

import boto3

from sagewatch.adapters.dynamodb.health import DynamoSweepLog
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.jobs.long_running import LongRunningAlerts
from sagewatch.jobs.milestones import AlertThresholds
from sagewatch.jobs.sweep_run import NO_PROGRESS
from sagewatch.runtime.handlers import RecordedSweep, ScheduledHandler
from sagewatch.runtime.settings import FromEnvironment, RecordingSettings
from sagewatch.runtime.variables import Variables
from sagewatch.wiring.clients import LONGEST_LOOK, QUICK, now, patient_sagemaker
from sagewatch.wiring.recording import JOB_LOGS, make_job_recorder, make_job_sweep, make_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepJobsSettings(FromEnvironment):
    """What SweepJobs needs. ``home_region`` is the stack's own."""

    recording: RecordingSettings
    report_usd: Decimal
    long_running: timedelta
    burn_usd: Decimal
    home_region: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            recording=RecordingSettings.read(env),
            report_usd=env.usd("REPORT_USD"),
            long_running=env.hours("LONG_RUNNING_HOURS"),
            burn_usd=env.usd("BURN_ALERT_USD"),
            home_region=env.text("AWS_REGION"),
        )


@cache
def sweep_jobs(settings: SweepJobsSettings | None = None) -> ScheduledHandler:
    """SweepJobs: what events missed. Raises ``SettingsError``."""
    given = settings or SweepJobsSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=QUICK), boto3.client("sqs", config=QUICK)
    parts = make_parts(given.recording, dynamodb, sqs, patient_sagemaker)
    long_running = LongRunningAlerts(
        families=parts.families,
        archive=DynamoNotebookStates(dynamodb, given.recording.watch_state, now),
        alerts=parts.alerts,
        open_jobs=parts.open_jobs,
        owners=parts.owners,
        prices=parts.prices,
        discount_percent=given.recording.discount_percent,
        thresholds=AlertThresholds(long_running=given.long_running, burn_usd=given.burn_usd),
        utilization=parts.utilization,
        clock=now,
    )
    job_sweep = make_job_sweep(
        parts,
        make_job_recorder(parts, report_usd=given.report_usd, logs=JOB_LOGS),
        home_region=given.home_region,
        progress=NO_PROGRESS,
        long_running=long_running,
    )
    log = DynamoSweepLog(dynamodb, given.recording.watch_state)
    return ScheduledHandler(
        RecordedSweep(sweep=job_sweep.sweep, name="SweepJobs", log=log, clock=now), reserve=LONGEST_LOOK
    )
