"""SweepNotebooks: its settings, and what it is given."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Self

import boto3

from sagewatch.adapters.dynamodb.health import DynamoSweepLog
from sagewatch.adapters.dynamodb.open_jobs import DynamoOpenJobReader
from sagewatch.adapters.dynamodb.sweep_state import DynamoCheckpoints, DynamoTotalStore
from sagewatch.adapters.sagemaker.notebooks import SageMakerNotebookLists
from sagewatch.idle.advice import NotebookAdvice
from sagewatch.idle.repair import SessionRepair
from sagewatch.idle.sweep import NotebookSweep
from sagewatch.runtime.handlers import RecordedSweep, ScheduledHandler
from sagewatch.runtime.settings import FromEnvironment, NotebookSettings
from sagewatch.runtime.variables import Variables
from sagewatch.wiring.clients import BETWEEN_LISTS, LONGEST_LOOK, QUICK, Throttle, now, patient_sagemaker
from sagewatch.wiring.stopping import make_notebook_stopping


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepNotebooksSettings(FromEnvironment):
    """What SweepNotebooks needs. ``home_region`` is the stack's own."""

    notebooks: NotebookSettings
    max_stops: int
    long_running: timedelta
    home_region: str

    @classmethod
    def read(cls, env: Variables) -> Self:
        """See ``FromEnvironment.from_env``."""
        return cls(
            notebooks=NotebookSettings.read(env),
            max_stops=env.count("MAX_STOPS_PER_SWEEP"),
            long_running=env.hours("LONG_RUNNING_HOURS"),
            home_region=env.text("AWS_REGION"),
        )


@cache
def sweep_notebooks(settings: SweepNotebooksSettings | None = None) -> ScheduledHandler:
    """SweepNotebooks: what idles. Raises ``SettingsError``."""
    given = settings or SweepNotebooksSettings.from_env()
    dynamodb, sqs = boto3.client("dynamodb", config=QUICK), boto3.client("sqs", config=QUICK)
    stopping, tables = make_notebook_stopping(given.notebooks, dynamodb, sqs), given.notebooks.recording
    tracking = stopping.tracking
    lists = SageMakerNotebookLists(patient_sagemaker, Throttle(BETWEEN_LISTS))
    sweeper = NotebookSweep(
        lists=lists,
        repair=SessionRepair(
            lists=lists,
            notebooks=tracking.notebooks,
            sessions=tracking.sessions,
            tracker=tracking.tracker,
            checkpoints=DynamoCheckpoints(dynamodb, tables.watch_state),
            clock=now,
        ),
        states=stopping.states,
        regions=tracking.regions,
        inspector=stopping.inspector,
        announcements=stopping.announcements,
        follow_up=stopping.follow_up,
        advice=NotebookAdvice(
            open_jobs=DynamoOpenJobReader(dynamodb, tables.watch_state),
            totals=DynamoTotalStore(dynamodb, tables.watch_state),
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
    log = DynamoSweepLog(dynamodb, tables.watch_state)
    return ScheduledHandler(
        RecordedSweep(sweep=sweeper.sweep, name="SweepNotebooks", log=log, clock=now), reserve=LONGEST_LOOK
    )
