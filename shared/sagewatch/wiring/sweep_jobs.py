"""SweepJobs: its settings and its objects."""

from pydantic import Field

from sagewatch.adapters.dynamodb.health import DynamoSweepLog
from sagewatch.adapters.dynamodb.idle_state import DynamoNotebookStates
from sagewatch.adapters.dynamodb.left_out import DynamoLeftOut
from sagewatch.adapters.dynamodb.sweep_state import DynamoDailyNotices
from sagewatch.adapters.sagemaker.job_lists import SageMakerLists
from sagewatch.clock import TimeBudget
from sagewatch.jobs.long_running import LongRunningAlerts
from sagewatch.jobs.milestones import AlertThresholds
from sagewatch.jobs.sweep_run import NO_PROGRESS
from sagewatch.outcomes import Outcome
from sagewatch.runtime.hub import HubHandler
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.runtime.settings import AlertingSettings, Hours, SweepSettings, Usd
from sagewatch.sagemaker.kinds import ResourceKind
from sagewatch.sagemaker.scopes import Scope
from sagewatch.sweeps import Sweep
from sagewatch.wiring.clients import BETWEEN_LISTS, LONGEST_LOOK, Throttle, built_once, client, now
from sagewatch.wiring.grouped import grouped_dynamodb, grouped_queue
from sagewatch.wiring.recording import make_job_recorder, make_job_sweep, make_parts
from sagewatch.wiring.scoped_clients import make_clients
from sagewatch.wiring.spokes import make_hub_handler


class SweepJobsSettings(AlertingSettings, SweepSettings):
    """Settings of SweepJobs."""

    long_running: Hours = Field(alias="LONG_RUNNING_HOURS")
    burn_usd: Usd = Field(alias="BURN_ALERT_USD")


@built_once
def sweep_jobs() -> ScheduledHandler | HubHandler:
    """SweepJobs: what events missed. Raises ``SettingsError``."""
    given = SweepJobsSettings.from_env()
    dynamodb = grouped_dynamodb(client("dynamodb"), ledger=given.cost_ledger, state=given.watch_state)
    sqs = grouped_queue(client("sqs"))
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
    scheduled = ScheduledHandler(
        lambda _, more_time: job_sweep.sweep(more_time),
        reserve=LONGEST_LOOK,
        left_out=left_out,
        log=log,
        sweep=Sweep.JOBS,
        stack=given.stack,
    )
    lists = SageMakerLists(clients.sagemaker, Throttle(BETWEEN_LISTS))

    def probe(scope: Scope) -> object:
        return next(lists.created_since(ResourceKind.TRAINING, scope, now()))

    def sweep(scope: Scope, more_time: TimeBudget) -> Outcome:
        return job_sweep.sweep(more_time, [scope])

    return make_hub_handler(given, scheduled, dynamodb=dynamodb, sqs=sqs, probe=probe, sweep=sweep)
