"""The objects of the operator's commands, with the caller's own credentials."""

from collections.abc import Callable

import boto3

from sagewatch.adapters.cloudformation import read_stack
from sagewatch.adapters.dynamodb.ledger import DynamoLedgerRows
from sagewatch.adapters.dynamodb.sessions import DynamoSessions
from sagewatch.adapters.dynamodb.stale_totals import DynamoStaleTotals
from sagewatch.adapters.dynamodb.sweep_state import DynamoRegions, DynamoTotalStore
from sagewatch.adapters.redrive import DEAD_LETTER_QUEUES, SqsRedrive
from sagewatch.errors import SettingsError
from sagewatch.jobs.sweep import JobSweep
from sagewatch.jobs.sweep_run import SweepProgress
from sagewatch.ledger.queries import LedgerQueries
from sagewatch.notebooks.open_costs import OpenSessionCosts
from sagewatch.runtime.dead_letters import DeadLetterQueues
from sagewatch.runtime.settings import RecordingSettings
from sagewatch.wiring.clients import PATIENT, now, patient_sagemaker
from sagewatch.wiring.prices import make_prices
from sagewatch.wiring.recording import make_job_recorder, make_job_sweep, make_parts


def backfill(stack: str, progress: SweepProgress) -> JobSweep:
    """``make backfill``: the past of an account, with the caller's own credentials, for the stack of that name.

    Raises ``SettingsError`` and what ``read_stack`` does.
    """
    session = boto3.Session()
    given = _operator(session, stack)
    dynamodb, sqs = session.client("dynamodb", config=PATIENT), session.client("sqs", config=PATIENT)
    parts = make_parts(given, dynamodb, sqs, patient_sagemaker)
    return make_job_sweep(parts, make_job_recorder(parts), home_region=session.region_name, progress=progress)


def spending(stack: str, on_day: Callable[[str], None]) -> LedgerQueries:
    """``make costs``: what the ledger of the stack of that name says. Raises what ``backfill`` does."""
    session = boto3.Session()
    given = _operator(session, stack)
    dynamodb = session.client("dynamodb", config=PATIENT)
    return LedgerQueries(
        rows=DynamoLedgerRows(dynamodb, given.cost_ledger),
        totals=DynamoTotalStore(dynamodb, given.watch_state),
        marks=DynamoStaleTotals(dynamodb, given.watch_state, now),
        on_day=on_day,
    )


def redrive(stack: str) -> DeadLetterQueues:
    """``make redrive``: the dead-letter queues of the stack of that name. Raises what ``backfill`` does."""
    session = boto3.Session()
    outputs = read_stack(session.client("cloudformation", config=PATIENT), stack)
    missing = [name for name in DEAD_LETTER_QUEUES if name not in outputs]
    if missing:
        raise SettingsError(f"the stack {stack!r} has no output {missing[0]}")
    return SqsRedrive(session.client("sqs", config=PATIENT), outputs)


def meter(stack: str) -> OpenSessionCosts:
    """``make costs ARGS=--open``: what notebooks have cost that is in no row yet. Raises what ``backfill`` does."""
    session = boto3.Session()
    given = _operator(session, stack)
    dynamodb = session.client("dynamodb", config=PATIENT)
    return OpenSessionCosts(
        sessions=DynamoSessions(dynamodb, given.watch_state),
        prices=make_prices(dynamodb, given.watch_state, given.discount_percent),
        regions=DynamoRegions(dynamodb, given.watch_state, now, given.regions),
        clock=now,
        home_region=session.region_name,
    )


def _operator(session: boto3.Session, stack: str) -> RecordingSettings:
    if not session.region_name:
        raise SettingsError("No region is set. Set AWS_DEFAULT_REGION, or a profile with a region.")
    return RecordingSettings.from_stack(read_stack(session.client("cloudformation", config=PATIENT), stack))
