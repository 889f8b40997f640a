"""SweepJobs: its settings and its objects."""

from pydantic import Field

from sagewatch.adapters.dynamodb.health import DynamoSweepLog
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.left_out import DynamoLeftOut
from sagewatch.adapters.dynamodb.sweep_state import DynamoDailyNotices
from sagewatch.jobs.long_running import LongRunningAlerts
from sagewatch.jobs.milestones import AlertThresholds
from sagewatch.jobs.sweep_run import NO_PROGRESS
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.runtime.settings import AlertingSettings, Hours, Text, Usd
from sagewatch.sweeps import Sweep
from sagewatch.wiring.clients import LONGEST_LOOK, built_once, client, now
from sagewatch.wiring.recording import make_job_recorder, make_job_sweep, make_parts
from sagewatch.wiring.spokes import make_clients


class SweepJobsSettings(AlertingSettings):
    """Settings of SweepJobs. ``home_region`` is the stack's own."""

    long_running: Hours = Field(alias="LONG_RUNNING_HOURS")
    burn_usd: Usd = Field(alias="BURN_ALERT_USD")
    home_region: Text = Field(alias="AWS_REGION")


@built_once
def sweep_jobs() -> ScheduledHandler:
    """SweepJobs: what events missed. Raises ``SettingsError``."""
    given = SweepJobsSettings.from_env()
    dynamodb, sqs = client("dynamodb"), client("sqs")
    clients = make_clients(given, sweeping=True)
    parts = make_parts(given, dynamodb, sqs, clients, clients.patient_sagemaker)
    long_running = LongRunningAlerts(
        families=parts.families,
        archive=DynamoNotebookStates(dynamodb, given.watch_state, now, given.account),
        alerts=parts.alerts,
        open_jobs=parts.open_jobs,
        owners=parts.owners,
        prices=parts.prices,
        thresholds=AlertThresholds(long_running=given.long_running, burn_usd=given.burn_usd),
        utilization=parts.utilization,
        clock=now,
    )
    job_sweep = make_job_sweep(
        parts,
        make_job_recorder(parts, report_usd=given.report_usd, read_logs=given.read_logs),
        home_region=given.home_region,
        progress=NO_PROGRESS,
        long_running=long_running,
    )
    log = DynamoSweepLog(dynamodb, given.watch_state)
    left_out = DynamoLeftOut(DynamoDailyNotices(dynamodb, given.watch_state, now))
    return ScheduledHandler(
        lambda _, more_time: job_sweep.sweep(more_time),
        reserve=LONGEST_LOOK,
        left_out=left_out,
        log=log,
        name=Sweep.JOBS,
    )
