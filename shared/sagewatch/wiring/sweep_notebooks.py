"""SweepNotebooks: its settings and its objects."""

from pydantic import Field

from sagewatch.adapters.dynamodb.health import DynamoSweepLog
from sagewatch.adapters.dynamodb.left_out import DynamoLeftOut
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobReader
from sagewatch.adapters.dynamodb.sweep_state import DynamoCheckpoints, DynamoDailyNotices, DynamoTotalStore
from sagewatch.adapters.sagemaker.known_tags import TaggingApiTags
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebookLists
from sagewatch.clock import TimeBudget
from sagewatch.idle.advice import NotebookAdvice
from sagewatch.idle.reconcile import MessageReconciliation
from sagewatch.idle.repair import SessionRepair
from sagewatch.idle.sweep import NotebookSweep
from sagewatch.idle.unreadable import UnreadableItems
from sagewatch.outcomes import Outcome
from sagewatch.runtime.hub import HubHandler
from sagewatch.runtime.scheduled import ScheduledHandler
from sagewatch.runtime.settings import Count, Hours, NotebookSettings, SweepSettings
from sagewatch.sagemaker.scopes import Scope
from sagewatch.sweeps import Sweep
from sagewatch.wiring.clients import BETWEEN_NOTEBOOK_LISTS, LONGEST_LOOK, RATES, Throttle, built_once, client, now
from sagewatch.wiring.grouped import grouped_dynamodb, grouped_queue
from sagewatch.wiring.scoped_clients import make_clients
from sagewatch.wiring.spokes import make_hub_handler
from sagewatch.wiring.stopping import make_notebook_stopping


class SweepNotebooksSettings(NotebookSettings, SweepSettings):
    """Settings of SweepNotebooks."""

    max_stops: Count = Field(alias="MAX_STOPS_PER_SWEEP")
    long_running: Hours = Field(alias="LONG_RUNNING_HOURS")


@built_once
def sweep_notebooks() -> ScheduledHandler | HubHandler:
    """SweepNotebooks: what idles. Raises ``SettingsError``."""
    given = SweepNotebooksSettings.from_env()
    dynamodb = grouped_dynamodb(client("dynamodb"), ledger=given.cost_ledger, state=given.watch_state)
    sqs = grouped_queue(client("sqs"))
    clients = make_clients(given, acting=True, sweeping=True)
    pace = Throttle(1 / RATES["sagemaker"]["StopNotebookInstance"])
    stopping = make_notebook_stopping(given, dynamodb, sqs, clients, pace)
    tracking = stopping.tracking
    lists = SageMakerNotebookLists(clients.patient_sagemaker, Throttle(BETWEEN_NOTEBOOK_LISTS))
    sweeper = NotebookSweep(
        lists=lists,
        known=TaggingApiTags(clients.tagging, now),
        repair=SessionRepair(
            lists=lists,
            notebooks=tracking.notebooks,
            sessions=tracking.sessions,
            tracker=tracking.tracker,
            checkpoints=DynamoCheckpoints(dynamodb, given.watch_state),
            unreadable=UnreadableItems(DynamoDailyNotices(dynamodb, given.watch_state, now)),
            clock=now,
        ),
        month_ends=tracking.month_ends,
        reconciliation=MessageReconciliation(
            states=stopping.states,
            notebooks=tracking.notebooks,
            announcements=stopping.announcements,
            follow_up=stopping.follow_up,
            clock=now,
        ),
        states=stopping.states,
        regions=tracking.regions,
        inspector=stopping.inspector,
        announcements=stopping.announcements,
        follow_up=stopping.follow_up,
        advice=NotebookAdvice(
            open_jobs=DynamoOpenJobReader(dynamodb, given.watch_state, given.account),
            totals=DynamoTotalStore(dynamodb, given.watch_state),
            inspector=stopping.inspector,
            announcements=stopping.announcements,
            rates=stopping.rates,
            clock=now,
            long_running=given.long_running,
        ),
        notebook_stop=stopping.notebook_stop,
        clock=now,
        home_region=given.home_region,
        max_stops=given.max_stops,
    )
    log = DynamoSweepLog(dynamodb, given.watch_state)
    left_out = DynamoLeftOut(DynamoDailyNotices(dynamodb, given.watch_state, now))
    scheduled = ScheduledHandler(
        lambda _, more_time: sweeper.sweep(more_time),
        reserve=LONGEST_LOOK,
        left_out=left_out,
        log=log,
        sweep=Sweep.NOTEBOOKS,
        stack=given.stack,
    )
    quick = SageMakerNotebookLists(clients.sagemaker, Throttle(BETWEEN_NOTEBOOK_LISTS))

    def sweep(scope: Scope, more_time: TimeBudget) -> Outcome:
        return sweeper.sweep(more_time, [scope])

    def probe(scope: Scope) -> object:
        return next(quick.in_service(scope))

    return make_hub_handler(
        given, scheduled, dynamodb=dynamodb, sqs=sqs, probe=probe, sweep=sweep, acting=clients.acting
    )
